"""The session's door: whatever is sent, the answer is a reply in FLARE's form."""

import asyncio

import pytest


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "is empty"),
        (b"[]", "is no object"),
        (b'{"words": "x"}', "words: is no list"),
        (b'{"words": [1]}', "words: is no list"),
        (b'{"props": [1]}', "props: is no object"),
        (b"\xff", "not UTF-8"),
        (b"[" * 5000, "levels"),
    ],
)
async def test_a_broken_call_is_refused(console, body, words):
    answer = await console.gateway.call("POST", "/flare/v1/commands/list_jobs", data=body, token="lead")
    assert answer.status == 200
    assert answer.json["meta"]["status"] == "syntax_error"
    assert words in answer.json["meta"]["info"]


async def test_an_unknown_command_is_refused(console):
    assert (await console.meta("nonsense"))["status"] == "syntax_error"


async def test_a_worker_is_no_user(console):
    console.token = "worker-9999"
    assert (await console.meta("list_jobs"))["status"] == "not_authorized"


async def test_an_upload_needs_its_call_in_the_header(console):
    headers = {"Content-Type": "application/octet-stream", "X-Flare-Call": "nonsense"}
    answer = await console.gateway.call(
        "POST", "/flare/v1/commands/submit_job", data=b"x", headers=headers, token="lead"
    )
    assert answer.json["meta"]["status"] == "syntax_error"


async def test_a_call_in_the_header_that_is_no_utf_8_is_refused(console):
    head = (
        b"POST /flare/v1/commands/submit_job HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
        b'Authorization: Bearer %s\r\nContent-Length: 1\r\nX-Flare-Call: {"words": ["\xff"]}\r\n\r\nx'
    )
    server = console.gateway.server
    reader, writer = await asyncio.open_connection(server.host, server.port)
    writer.write(head % console.gateway.tokens["lead"].encode())
    answer = await reader.read()
    writer.close()
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"not UTF-8" in answer
