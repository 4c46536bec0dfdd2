from types import SimpleNamespace

import pytest

from api.agent.channel import CHANNEL_HUB
from api.party_calls import GarbledAnswerError, ask_party, fetch_preview, parse_answer
from scheduler.domain.errors import TooLargeError


class OnePartyHub:
    """Answers every call with the same result and body."""

    def __init__(self, result, *chunks):
        self.result, self.chunks = result, chunks

    def call_stream(self, _party, _op, _args):
        return self

    async def __aenter__(self):
        return SimpleNamespace(result=self.result, chunks=self._chunks())

    async def __aexit__(self, *_):
        return None

    async def _chunks(self):
        for chunk in self.chunks:
            yield chunk


def make_request(*answer):
    return SimpleNamespace(app={CHANNEL_HUB: OnePartyHub(*answer)})


async def test_result_and_body_come_whole():
    assert await ask_party(make_request({"a": 1}, b"x", b"y"), "9999", "op", {}) == ({"a": 1}, b"xy")


async def test_an_answer_without_end_is_cut(monkeypatch):
    monkeypatch.setattr("api.party_calls.MAX_ANSWER_BYTES", 3)
    with pytest.raises(TooLargeError):
        await ask_party(make_request({}, b"xx", b"yy"), "9999", "op", {})


async def test_a_preview_comes_in_the_result_or_in_the_body():
    wanted = {"columns": ["id"], "rows": [[1]], "total": 1}
    assert await fetch_preview(make_request(wanted), "9999", "op", {}) == wanted
    body = b'{"columns": [{"name": "id", "type": "int64"}], "rows": [[1]], "total": 1}'
    assert await fetch_preview(make_request({}, body), "9999", "op", {}) == wanted


@pytest.mark.parametrize(
    "answer", [({},), ({}, b"{"), ({}, b"[]"), ({}, b"[[" * 200 + b"]]" * 200), ({"columns": "x", "rows": []},)]
)
async def test_what_is_no_preview_is_the_partys_fault(answer):
    with pytest.raises(GarbledAnswerError, match="9999"):
        await fetch_preview(make_request(*answer), "9999", "op", {})


def test_only_objects_are_answers():
    assert parse_answer("9999", b"[]") == {}
