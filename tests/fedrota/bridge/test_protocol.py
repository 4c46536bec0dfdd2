import json

import pytest

from fedrota.bridge import protocol
from fedrota.bridge.errors import RequestError


def make_text(line, token="t", **meta):
    items = [{"type": "command", "data": line}, {"type": "token", "data": token}]
    return json.dumps({"time": "now", "data": items, "meta": meta})


def test_a_command_is_read():
    found = protocol.parse_request(make_text("job.get_job_meta  abc", cmd_props={"a": 1}, cmd_timeout=9, other=2))
    assert (found.name, found.words, found.token) == ("get_job_meta", ["abc"], "t")
    assert found.props == {"cmd_props": {"a": 1}, "cmd_timeout": 9}
    assert found.timeout_s == 9.0


def test_quotes_are_read_as_flare_reads_them():
    assert protocol.parse_request(make_text('grep site-1 "a b" log.txt')).words == ["site-1", "a b", "log.txt"]
    assert protocol.parse_request(make_text('grep site-1 "a b')).words == ["site-1", '"a', "b"]


def test_the_submit_token_is_the_gateway_s_to_read():
    found = protocol.parse_request(make_text("submit_job folder --submit-token x1"))
    assert (found.words, found.props) == (["folder", "--submit-token", "x1"], {})


@pytest.mark.parametrize("timeout", [None, 0, -3, "7", True, float("inf") * 0])
def test_a_timeout_that_is_none_leaves_the_default(timeout):
    assert protocol.parse_request(make_text("list_jobs", cmd_timeout=timeout)).timeout_s == protocol.PATIENCE_S


@pytest.mark.parametrize("timeout", [1e9, float("inf"), 10**400])
def test_a_timeout_has_a_bound(timeout):
    found = protocol.parse_request(make_text("list_jobs", cmd_timeout=timeout))
    assert found.timeout_s == found.props["cmd_timeout"] == protocol.LONGEST_S


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "is a text"),
        (b"{}", "is a text"),
        ("x" * ((1 << 20) + 1), "at most"),
        ("{", "no JSON"),
        ("[" * 100_000, "no JSON"),
        ("[]", "no list of items"),
        ('{"data": 3}', "no list of items"),
        ('{"data": [3]}', "a command"),
        ('{"data": [{"type": "command", "data": 3}]}', "a command"),
        (make_text("  "), "a command"),
        (make_text("x " * 300), "at most 256"),
        (make_text("get_job_meta \ud800"), "cannot be passed on"),
        (make_text("app_command j t", cmd_props={"rate": float("nan")}), "cannot be passed on"),
        (make_text("app_command j t", cmd_props={"rate": ["\udfff"]}), "cannot be passed on"),
    ],
)
def test_what_is_no_request_is_refused(text, words):
    with pytest.raises(RequestError, match=words):
        protocol.parse_request(text)


def test_replies_are_as_clients_read_them():
    assert json.loads(protocol.render_login("t"))["data"] == [
        {"type": "string", "data": "OK"}, {"type": "token", "data": "t"},
    ]  # fmt: skip
    refused = json.loads(protocol.render_error("no_reply", "away"))
    assert refused["data"] == [{"type": "error", "data": "away"}]
    assert refused["meta"] == {"status": "no_reply", "info": "away"}
    assert json.loads(protocol.render_inactive())["data"][0]["data"] == "session_inactive"
    assert json.loads(protocol.render_inactive())["meta"] == {}
    assert json.loads(protocol.render_text("OK"))["data"] == [{"type": "string", "data": "OK"}]
