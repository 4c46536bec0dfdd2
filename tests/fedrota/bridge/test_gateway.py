import json

import httpx
import pytest

from fedrota.bridge.errors import AwayError, RefusedError
from fedrota.bridge.gateway import Gateway
from fedrota.bridge.members import Login
from fedrota.bridge.protocol import Command

LOGIN = Login(user="ann", bearer="b1", expires=1.0)


def make_gateway(answer):
    seen = []

    def handle(request):
        request.read()
        seen.append(request)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return Gateway("http://gateway", transport=httpx.MockTransport(handle)), seen


def test_a_login_carries_the_proof():
    answer = httpx.Response(200, json={"user": "ann", "token": "b1", "expires": 9})
    gateway, seen = make_gateway(answer)
    assert gateway.log_in(b"PEM", "n1", b"\x00\x01") == Login(user="ann", bearer="b1", expires=9.0)
    assert json.loads(seen[0].content) == {"certificate": "PEM", "nonce": "n1", "signature": "AAE="}
    assert "Authorization" not in seen[0].headers


def test_a_refusal_says_why():
    gateway, _ = make_gateway(httpx.Response(401, json={"error": {"code": "x", "message": "revoked"}}))
    with pytest.raises(RefusedError, match="revoked"):
        gateway.log_in(b"PEM", "n1", b"")


def test_a_command_is_one_call_in_the_user_s_name():
    gateway, seen = make_gateway(httpx.Response(200, json={"data": [1], "meta": {"status": "ok"}}))
    with gateway.carry_out(LOGIN, Command(name="ls/../x", words=["a"], props={"p": 1})) as answer:
        assert (answer.items, answer.meta, answer.pieces) == ([1], {"status": "ok"}, None)
    assert seen[0].url.path == "/flare/v1/commands/ls____x"
    assert seen[0].headers["Authorization"] == "Flare b1"
    assert json.loads(seen[0].content) == {"words": ["a"], "props": {"p": 1}}


def test_a_study_goes_along():
    gateway, seen = make_gateway(httpx.Response(200, json={"data": [], "meta": {"status": "ok"}}))
    with gateway.carry_out(LOGIN, Command(name="x"), study="heart"):
        pass
    assert json.loads(seen[0].content) == {"words": [], "props": {}, "study": "heart"}


def test_a_logout_ends_the_login_at_the_gateway():
    gateway, seen = make_gateway(httpx.Response(200, json={"ended": True}))
    gateway.log_out(LOGIN)
    assert (seen[0].url.path, seen[0].headers["Authorization"]) == ("/flare/v1/logout", "Flare b1")


def test_files_are_bodies_both_ways():
    answer = httpx.Response(200, headers={"X-Flare-Meta": '{"status": "ok"}'}, content=b"zip")
    gateway, seen = make_gateway(answer)
    with gateway.carry_out(LOGIN, Command(name="x", words=["w"]), iter([b"a", b"b"])) as found:
        assert b"".join(found.pieces) == b"zip"
    assert seen[0].content == b"ab"
    assert json.loads(seen[0].headers["X-Flare-Call"]) == {"words": ["w"], "props": {}}


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (httpx.Response(200, content=b"<html>"), "is no gateway"),
        (httpx.Response(200, json=[]), "is no gateway"),
        (httpx.Response(200, json={"data": []}), "is no gateway"),
        (httpx.Response(503, json={"error": {"message": "later"}}), "later"),
        (httpx.Response(503, json={}), "status 503"),
        (httpx.ConnectError("no"), "no gateway at http://gateway"),
        (httpx.ReadTimeout("slow"), "within 1.5 s; a longer time may be set with set_timeout"),
        (httpx.RemoteProtocolError("cut"), "broke"),
    ],
)
def test_what_else_happens_is_said(answer, words):
    gateway, _ = make_gateway(answer)
    with pytest.raises(AwayError, match=words), gateway.carry_out(LOGIN, Command(name="x", timeout_s=2.0)):
        pass


def test_a_caller_s_own_error_stays_what_it_is():
    gateway, _ = make_gateway(httpx.Response(200, json={"data": [], "meta": {}}))
    with pytest.raises(ValueError, match="mine"), gateway.carry_out(LOGIN, Command(name="x")):
        raise ValueError("mine")


def test_a_challenge_is_asked_for():
    gateway, _ = make_gateway(httpx.Response(200, json={"nonce": "n"}))
    assert gateway.ask_challenge() == "n"
    gateway.close()
