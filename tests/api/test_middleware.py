import asyncio
import logging

import aiohttp
import psycopg
import pytest
from aiohttp import web

from api.keys import READER
from api.native import events
from scheduler.domain.errors import FedrotaError


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nothing", 404, "not_found"),
        ("GET", "/none", 404, "not_found"),
        ("PUT", "/jobs", 405, "method_not_allowed"),
        ("POST", "/version", 405, "method_not_allowed"),
        ("DELETE", "/healthz", 405, "method_not_allowed"),
    ],
)
async def test_what_is_not_there_is_said_in_the_envelope(gateway, method, path, status, code):
    answer = await gateway.call(method, path)
    assert (answer.status, answer.json["error"]["code"]) == (status, code)
    if status == 405:
        assert answer.headers["Allow"]
        assert method not in answer.headers["Allow"].split(", ")


async def test_a_defect_is_an_incident_with_its_traceback_in_the_log(gateway, monkeypatch, caplog):
    async def explode(_query):
        raise RuntimeError("secret detail")

    monkeypatch.setattr(gateway.app[READER], "read", explode)
    with caplog.at_level(logging.ERROR):
        answer = await gateway.get("/components", headers={"X-Request-Id": "abc-1"}, token="admin")
    assert (answer.status, answer.json["error"]["code"]) == (500, "internal")
    assert b"secret detail" not in answer.raw
    incident = answer.json["error"]["message"].partition("incident ")[2].partition(",")[0]
    assert incident in caplog.text
    assert "RuntimeError" in caplog.text
    assert answer.headers["X-Request-Id"] == "abc-1"


async def read_from_a_store_that_says(gateway, monkeypatch, error):
    async def fail(_query):
        raise error

    await gateway.get("/whoami", token="admin")
    monkeypatch.setattr(gateway.app[READER], "read", fail)
    return await gateway.get("/components", token="admin")


async def test_a_database_that_is_away_is_no_defect_but_a_reason_to_ask_again(gateway, monkeypatch, caplog):
    answer = await read_from_a_store_that_says(
        gateway, monkeypatch, psycopg.errors.AdminShutdown("terminating connection")
    )
    assert (answer.status, answer.json["error"]["code"]) == (503, "busy")
    assert answer.headers["Retry-After"] == "1"
    assert "AdminShutdown" in caplog.text
    assert "Traceback" not in caplog.text  # it would come with every request


async def test_what_the_database_will_never_take_is_a_defect_and_no_reason_to_ask_again(gateway, monkeypatch, caplog):
    answer = await read_from_a_store_that_says(
        gateway, monkeypatch, psycopg.errors.ProgramLimitExceeded("index row size 3184 exceeds the maximum")
    )
    assert (answer.status, answer.json["error"]["code"]) == (500, "internal")
    assert "Traceback" in caplog.text


async def test_every_answer_has_an_id_and_a_strange_one_is_replaced(gateway):
    ids = {(await gateway.get("/version")).headers["X-Request-Id"] for _ in range(3)}
    assert len(ids) == 3
    given = "x" * 100
    assert (await gateway.get("/version", headers={"X-Request-Id": given})).headers["X-Request-Id"] != given
    assert (await gateway.get("/none")).headers["X-Request-Id"]


async def test_no_browser_guesses_what_an_answer_is(gateway):
    for path in ("/version", "/none"):
        assert (await gateway.get(path)).headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("error", "status", "code", "words"),
    [
        (web.HTTPUnauthorized(text="who"), 401, "unauthenticated", "who"),
        (web.HTTPForbidden(text="not you"), 403, "forbidden", "not you"),
        (web.HTTPRequestEntityTooLarge(1, 2), 413, "too_large", "Maximum request body size 1 exceeded"),
        (web.HTTPUnsupportedMediaType(text=""), 415, "invalid", "Unsupported Media Type"),
    ],
)
async def test_what_aiohttp_refuses_has_our_envelope(gateway, monkeypatch, error, status, code, words):
    answer = await read_from_a_store_that_says(gateway, monkeypatch, error)
    assert (answer.status, answer.json["error"]["code"]) == (status, code)
    assert words in answer.json["error"]["message"]


