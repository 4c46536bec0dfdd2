"""Streams without I/O: any cut of the bytes gives the same, patience ends in time."""

import json

import httpx
import pytest

from fedrota.connection import find_connection
from fedrota.errors import BrokenReplyError, NoGatewayError, UnreachableError, WaitTimeoutError
from fedrota.feeds import PAUSES_S, SILENCE_S, EventFeed, LogFeed, Stamina
from fedrota.model import LogChunk

CONNECTION = find_connection("http://gw", "t")


def render(number, reason=""):
    event = {"id": number, "level": "job", "event": "claimed", "state": "running", "reason": reason}
    return f"id: {number}\nevent: claimed\ndata: {json.dumps(event, ensure_ascii=False)}\n\n"


STREAM = (
    render(1, "a\u2028b \x85 größer") + ": ping\n\n" + render(2).replace("\n", "\r\n") + "event: end\ndata: {}\n\n"
).encode()


@pytest.mark.parametrize("size", [1, 2, 7, 10_000])
def test_any_cut_gives_the_same_events(size):
    feed = EventFeed("j", CONNECTION)
    found = []
    for start in range(0, len(STREAM), size):
        assert not feed.ended
        found += feed.take(STREAM[start : start + size])
    assert [event.id for event in found] == [1, 2]
    assert found[0].reason == "a\u2028b \x85 größer"
    assert feed.ended
    assert feed.last_id == 2


def test_next_connection_starts_clean_after_the_last_event():
    feed = EventFeed("j", CONNECTION)
    half = (render(1) + render(2)[:20]).encode()
    assert [event.id for event in feed.take(half)] == [1]
    assert feed.call().headers["Last-Event-ID"] == "1"
    assert [event.id for event in feed.take(render(2).encode())] == [2]


def test_data_over_several_lines_is_one_event():
    text = 'data: {"id": 1, "level": "job",\ndata: "event": "claimed"}\n\n'
    assert [event.id for event in EventFeed("j", CONNECTION).take(text.encode())] == [1]


def test_event_that_is_no_json_is_a_broken_reply():
    with pytest.raises(BrokenReplyError, match="no JSON"):
        list(EventFeed("j", CONNECTION).take(b"data: {\n\n"))


def test_deadline_shortens_silence_and_ends_in_an_error():
    now = [0.0]
    feed = EventFeed("j", CONNECTION, timeout_s=60, clock=lambda: now[0])
    assert feed.silence_s() == SILENCE_S
    assert not feed.has_enough()
    now[0] = 45.0
    assert feed.has_enough()  # this connection could be silent beyond the deadline
    assert feed.pause_after() == 0.0
    assert feed.silence_s() == 15.0
    now[0] = 60.0
    with pytest.raises(WaitTimeoutError, match="within 60 s"):
        feed.silence_s()


def test_stamina_grows_tired_and_recovers():
    stamina = Stamina(CONNECTION)
    cut = httpx.ReadError("cut")
    assert [stamina.pause_after(cut) for _ in PAUSES_S] == list(PAUSES_S)
    with pytest.raises(NoGatewayError, match="broke: cut"):
        stamina.pause_after(cut)
    away = UnreachableError("party 9 is away", status=503)
    with pytest.raises(UnreachableError, match="party 9 is away"):
        stamina.pause_after(away)
    stamina.progressed()
    assert stamina.pause_after(None) == PAUSES_S[0]
    assert stamina.pause_after(httpx.ReadTimeout("")) == 0.0


def test_stream_that_ends_without_an_end_is_not_asked_for_ever():
    feed = EventFeed("j", CONNECTION)
    for _ in PAUSES_S:
        feed.pause_after()
    with pytest.raises(NoGatewayError, match="again and again"):
        feed.pause_after()


def test_log_pages_until_its_end():
    feed = LogFeed("t", CONNECTION, offset=-10, follow=False)
    assert dict(feed.page_call().query)["offset"] == "-10"
    assert feed.take_page(LogChunk(content="aö".encode()[:2], offset=5, size=9)) == "a"
    assert not feed.ended
    assert dict(feed.page_call().query)["offset"] == "7"
    assert feed.take_page(LogChunk(content="aö".encode()[2:] + b"b", offset=7, size=9)) == "öb"
    assert feed.ended


def test_log_that_ends_in_half_a_character():
    whole = LogFeed("t", CONNECTION, offset=0, follow=False)
    assert whole.take_page(LogChunk(content=b"a\xc3", offset=0, size=2)) == "a\ufffd"
    followed = LogFeed("t", CONNECTION, offset=0, follow=True)
    assert followed.take_page(LogChunk(content=b"a\xc3", offset=0, size=2)) == "a"
    assert followed.take(b"\xb6") == "ö"
