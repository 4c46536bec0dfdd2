import asyncio
import logging

import pytest
from aiohttp import web

from api.wire_logs import make_wire_logger

HEAD = b"GET / HTTP/1.1\r\nHost: x\r\n"


async def explode(_request):
    raise RuntimeError("a defect")


@pytest.fixture
async def port():
    app = web.Application()
    app.router.add_get("/defect", explode)
    runner = web.AppRunner(app, access_log=None, logger=make_wire_logger())
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield runner.addresses[0][1]
    await runner.cleanup()


async def ask(port, request):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    async with asyncio.timeout(60):
        answer = await reader.read()
    writer.close()
    return answer


@pytest.mark.parametrize(
    "request_bytes",
    [
        HEAD + b"A: " + b"\x1b[2J" * 4000 + b"\r\n\r\n",
        HEAD + b"Content-Length : 5\r\n\r\n",
        HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        HEAD + b"".join(b"A%d: b\r\n" % number for number in range(500)) + b"\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
    ],
    ids=["long", "space", "two lengths", "many", "no host"],
)
async def test_a_request_that_is_no_http_is_one_line(port, caplog, request_bytes):
    answer = await ask(port, request_bytes)
    assert answer.startswith(b"HTTP/1.0 400 ")
    [record] = [record for record in caplog.records if record.name == "api.wire"]
    said = record.getMessage()
    assert (record.levelno, record.exc_info) == (logging.WARNING, None)
    assert said.startswith("request_is_no_http ")
    assert said.isprintable()
    assert len(said) < 300


async def test_a_defect_keeps_its_traceback(port, caplog):
    assert b" 500 " in await ask(port, b"GET /defect HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert "RuntimeError: a defect" in caplog.text
