"""The forms of `model/import`, sent to nothing but their reader."""

import hashlib

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from api.dialects.fate.errors import FateError
from api.dialects.fate.requests.model_import import take_archive
from api.keys import SETTINGS
from config.settings import Settings


@pytest.fixture
async def send(tmp_path):
    async def handle(request):
        try:
            async with take_archive(request) as (file, wanted):
                seen = {"content": file.read().decode(), "force": wanted.force_update, **wanted.fields}
                return web.json_response({**seen, "named": [wanted.model_id, wanted.role, wanted.party]})
        except FateError as wrong:
            return web.json_response({"refused": wrong.message}, status=wrong.status)

    app = web.Application()
    app[SETTINGS] = Settings(state_dir=tmp_path, upload_limit_bytes=1000)
    app.router.add_post("/", handle)
    async with TestServer(app) as server, aiohttp.ClientSession() as session:

        async def post(content=b"zip", fields=(), **given):
            form = aiohttp.FormData()
            if content is not None:
                form.add_field("file", content, filename="m.zip")
            for name, text in fields:
                form.add_field(name, text)
            async with session.post(server.make_url("/"), **{"data": form, **given}) as answer:
                return answer.status, await answer.json()

        yield post


async def test_fields_stand_beside_the_file_or_are_lost(send):
    fields = [("model_id", "m"), ("role", "guest"), ("party_id", "1"), ("force_update", "1"), ("file", "/x/m.zip")]
    status, seen = await send(fields=fields)
    assert (status, seen["content"], seen["named"], seen["force"]) == (200, "zip", ["m", "guest", "1"], True)
    status, seen = await send()
    assert (status, seen["named"], seen["force"]) == (200, ["", "", ""], False)


async def test_the_hash_is_checked_where_it_is_sent(send):
    digest = hashlib.sha256(b"zip").hexdigest()
    assert (await send(fields=[("hash", digest.upper())]))[0] == 200
    status, seen = await send(fields=[("hash", "0")])
    assert (status, digest in seen["refused"]) == (400, True)


async def test_what_is_no_such_form_is_refused(send):
    for given, text in (
        ({"content": None, "fields": [("file", "x")]}, "`file` is required"),
        ({"data": b"x"}, "multipart/form-data"),
        ({"content": b"x" * 1001}, "limit of 1000 bytes"),
        ({"fields": [(f"f{n}", "x") for n in range(101)]}, "more than 100 fields"),
        ({"fields": [("f", "x" * 70_000)]}, "more than 65536 bytes"),
        ({"data": b"--b\r\nnonsense", "headers": {"Content-Type": "multipart/form-data; boundary=b"}}, ""),
    ):
        status, seen = await send(**given)
        assert (status, text in seen["refused"]) == (400, True), seen
