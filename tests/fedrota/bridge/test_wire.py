"""The rules of the bridge's end of the network; the contract's tests drive it with nvflare's own library and clients."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from fedrota.bridge.errors import AwayError, BridgeError, RefusedError
from fedrota.bridge.imports import Library
from fedrota.bridge.members import Login
from fedrota.bridge.options import Options
from fedrota.bridge.wire import Wire

ORIGIN = "_admin_1"
OPEN = [("task", "challenge"), ("task", "register"), ("cellnet.channel", "bye")]
CLOSED = [
    ("task", "get_task"),
    ("hci_channel", "command"),
    ("sm__STREAM", "sm__DATA"),
    ("cellnet.channel", "x"),
    ("aux_communication", "x"),
    ("download_service__", "x"),
    (None, None),
]


class Message:
    """A message as nvflare's, as far as the bridge looks at it."""

    def __init__(self, headers=None, payload=None, *, peer="ann"):
        self.headers = headers or {}
        self.payload = payload
        self.peer = peer

    def get_header(self, name: str, default: Any = None) -> Any:
        return self.headers.get(name, default)

    def get_prop(self, name: str) -> Any:
        return self.peer


class Cell:
    """Notes what it is told."""

    def __init__(self, **given):
        self.given, self.answers, self.filters, self.running = given, {}, [], False
        self.sent = []
        self.core_cell = SimpleNamespace(add_incoming_filter=lambda channel, topic, cb: self.filters.append(cb))

    def register_request_cb(self, *, channel, topic, cb):
        self.answers[channel, topic] = cb

    def send_blob(self, *words, **given):
        self.sent.append((words, given))

    def start(self):
        self.running = True

    def stop(self):
        self.running = False


class Gateway:
    """Recognises ann; or fails as a test says."""

    def __init__(self):
        self.failure = None

    def ask_challenge(self):
        self._fail()
        return "nonce-1"

    def log_in(self, certificate, nonce, signature):
        self._fail()
        assert (certificate, nonce) == (b"cert of ann", "nonce-1")
        if signature != b"right":
            raise RefusedError("not signed with the certificate's key")
        return Login(user="ann", bearer="b", expires=9e9)

    def _fail(self):
        if self.failure:
            raise self.failure


class Downloader:
    """Keeps what it is to call at the end."""

    def __init__(self, *, transaction_done_cb, **given):
        self.tx_id, self.done, self.given = "tx-1", transaction_done_cb, given
        Downloader.last = self


def make_reply(code, error="", body=None):
    return Message({"code": code, "error": error}, body)


def make_identity(private_key_file, cert_file):
    if not Path(cert_file).exists():
        raise FileNotFoundError(cert_file)
    return SimpleNamespace(
        cn="server", cert_data=b"cert of server",
        sign_common_name=lambda nonce: f"server signs {nonce}".encode(),
        sign=lambda content, return_str: f"signed {content}",
    )  # fmt: skip


def make_library(**given):
    names = ("CA_CERT", "SERVER_CERT", "SERVER_KEY", "CONNECTION_SECURITY")
    parts = {
        "cell": Cell, "message": Message, "shareable": dict, "make_reply": make_reply,
        "make_file_reply": lambda outcome, headers: {"outcome": outcome, **headers},
        "identity": make_identity, "downloader": Downloader, "add_file": lambda made, path: f"ref of {Path(path).name}",
        "add_auth_headers": lambda *_: None, "register_types": lambda: None, "peer_name": "cn",
        "driver": SimpleNamespace(**{name: SimpleNamespace(value=name.lower()) for name in names}),
    }  # fmt: skip
    return Library(**{**parts, **given})


