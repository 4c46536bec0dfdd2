"""FATE's routes of a gateway, with the real party 9999 beside it: its tables, files and outputs are real."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

import aiohttp
import orjson
import pytest

from scheduler.domain.messages import ComponentOffer
from workers.channel import Channel, Orders, make_url
from workers.components.catalog import list_builtin
from workers.reads import make_read_ops
from workers.roots import Roots
from workers.table_files import make_file_ops
from workers.tables import make_table_ops, put_table
from workers.workdir import Workdir

BUILT_IN = tuple(
    ComponentOffer(
        name=info.name,
        params=info.params,
        summary=info.summary,
        inputs=dict(info.inputs),
        outputs=dict(info.outputs),
        roles=info.roles,
        exchange=info.exchange,
    )
    for info in list_builtin()
)


@dataclass
class Site:
    """What FATE's clients see of the gateway, and the folders of the party behind it."""

    gateway: Any
    workdir: Workdir
    allowed: Path

    async def ask(self, method: str, path: str, token: str = "admin", **given: Any) -> tuple[int, Any, bytes]:  # noqa: S107
        """HTTP status, JSON (None where it is none), raw bytes."""
        headers = {"Authorization": f"Bearer {self.gateway.tokens[token]}", **given.pop("headers", {})}
        address = self.gateway.server.make_url("/v1").with_path(f"/v1{path}") if "?" not in path else None
        if address is None:
            from yarl import URL

            address = URL(f"{self.gateway.server.make_url('/')}v1{path}", encoded=True)
        async with self.gateway.session.request(method, address, headers=headers, **given) as answer:
            raw = await answer.read()
            is_json = answer.content_type == "application/json"
            return answer.status, orjson.loads(raw) if is_json else None, raw

    async def post(self, path: str, body: Any = None, **given: Any) -> Any:
        """The envelope of an answer."""
        _, found, raw = await self.ask("POST", path, **({"json": body} if body is not None else {}), **given)
        assert found is not None, raw
        return found

    async def upload(self, content: bytes, query: str = "", file: str = "breast.csv", **fields: Any) -> Any:
        """Send a file as a form."""
        form = aiohttp.FormData()
        for name, value in fields.items():
            form.add_field(name, str(value))
        form.add_field("file", content, filename=file, content_type="application/octet-stream")
        return await self.post(f"/data/upload{query}", data=form)


@pytest.fixture
async def site(gateway: Any, tmp_path: Path) -> AsyncIterator[Site]:
    """Party 9999 with its real operations; party 10000 is registered and away."""
    assert (await gateway.hello("9999", components=BUILT_IN)).status == 200
    workdir = Workdir(tmp_path / "party", "9999")
    workdir.prepare()
    allowed = tmp_path / "allowed"
    allowed.mkdir()
    lock = Lock()
    ops = {
        **make_read_ops(workdir),
        **make_table_ops(workdir),
        **make_file_ops(workdir, Roots((allowed,)), lambda args, body: put_table(workdir, args, body, lock=lock)),
    }
    orders = Orders(knock=lambda _knocks: None, stop=lambda *_stop: None)
    url = make_url(str(gateway.server.make_url("/")), takes_knocks=False)
    channel = Channel(url, gateway.tokens["worker-9999"], orders=orders, ops=ops)
    running = asyncio.create_task(channel.run())
    async with asyncio.timeout(5):
        while not channel.is_connected:
            await asyncio.sleep(0.01)
    yield Site(gateway, workdir, allowed)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
