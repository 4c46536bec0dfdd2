"""A proxy between the clients and the gateway that notes each request and its outcome, by client."""

import asyncio
import json
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Self

import aiohttp
from aiohttp import web
from yarl import URL

HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "te", "upgrade", "proxy-connection", "content-length"}


@dataclass
class Recorder:
    """One port for each client; what passes through is in `seen` as (method, path, HTTP status, retcode or None)."""

    gateway: str
    labels: Iterable[str]
    ports: dict[str, int] = field(default_factory=dict)
    seen: dict[str, list[tuple[str, str, int, int | None]]] = field(default_factory=dict)

    def __enter__(self) -> Self:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._open(), self._loop).result(20)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(20)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(20)
        self._loop.close()

    async def _open(self) -> None:
        self._session = aiohttp.ClientSession(auto_decompress=False, timeout=aiohttp.ClientTimeout(total=100))
        self._runners = []
        for label in self.labels:
            self.seen[label] = []
            app = web.Application(client_max_size=1 << 28)
            app.router.add_route("*", "/{rest:.*}", self._make_handler(label))
            runner = web.AppRunner(app, access_log=None)
            await runner.setup()
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            self.ports[label] = runner.addresses[0][1]
            self._runners.append(runner)

    async def _close(self) -> None:
        await self._session.close()
        for runner in self._runners:
            await runner.cleanup()

    def _make_handler(self, label: str) -> Any:
        async def handle(request: web.Request) -> web.Response:
            # A client that was told of a proxy sends the whole address on the request line.
            target = "/" + request.raw_path.split("/", 3)[3] if "://" in request.raw_path[:8] else request.raw_path
            headers = [(key, value) for key, value in request.headers.items() if key.lower() not in HOP_BY_HOP]
            kept = [(key, value) for key, value in headers if key.lower() != "host"]
            body = await request.read()
            url = URL(self.gateway + target, encoded=True)
            async with self._session.request(
                request.method, url, headers=kept, data=body or None, skip_auto_headers=("Content-Type", "User-Agent")
            ) as answer:
                raw = await answer.read()
                passed = {key: value for key, value in answer.headers.items() if key.lower() not in HOP_BY_HOP}
                note = (request.method, URL(target, encoded=True).path, answer.status, find_retcode(answer, raw))
                self.seen[label].append(note)
                return web.Response(status=answer.status, body=raw, headers=passed)

        return handle


def find_retcode(answer: aiohttp.ClientResponse, raw: bytes) -> int | None:
    """The outcome inside a JSON answer, or None where the answer is a file."""
    if answer.content_type != "application/json":
        return None
    found = json.loads(raw)
    return found.get("retcode", found.get("code")) if isinstance(found, dict) else None
