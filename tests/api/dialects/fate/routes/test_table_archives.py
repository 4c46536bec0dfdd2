import io
import tarfile
import tracemalloc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from api.agent.hub import Stream
from api.dialects.fate.routes.table_archives import Member, send_archive
from scheduler.domain.errors import UnreachableError

LARGE = 120_000


async def test_a_table_goes_through_without_being_kept(site):
    rows = b"".join(b"%d,%d\n" % (number, number * 7919) for number in range(LARGE))
    sent = await site.upload(b"id,x\n" + rows, namespace="n", table_name="t", head=1, partition=1, party_id=9999)
    assert sent["retcode"] == 0, sent
    tracemalloc.start()
    status, _, raw = await site.ask("GET", "/table/download", json={"namespace": "n", "name": "t"})
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert status == 200
    assert peak < len(rows) + 3 * len(raw), "the rows were gathered"
    with tarfile.open(fileobj=io.BytesIO(raw), mode="r:gz") as tar:
        assert tar.getmember("table.csv").size == len(b"id,x\n") + len(rows)


async def test_a_name_of_an_archive_is_unquoted_and_plain(site, trained):
    wish = {"job_id": trained, "role": "guest", "party_id": "9999", "component_name": "hetero_lr_0"}
    url = site.gateway.server.make_url("/v1/tracking/component/output/data/download")
    headers = {"Authorization": f"Bearer {site.gateway.tokens['admin']}"}
    async with site.gateway.session.get(url, json=wish, headers=headers) as answer:
        name = f"job_{trained}_hetero_lr_0_guest_9999_output_data.tar.gz"
        assert answer.headers["Content-Disposition"] == f"attachment; filename={name}"
        assert answer.content_type == "application/x-tar"


@asynccontextmanager
async def rows(content: bytes = b"1\n", *, breaks: bool = False, size: object = None) -> AsyncIterator[Stream]:
    if breaks:
        raise UnreachableError("9999", "party 9999 is away")

    async def chunks():
        yield content

    size = len(content) if size is None else size
    yield Stream(party="9999", result={"columns": ["id"], "size": size}, chunks=chunks())


async def fetch(*members: Member) -> tuple[int, bytes]:
    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            return await send_archive(request, "a b/c.tar.gz", members, has_header=True)
        except UnreachableError as wrong:
            return web.Response(status=500, body=wrong.message.encode())

    app = web.Application()
    app.router.add_get("/", answer)
    async with (
        TestServer(app) as server,
        aiohttp.ClientSession() as session,
        session.get(server.make_url("/")) as found,
    ):
        return found.status, await found.read()


async def test_several_members_stand_in_one_archive():
    status, raw = await fetch(Member("a", rows), Member("../b", lambda: rows(b"")))
    with tarfile.open(fileobj=io.BytesIO(raw), mode="r:gz") as tar:
        assert (status, tar.getnames()) == (200, ["a.csv", "a.meta", ".._b.csv", ".._b.meta"])
        assert tar.extractfile("a.csv").read() == b"id\n1\n"


async def test_a_party_that_is_away_is_an_error_before_the_first_byte():
    assert await fetch(Member("a", lambda: rows(breaks=True))) == (500, b"party 9999 is away")


async def test_an_archive_that_breaks_off_does_not_look_whole():
    with pytest.raises(aiohttp.ClientError):
        await fetch(Member("a", rows), Member("b", lambda: rows(breaks=True)))


async def test_a_party_cannot_write_further_members_into_the_archive():
    """What is longer than its head says would be read as the next member, with whatever path."""
    inner = io.BytesIO()
    with tarfile.open(fileobj=inner, mode="w") as tar:
        tar.addfile(tarfile.TarInfo("../../evil"))
    with pytest.raises(aiohttp.ClientError):
        await fetch(Member("a", lambda: rows(inner.getvalue(), size=0)))
    with pytest.raises(aiohttp.ClientError):
        await fetch(Member("a", lambda: rows(b"1\n", size=1024)))
