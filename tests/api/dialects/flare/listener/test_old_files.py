import asyncio
import base64
import io
import secrets
import struct
import zlib
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime

import pytest

from api.dialects.flare.errors import FlareError
from api.dialects.flare.listener import framing, old_files
from api.dialects.flare.listener.old_files import Generations, write_chunks
from tests.api.dialects.flare.listener.conftest import Client, listen
from tests.api.dialects.flare.listener.test_framing import Out
from tests.api.dialects.flare.requests.jobs import APP, pack_job


@pytest.fixture
async def old(console, ground, monkeypatch):
    """The lead, logged in at a listener that takes the uploads of 2.4."""
    monkeypatch.setattr("api.dialects.flare.requests.identity.DEFAULT_PROJECT", "p1")
    async with listen(console, ground, serves_old=True) as listener:
        made = Client(ground, listener.port)
        assert await made.log_in() == "OK"
        yield made


def in_words(body):
    return base64.b64encode(body).decode()


def read_chunks(raw):
    body, number, crc = b"", 0, 0
    while True:
        marker, number_or_zero, size = struct.unpack_from(">BII", raw)
        raw = raw[9:]
        if marker == 102:
            assert (number_or_zero, size, raw) == (0, crc, b"")
            return body
        number += 1
        assert (marker, number_or_zero) == (101, number)
        piece, raw = raw[:size], raw[size:]
        crc = zlib.crc32(piece, crc)
        body += piece


async def pull(client, command):
    async with client.connect() as (reader, writer):
        writer.write(client.make_request(command) + b"\x03\x04")
        return read_chunks(await reader.read())


async def test_a_job_comes_inside_its_command(old):
    reply = await old.send(f"job.submit_job hello {in_words(pack_job(folder='hello'))}")
    assert reply["meta"]["status"] == "ok", reply
    found = (await old.send(f"get_job_meta {reply['meta']['job_id']}"))["meta"]["job_meta"]
    assert found["job_folder_name"] == "hello"


async def test_a_job_larger_than_other_texts_is_taken_up_to_a_limit(old, monkeypatch):
    large = pack_job(folder="hello", files={**APP, "app/config/model.txt": secrets.token_hex(framing.MAX_TEXT_BYTES)})
    job = in_words(large)
    assert len(job) > framing.MAX_TEXT_BYTES
    assert (await old.send(f"submit_job hello {job}"))["meta"]["status"] == "ok"
    monkeypatch.setattr(framing, "MAX_LARGE_BYTES", framing.MAX_TEXT_BYTES)
    meta = (await old.send(f"submit_job hello {job}"))["meta"]
    assert meta["status"] == "invalid_job_def", meta
    assert "take a newer one" in meta["info"]
    assert len((await old.send("list_jobs"))["meta"]["jobs"]) == 1


async def test_a_text_without_any_end_is_given_up(old, monkeypatch):
    monkeypatch.setattr(framing, "MAX_LARGE_BYTES", framing.MAX_TEXT_BYTES)
    monkeypatch.setattr(framing, "MAX_REST_BYTES", framing.MAX_TEXT_BYTES)
    async with old.connect() as (reader, writer):
        writer.write(b"{" + b"x" * (4 * framing.MAX_TEXT_BYTES))
        assert await reader.read() == b""
    assert (await old.send("list_jobs"))["meta"]["status"] == "ok"


async def test_slow_large_texts_do_not_hold_up_others(old):
    async with AsyncExitStack() as slow:
        for _ in range(framing.LARGE_AT_ONCE + 1):
            _reader, writer = await slow.enter_async_context(old.connect())
            writer.write(b"{" + b"x" * (2 * framing.MAX_TEXT_BYTES + 1))
            await writer.drain()
        large = {**APP, "app/config/model.txt": secrets.token_hex(framing.MAX_TEXT_BYTES)}
        job = in_words(pack_job(folder="hello", files=large))
        assert (await asyncio.wait_for(old.send(f"submit_job hello {job}"), 60))["meta"]["status"] == "ok"


async def test_of_a_revoked_certificate_no_large_text_is_read(old, ground):
    ground.authority.revoke(old.user, datetime.now(UTC))
    async with old.connect() as (reader, writer):
        writer.write(b"{" + b"x" * (2 * framing.MAX_TEXT_BYTES + 1))
        with suppress(ConnectionError):
            assert await asyncio.wait_for(reader.read(), 20) == b""


async def test_only_the_last_word_of_a_large_text_is_large(old):
    meta = (await old.send(f'submit_job "{"a " * framing.MAX_TEXT_BYTES}" x'))["meta"]
    assert meta["status"] == "syntax_error"
    assert "only its last word" in meta["info"]


async def test_what_is_no_base64_is_refused(old):
    meta = (await old.send("submit_job hello !!!!"))["meta"]
    assert meta["status"] == "syntax_error"
    assert "no base64" in meta["info"]


async def test_the_command_list_names_both_handlers_and_only_when_told_to(old, client):
    rows = (await old.send("_commands"))["data"][0]["rows"]
    assert [row[5] for row in rows if row[1] == "submit_job"] == [old_files.PUSH_FOLDER, old_files.UPLOAD_FOLDER]
    rows = (await client.send("_commands"))["data"][0]["rows"]
    assert [row[5] for row in rows if row[1] == "submit_job"] == [old_files.PUSH_FOLDER]
    assert (await client.send("submit_job hello eA=="))["meta"]["status"] != "ok"


async def test_a_result_comes_as_the_client_that_uploaded_last_reads_it(old, result):
    meta = (await old.send("job.fetch J1"))["meta"]
    wanted = f"{meta['cmd_name']} {meta['tx_id']} J1 meta.json"
    assert await old.pull(wanted) == b'{"a": 1}'
    await old.send(f"submit_job hello {in_words(pack_job(folder='hello'))}")
    assert await pull(old, wanted) == b'{"a": 1}'
    await old.upload("submit_job hello", pack_job(folder="hello"))
    assert await old.pull(wanted) == b'{"a": 1}'


async def test_files_of_all_sizes_go_in_chunks():
    for size in (0, 1, framing.BLOCK_BYTES, framing.BLOCK_BYTES + 1, 3 * framing.BLOCK_BYTES):
        out, body = Out(), bytes(index % 251 for index in range(size))
        await write_chunks(out, io.BytesIO(body), size)
        assert read_chunks(out.raw) == body
    with pytest.raises(framing.FramingError):
        await write_chunks(Out(), io.BytesIO(b"ab"), 3)


def test_a_session_is_known_by_its_own_upload_and_else_by_the_certificate_s_last():
    seen = Generations()
    assert not seen.is_old("t1", 1)
    seen.note("t1", 1, is_old=True)
    seen.note("t2", 1, is_old=False)
    assert [seen.is_old(token, 1) for token in ("t1", "t2", "t3")] == [True, False, False]
    seen.note("t1", 1, is_old=True)
    assert [seen.is_old(token, 1) for token in ("t1", "t2", "t3")] == [True, False, True]
    assert not seen.is_old("t3", 2)


def test_only_so_many_are_remembered(monkeypatch):
    monkeypatch.setattr(old_files, "REMEMBERED", 4)
    seen = Generations()
    for serial in (1, 2, 3):
        seen.note(f"t{serial}", serial, is_old=True)
    assert [seen.is_old(f"t{serial}", serial) for serial in (1, 2, 3)] == [False, True, True]


def test_a_call_without_files_is_none_to_unwrap():
    with pytest.raises(FlareError, match="no base64"):
        old_files.unwrap_upload(_call("ä"))


def _call(word):
    return old_files.Call(app=None, by=None, words=["hello", word])
