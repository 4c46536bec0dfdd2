"""A TCP proxy that breaks what runs through it: cut, black hole, delay, answers that are lost half-way."""

import asyncio
import socket
import struct
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

PIECE = 1 << 16


@dataclass(eq=False)
class Link:
    """One connection through the proxy: the caller's end, the server's end."""

    near: asyncio.StreamWriter
    far: asyncio.StreamWriter
    is_call: bool = False
    """It began with a POST: a plain request, not a channel that stays open."""
    tasks: list["asyncio.Task[None]"] = field(default_factory=list)

    def reset(self) -> None:
        """Tear both ends down with a TCP reset, as a rebooted router does."""
        for task in self.tasks:
            task.cancel()
        for end in (self.near, self.far):
            with suppress(OSError, AttributeError):
                raw = end.get_extra_info("socket")
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            end.transport.abort()


class Proxy:
    """Listens on a port of its own and passes on to `target`; what is asked for may come from any thread."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.port = 0
        self.clipped = 0
        """How many answers were really cut off."""
        self._links: set[Link] = set()
        self._clip: int | None = None
        self._delay_s = 0.0
        self._open = asyncio.Event()
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self._ready.wait(60)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._open.set()
        server = self._loop.run_until_complete(asyncio.start_server(self._accept, "127.0.0.1", 0))
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        server.close()
        for link in list(self._links):
            link.reset()
        left = asyncio.all_tasks(self._loop)
        for task in left:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        self._loop.close()

    def close(self) -> None:
        """End everything."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(60)

    # --- the faults ---

    def cut(self) -> None:
        """Reset every connection; new ones are let through."""
        self._soon(self._cut)

    def clip(self, after_bytes: int) -> None:
        """Reset the next call's connection after so many bytes of its answer: done there, not known here."""
        self._soon(lambda: setattr(self, "_clip", after_bytes))

    def hole(self, for_s: float, *, then_cut: bool) -> None:
        """Pass nothing on for a while; then all that was held, or a reset of everything."""

        async def dig() -> None:
            self._open.clear()
            await asyncio.sleep(for_s)
            if then_cut:
                self._cut()
            self._open.set()

        self._begin(dig())

    def delay(self, each_s: float, for_s: float) -> None:
        """Hold every piece of data for `each_s` during `for_s`."""

        async def slow() -> None:
            self._delay_s = each_s
            await asyncio.sleep(for_s)
            self._delay_s = 0.0

        self._begin(slow())

    def _begin(self, fault: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(fault, self._loop)

    def _soon(self, fault: Callable[[], None]) -> None:
        self._loop.call_soon_threadsafe(fault)

    def _cut(self) -> None:
        for link in list(self._links):
            link.reset()

    # --- passing on ---

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.transport.abort()
            return
        link = Link(near=writer, far=far_writer)
        self._links.add(link)
        link.tasks = [
            asyncio.create_task(self._pass_on(reader, far_writer, link, is_answer=False)),
            asyncio.create_task(self._pass_on(far_reader, writer, link, is_answer=True)),
        ]
        await asyncio.gather(*link.tasks, return_exceptions=True)
        self._links.discard(link)
        for end in (writer, far_writer):
            end.close()

    async def _pass_on(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, link: Link, *, is_answer: bool
    ) -> None:
        with suppress(OSError):
            while piece := await reader.read(PIECE):
                link.is_call = link.is_call or (not is_answer and piece.startswith(b"POST"))
                if self._delay_s:
                    await asyncio.sleep(self._delay_s)
                await self._open.wait()
                if is_answer and link.is_call and self._clip is not None:
                    await self._cut_off(writer, piece)
                    link.reset()
                    return
                writer.write(piece)
                await writer.drain()
            writer.write_eof()

    async def _cut_off(self, writer: asyncio.StreamWriter, piece: bytes) -> None:
        """Pass on the beginning of an answer."""
        wanted, self._clip = self._clip or 0, None
        self.clipped += 1
        if wanted:
            writer.write(piece[:wanted])
            await writer.drain()


@contextmanager
def proxied(target: int) -> Iterator[Proxy]:
    """A proxy for the length of a block."""
    proxy = Proxy(target)
    try:
        yield proxy
    finally:
        proxy.close()