class Scene:
    """A wire that has started, as its clients see it."""

    def __init__(self, folder):
        self.gateway = Gateway()
        self.options = Options(host="127.0.0.1", port=8002, folder=folder, url="http://x")
        self.wire = Wire(make_library(), self.options, self.gateway)
        self.wire.start()
        self.cell = self.wire._cell

    def make(self, channel, topic, payload=None, *, origin=ORIGIN, peer="ann", **headers):
        network = {"channel": channel, "topic": topic, "origin": origin, "destination": "server"}
        return Message({**{f"cn__{key}": value for key, value in network.items()}, **headers}, payload, peer=peer)

    def send(self, channel, topic, *given, **headers):
        return self.cell.answers[channel, topic](self.make(channel, topic, *given, **headers))

    def register(self, *, signature=b"right", peer="ann", name="ann", origin=ORIGIN):
        body = {"cert": b"cert of ann", "signature": signature, "cn": "ann"}
        return self.send("task", "register", body, peer=peer, client_name=name, origin=origin)

    def join(self, origin=ORIGIN):
        self.send("task", "challenge", nonce="mine", origin=origin)
        return self.register(origin=origin).payload["__token__"]

    def admits(self, message):
        (guard,) = self.cell.filters
        return guard(message) is None

    def piece(self, token, place, content, *, last=False, **given):
        headers = {"ObjectStreamer.TX_ID": "u1", "ObjectStreamer.SEQ": place}
        if place == 0:
            headers["ObjectStreamer.CTX"] = {"FileStreamer.file_size": 4, "conn_data": "{"}
        body = {"__headers__": {**headers, **given}, "Streamer.data": content, "Streamer.eof": last}
        return self.send("aux_communication", "ObjectStreamer.Request", body, __token__=token)


@pytest.fixture
def scene(tmp_path):
    for name in ("rootCA.pem", "server.crt", "server.key"):
        (tmp_path / name).write_text("x")
    return Scene(tmp_path)


def test_it_listens_for_admins_by_mutual_tls_and_stops(scene):
    assert scene.cell.given["root_url"] == ["http://127.0.0.1:8002?admin_listener=true"]
    assert scene.cell.given["secure"] is True
    assert scene.cell.given["credentials"]["connection_security"] == "mtls"
    assert scene.cell.running
    scene.wire.stop()
    assert not scene.cell.running


def test_a_reply_goes_out_once_since_clients_of_2_8_acknowledge_none(scene):
    scene.cell.send_blob("return_only", "x", ORIGIN, "reply", optional=True, reliable=True)
    assert scene.cell.sent == [(("return_only", "x", ORIGIN, "reply"), {"optional": True})]


def test_unusable_certificates_are_told_of(tmp_path):
    options = Options(host="127.0.0.1", port=8002, folder=tmp_path, url="http://x")
    with pytest.raises(BridgeError, match="cannot be used"):
        Wire(make_library(), options, Gateway()).start()


def test_a_client_that_signs_the_gateway_s_challenge_is_let_in(scene):
    shown = scene.send("task", "challenge", nonce="mine")
    assert shown.payload == {
        "nonce": "nonce-1", "signature": b"server signs mine", "cn": "server", "cert": b"cert of server",
    }  # fmt: skip
    welcome = scene.register().payload
    assert welcome["__token_signature__"] == f"signed ann{welcome['__token__']}"
    assert scene.admits(scene.make("download_service__", "x", __token__=welcome["__token__"]))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"signature": b"wrong"}, "not signed"),
        ({"signature": "text"}, "without an answer"),
        ({"peer": "bob"}, "the certificate is of ann"),
        ({"peer": None}, "the certificate is of ann"),
        ({"name": "bob"}, "the certificate is of ann"),
        ({"origin": "_admin_2"}, "without an answer"),
    ],
)
def test_others_are_not_let_in(scene, given, words):
    scene.send("task", "challenge", nonce="mine")
    answer = scene.register(**given)
    assert answer.headers["code"] == "unauthenticated"
    assert words in answer.headers["error"]
    assert answer.payload is None


def test_a_challenge_serves_once(scene):
    scene.join()
    assert scene.register().headers["code"] == "unauthenticated"


