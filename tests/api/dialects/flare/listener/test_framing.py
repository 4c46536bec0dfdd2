import asyncio
import io
import json
import zlib

import pytest

from api.dialects.flare.errors import FlareError
from api.dialects.flare.listener import framing
from api.dialects.flare.listener.framing import FramingError, read_request, spool, write_file, write_reply
from tests.api.dialects.flare.listener.conftest import frame


def feed(data):
    reader = asyncio.StreamReader(limit=framing.MAX_TEXT_BYTES)
    reader.feed_data(data)
    reader.feed_eof()
    return reader


class Out:
    """Takes what is written."""

    def __init__(self):
        self.raw = b""

    def write(self, data):
        self.raw += data

    async def drain(self):
        pass


TEXT = json.dumps(
    {"data": [{"type": "command", "data": "x y"}, {"type": "token", "data": "t"}], "meta": {"a": 1}}
).encode()


async def test_a_text_is_read():
    request = await read_request(feed(TEXT + b"\x03\x04"))
    assert (request.command, request.token, dict(request.meta), request.upload) == ("x y", "t", {"a": 1}, None)


async def test_a_file_is_read_in_pieces():
    body = bytes(range(256)) * 1000
    request = await read_request(feed(frame(TEXT, body)))
    pieces = [piece async for piece in request.upload]
    assert b"".join(pieces) == body
    assert max(map(len, pieces)) <= framing.BLOCK_BYTES


@pytest.mark.parametrize("data", [frame(TEXT, b"abc", crc=1), frame(TEXT, b"abc")[:-9], frame(TEXT, b"abc")[:-1]])
async def test_a_file_that_is_not_whole_is_refused(data):
    request = await read_request(feed(data))
    with pytest.raises(FlareError, match="broke off|checksum|whole"):
        async for _piece in request.upload:
            pass


@pytest.mark.parametrize("data", [b"", b"{", b"x\x04", b'{"data": null}\x04', b"\x01abc"])
async def test_what_is_no_request_is_none(data):
    with pytest.raises(FramingError):
        await read_request(feed(data))


async def test_items_that_are_no_texts_count_as_missing():
    request = await read_request(feed(b'{"data": [{"type": "command", "data": {}}], "meta": []}\x04'))
    assert (request.command, request.token, dict(request.meta)) == ("", "", {})


async def test_replies_and_files_go_out_as_the_client_reads_them():
    out = Out()
    await write_reply(out, {"data": "ß"})
    assert out.raw == b'{"data": "\\u00df"}\x03\x04'
    out = Out()
    await write_file(out, io.BytesIO(b"abc"), 3)
    assert out.raw == frame(b"", b"abc")
    assert zlib.crc32(b"abc").to_bytes(4, "big") == out.raw[-4:]
    with pytest.raises(FramingError):
        await write_file(Out(), io.BytesIO(b"ab"), 3)


async def test_spooling_gives_a_file_and_leaves_none_behind_where_it_fails():
    async def pieces(fails):
        yield b"ab"
        if fails:
            raise FlareError("error", "x")
        yield b"c"

    with await spool(pieces(False)) as file:
        assert file.read() == b"abc"
    with pytest.raises(FlareError):
        await spool(pieces(True))


async def test_a_large_text_that_never_ends_makes_room_for_the_next(monkeypatch):
    monkeypatch.setattr(framing, "LARGE_S", 0.1)
    large = asyncio.Semaphore(1)
    slow = asyncio.StreamReader(limit=framing.MAX_TEXT_BYTES)
    slow.feed_data(b"{" + b"x" * (2 * framing.MAX_TEXT_BYTES + 2))
    with pytest.raises(TimeoutError):
        await read_request(slow, large)
    assert not large.locked()


async def test_a_large_text_is_none_where_they_are_not_taken():
    with pytest.raises(FramingError):
        await read_request(feed(b"{" + b"x" * (2 * framing.MAX_TEXT_BYTES + 2)))