async def test_headers_have_a_limit(gateway):
    answer = await gateway.get("/version", headers={"X-Long": "x" * 10_000})
    assert answer.status == 400


async def test_an_error_without_a_code_of_its_own_comes_from_a_party(gateway, monkeypatch):
    async def fail(_query):
        raise FedrotaError("the party said something odd")

    await gateway.get("/whoami")
    monkeypatch.setattr(gateway.app[READER], "read", fail)
    answer = await gateway.get("/components")
    assert (answer.status, answer.json["error"]["code"]) == (503, "unreachable")


@pytest.mark.parametrize("error", [ConnectionResetError("it has gone"), FedrotaError("the party has gone")])
async def test_an_answer_that_breaks_off_is_not_taken_for_whole_and_is_no_defect(gateway, monkeypatch, caplog, error):
    def fail(*_args, **_given):
        raise error

    job = await gateway.submit()
    monkeypatch.setattr(events, "_read_news", fail)
    with pytest.raises(aiohttp.ClientError):
        await gateway.get(f"/jobs/{job}/events", headers={"Accept": "text/event-stream"})
    assert [record.msg for record in caplog.records if record.exc_info] == []
    assert "answer_broken_off" in caplog.text


@pytest.mark.parametrize(
    ("method", "path", "kind"),
    [
        ("POST", "/jobs", "application/json"),
        ("POST", "/attachments", "application/octet-stream"),
        ("PUT", "/parties/9999/tables/t", "text/csv"),
        ("POST", "/models", "application/zip"),
        ("POST", "/agent/sync", "application/json"),
    ],
)
@pytest.mark.usefixtures("connected_party")
async def test_a_body_that_is_not_in_its_encoding_is_the_callers_fault(gateway, caplog, method, path, kind):
    url = gateway.server.make_url("/")
    token = gateway.tokens["worker-9999" if path.startswith("/agent") else "admin"]
    lines = [f"{method} /fedrota/v1{path} HTTP/1.1", "Host: x", f"Authorization: Bearer {token}"]
    lines += [f"Content-Type: {kind}", "Content-Encoding: gzip", "Content-Length: 7", "", "no gzip"]
    with caplog.at_level(logging.ERROR):  # a client of aiohttp's would pack the body itself
        reader, writer = await asyncio.open_connection(url.host, url.port)
        writer.write("\r\n".join(lines).encode())
        async with asyncio.timeout(60):
            answer = await reader.read()
        writer.close()
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b'"code":"invalid"' in answer
    assert b"Content-Encoding, gzip" in answer
    assert "Traceback" not in caplog.text


@pytest.mark.parametrize(
    ("method", "path", "kind"),
    [
        ("POST", "/jobs", "application/json"),
        ("POST", "/attachments", "application/octet-stream"),
        ("PUT", "/parties/9999/tables/t", "text/csv"),
        ("POST", "/models", "application/zip"),
    ],
)
@pytest.mark.parametrize("rest", [b"ZZ\r\n", b""], ids=["garbled", "nothing"])
@pytest.mark.usefixtures("connected_party")
async def test_a_body_that_stops_coming_is_answered(gateway, caplog, monkeypatch, method, path, kind, rest):
    """Garbled chunks that come after the head are told to nobody who reads."""
    monkeypatch.setattr("api.bodies.BODY_IDLE_S", 0.2)
    url = gateway.server.make_url("/")
    lines = [f"{method} /fedrota/v1{path} HTTP/1.1", "Host: x", f"Authorization: Bearer {gateway.tokens['admin']}"]
    lines += [f"Content-Type: {kind}", "Transfer-Encoding: chunked", "", "2", "{}", ""]
    reader, writer = await asyncio.open_connection(url.host, url.port)
    writer.write("\r\n".join(lines).encode())
    await writer.drain()
    await asyncio.sleep(0.05)
    writer.write(rest)
    async with asyncio.timeout(60):
        answer = await reader.read()
    writer.close()
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"it broke off, or its chunks are garbled" in answer
