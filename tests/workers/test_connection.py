"""What a gateway, or a proxy before it, may answer with; byte by byte, or all at once."""

import contextlib
import socket
import threading

import pytest

from workers import connection as module
from workers.connection import Connection

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"
INTERIM = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + OK


class Peer:
    """Answers each request with the next of `answers`, then hangs up; keeps what it was sent."""

    def __init__(self, *answers, in_bytes=False):
        self.heard = []
        self._answers, self._in_bytes = answers, in_bytes
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self):
        found, _ = self._server.accept()
        found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with found, contextlib.suppress(OSError):  # the test is over
            for answer in self._answers:
                self.heard.append(found.recv(65536))
                for piece in [bytes([byte]) for byte in answer] if self._in_bytes else [answer]:
                    found.sendall(piece)

    def close(self):
        self._server.close()
        self._thread.join(5)


@pytest.fixture
def connect():
    with contextlib.ExitStack() as stack:

        def make(*answers, **given):
            peer = stack.enter_context(contextlib.closing(Peer(*answers, **given)))
            return peer, stack.enter_context(contextlib.closing(Connection("127.0.0.1", peer.port, is_secure=False)))

        yield make


def test_a_request_is_one_packet_that_says_all(connect):
    peer, line = connect(OK, OK)
    line.post("/x?y=1", b'{"a": 1}', {"Authorization": "Bearer t"})
    line.post("/x", b"", {})
    head, _, body = peer.heard[0].partition(b"\r\n\r\n")
    assert head.split(b"\r\n")[0] == b"POST /x?y=1 HTTP/1.1"
    assert set(head.split(b"\r\n")[1:]) == {
        f"Host: 127.0.0.1:{peer.port}".encode(), b"Accept-Encoding: identity", b"Content-Length: 8", b"Authorization: Bearer t",
    }  # fmt: skip
    assert body == b'{"a": 1}'
    assert b"Content-Length: 0\r\n" in peer.heard[1]


@pytest.mark.parametrize("in_bytes", [False, True])
@pytest.mark.parametrize("answer", [OK, CHUNKED, INTERIM])
def test_an_answer_is_read_whole_however_it_comes_and_another_may_follow(connect, answer, in_bytes):
    _, line = connect(answer, b"HTTP/1.1 404 No\r\nContent-length: 3\r\nRETRY-After: 5\r\n\r\nwhy", in_bytes=in_bytes)
    found = line.post("/", b"", {})
    assert (found.status, found.body, line.is_open) == (200, b"{}", True)
    found = line.post("/", b"", {})
    assert (found.status, found.body, found.headers["retry-after"]) == (404, b"why", "5")


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nServer: old\r\n\r\n{}",
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nConnection: Close\r\nContent-Length: 2\r\n\r\n{}",
    ],
)
def test_after_some_answers_the_connection_is_of_no_more_use(connect, answer):
    _, line = connect(answer)
    found = line.post("/", b"", {})
    assert (found.status, found.body, line.is_open) == (200, b"{}", False)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"", "hung up"),
        (OK[:-1], "hung up"),
        (CHUNKED[:-4], "hung up"),
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{", "hung up"),
        (b"HTTP/1.1 100 Continue\r\n\r\n", "hung up"),
        (b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n", "hung up"),
        (b"HTTP/1.1 200 OK\r\nServer: cut off\r\n", "hung up"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "no answer of HTTP"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}", "no answer of HTTP"),
        (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", "no answer of HTTP"),
    ],
)
def test_half_an_answer_and_none_at_all_are_errors_of_the_connection(connect, answer, words):
    _, line = connect(answer)
    with pytest.raises(ConnectionError, match=words):
        line.post("/", b"", {})


def test_nobody_waits_for_ever(connect, monkeypatch):
    monkeypatch.setattr(module, "ANSWER_S", 0.05)
    _, line = connect(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", b"")
    with pytest.raises(TimeoutError):
        line.post("/", b"", {})