@pytest.mark.parametrize(
    ("failure", "code"), [(AwayError("away"), "comm_error"), (RefusedError("no certificates here"), "unauthenticated")]
)
def test_a_gateway_that_fails_is_told_of(scene, failure, code):
    scene.send("task", "challenge", nonce="mine")
    scene.gateway.failure = failure
    assert scene.register().headers == {"code": code, "error": failure.message}
    assert scene.send("task", "challenge", nonce="mine").headers == {"code": code, "error": failure.message}


def test_the_guard_lets_in_what_it_must_and_nothing_else(scene):
    token = scene.join()
    for channel, topic in OPEN:
        assert scene.admits(scene.make(channel, topic))
    for channel, topic in CLOSED:
        assert not scene.admits(scene.make(channel, topic))
        assert not scene.admits(scene.make(channel, topic, __token__="forged"))
        assert not scene.admits(scene.make(channel, topic, __token__=token, origin="_admin_2"))
        assert scene.admits(scene.make(channel, topic, __token__=token))


def test_nothing_is_passed_on_to_another_client(scene):
    token = scene.join()
    message = scene.make("hci_channel", "command", __token__=token)
    message.headers["cn__destination"] = "_admin_2"
    assert not scene.admits(message)


def test_a_command_without_a_session_is_told_so(scene):
    reply = json.loads(scene.send("hci_channel", "*", '{"data": [{"type": "command", "data": "list_jobs"}]}').payload)
    assert reply["data"] == [{"type": "error", "data": "session_inactive"}]


def test_pieces_of_a_file_end_in_a_reply(scene):
    token = scene.join()
    assert scene.piece(token, 0, b"ab").payload == {"outcome": "OK"}
    ended = scene.piece(token, 1, b"cd", last=True).payload
    assert ended["outcome"] == "OK"
    assert "protocol violation" in ended["ObjectStreamer.END_RESULT"]


FIRST = {"ObjectStreamer.TX_ID": "u", "ObjectStreamer.SEQ": 0}
BROKEN = [
    None,
    [],
    {},
    {"__headers__": 3},
    {"__headers__": {**FIRST, "ObjectStreamer.SEQ": "0"}},
    {"__headers__": {**FIRST, "ObjectStreamer.CTX": 3}, "Streamer.data": b"x"},
    {"__headers__": FIRST, "Streamer.data": "text"},
    {"__headers__": {**FIRST, "ObjectStreamer.CTX": {"FileStreamer.file_size": -1}}, "Streamer.data": b"x"},
]


@pytest.mark.parametrize("broken", BROKEN)
def test_broken_pieces_are_refused(scene, broken):
    token = scene.join()
    answer = scene.send("aux_communication", "ObjectStreamer.Request", broken, __token__=token)
    assert answer.payload == {"outcome": "ERROR"}


def test_pieces_of_strangers_are_refused_and_an_abort_ends_one_s_own(scene):
    token = scene.join()
    assert scene.piece("forged", 0, b"ab").payload == {"outcome": "ERROR"}
    scene.piece(token, 0, b"ab")
    body = {"__headers__": {"ObjectStreamer.TX_ID": "u1"}}
    scene.send("aux_communication", "ObjectStreamer.Abort", body, __token__="forged")
    scene.send("aux_communication", "ObjectStreamer.Abort", body, __token__=token)
    assert scene.piece(token, 1, b"cd", last=True).payload == {"outcome": "ERROR"}


def test_offered_files_go_when_they_were_fetched(scene, tmp_path):
    gone = []
    folder = SimpleNamespace(name=str(tmp_path), cleanup=lambda: gone.append(1))
    found = scene.wire._offer(folder, ["a.zip"])
    assert found == {"files": [["a.zip", "ref of a.zip"]], "tx_id": "tx-1", "source_fqcn": "server"}
    assert gone == []
    Downloader.last.done("tx-1", "finished", [])
    assert gone == [1]
    scene.wire._offer(folder, ["a.zip"])
    scene.wire.stop()
    Downloader.last.done("tx-1", "deleted", [])
    assert gone == [1, 1]
