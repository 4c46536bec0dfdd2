"""The worker's end of one task process: its link, its output, its exit."""

import json
import os
import socket
from collections import deque
from signal import Signals
from typing import Any, Protocol

import orjson
import structlog

from workers.exchange.port import Bytes
from workers.executors.attempt_log import AttemptLog
from workers.executors.loop import ExecutorLoop
from workers.processes.kernel import find_birth, kill_tree, list_descendants, signal_quietly
from workers.processes.link import (
    FrameReader,
    Header,
    LinkClosedError,
    LinkError,
    decode_header,
    encode_header,
    pack_head,
)

log = structlog.get_logger(__name__)

_LOG_CHUNK = 1 << 16


class Listener(Protocol):
    """Who is told what a process does."""

    def on_frame(self, header: Header, payload: bytearray) -> None:
        """The process said something."""

    def on_born(self, pid: int) -> None:
        """It has got its number."""

    def on_exit(self, code: int | None) -> None:
        """It is gone: exit status, negative signal number, or None where nobody knows."""


class Process:
    """A process of the nursery; every method only in the loop's thread."""

    def __init__(self, loop: ExecutorLoop, link: socket.socket, output: int) -> None:
        self._loop = loop
        self._link = link
        self._output = output
        self._reader = FrameReader(decode=_decode)
        self._unsent: deque[memoryview] = deque()
        self.pid: int | None = None
        self.birth = 0
        """When it was born, as `find_birth` tells: asked once, not for each of its tasks."""
        self.listener: Listener | None = None
        self.log: AttemptLog | None = None
        self.is_gone = False
        self._is_closed = False
        self._is_blocked = False
        link.setblocking(False)  # noqa: FBT003
        os.set_blocking(output, False)
        loop.aio.add_reader(link, self._on_link)
        loop.aio.add_reader(output, self._on_output)

    def send(self, header: Header, *parts: Bytes) -> None:
        """Send one frame, now or as soon as the process reads; nothing where it is gone."""
        if self._is_closed:
            return
        sizes = [memoryview(part).nbytes for part in parts]
        was_waiting = bool(self._unsent)
        self._unsent.append(memoryview(pack_head(header, sum(sizes), encode=_encode)))
        self._unsent.extend(memoryview(part).cast("B") for part in parts if memoryview(part).nbytes)
        if not was_waiting:
            self._flush()

    def _flush(self) -> None:
        try:
            while self._unsent:
                sent = self._link.send(self._unsent[0])
                if sent < len(self._unsent[0]):
                    self._unsent[0] = self._unsent[0][sent:]
                else:
                    self._unsent.popleft()
        except BlockingIOError:
            self._loop.aio.add_writer(self._link, self._flush)
            self._is_blocked = True
            return
        except OSError:
            self._unsent.clear()  # it is ending; its exit tells the rest
        if self._is_blocked:
            self._loop.aio.remove_writer(self._link)
            self._is_blocked = False

    def pause(self, pause_s: float) -> None:
        """Do not listen for a while: the process says more than can be passed on."""
        self._loop.aio.remove_reader(self._link)
        self._loop.later(pause_s, self._resume)

    def _resume(self) -> None:
        if not self._is_closed:
            self._loop.aio.add_reader(self._link, self._on_link)

    def _on_link(self) -> None:
        if not self._read_link():
            self._loop.aio.remove_reader(self._link)

    def _read_link(self) -> bool:
        """Pass on what the process said; False where there is nothing more to come."""
        try:
            frames = self._reader.fill(self._link)
        except BlockingIOError:
            return True
        except (LinkClosedError, OSError):
            return False
        except LinkError as wrong:
            log.warning("process_talks_nonsense", pid=self.pid, reason=str(wrong))
            self.kill()
            return False
        for header, payload in frames:
            if self.listener is not None:
                self.listener.on_frame(header, payload)
        return True

    def _on_output(self) -> None:
        self._read_output()

    def _read_output(self) -> bool:
        """Move one chunk of output into the log; False where there is none now. The pipe must be open."""
        try:
            piece = os.read(self._output, _LOG_CHUNK)
        except BlockingIOError:
            return False
        if not piece:
            self._loop.aio.remove_reader(self._output)
            return False
        if self.log is not None:
            self.log.write(piece)
        return True

    def drain_output(self) -> None:
        """Take what was printed until now: no more than a pipe holds, so that a daemon cannot keep us."""
        for _ in range(32):
            if self._is_closed or not self._read_output():
                break

    def born(self, pid: int) -> None:
        """The nursery says that the process has got its number."""
        self.pid, self.birth = pid, find_birth(pid) or 0
        if self.listener is not None:
            self.listener.on_born(pid)

    def exited(self, code: int | None) -> None:
        """The nursery says that the process has ended."""
        self.is_gone = True
        if not self._is_closed:
            while self._reader_has_more():
                continue
            self.drain_output()
        listener, self.listener = self.listener, None
        self.close()
        if listener is not None:
            listener.on_exit(code)

    def _reader_has_more(self) -> bool:
        """Read what it said before it ended; it may have been a lot."""
        try:
            frames = self._reader.fill(self._link)
        except (LinkError, OSError):
            return False
        for header, payload in frames:
            if self.listener is not None:
                self.listener.on_frame(header, payload)
        return True

    def close(self) -> None:
        """Let go of the descriptors; a process that reads its link then ends by itself."""
        if self._is_closed:
            return
        self._is_closed = True
        self._loop.aio.remove_reader(self._link)
        self._loop.aio.remove_writer(self._link)
        self._loop.aio.remove_reader(self._output)
        self._link.close()
        os.close(self._output)

    def signal_all(self, number: Signals) -> None:
        """Send a signal to the process and to everything below it."""
        if self.pid is not None and not self.is_gone:
            for pid in (self.pid, *list_descendants(self.pid)):
                signal_quietly(pid, number)

    def signal(self, number: Signals) -> None:
        """Send a signal to the process alone."""
        if self.pid is not None and not self.is_gone:
            signal_quietly(self.pid, number)

    def kill(self) -> None:
        """Kill the process and everything below it; `on_exit` follows."""
        if self.pid is not None and not self.is_gone:
            self._loop.aside(kill_tree, self.pid, then=lambda _none: None)


def _encode(header: Header) -> bytes:
    """Many times as fast; what it refuses, as text that is no UTF-8 in an environment, goes the other way."""
    try:
        return orjson.dumps(header)
    except TypeError:
        return encode_header(header)


def _decode(raw: bytes) -> Any:
    """The other way is for numbers that JSON does not have and Python writes: NaN and the infinite ones.

    And for text that is no UTF-8, which no report could carry: what is none in it becomes a question mark.
    """
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        sound = json.dumps(decode_header(raw), ensure_ascii=False).encode(errors="replace")
    try:
        return orjson.loads(sound)
    except orjson.JSONDecodeError:
        return decode_header(sound)
