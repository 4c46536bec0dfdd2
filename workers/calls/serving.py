"""Answers the gateway's calls over the party channel: each in a thread, bodies in chunks under credit."""

import asyncio
import json
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Condition
from typing import Any, Final

import structlog

from scheduler.domain.errors import BusyError, FedrotaError, NotFoundError, TooLargeError
from scheduler.domain.frames import (
    CALL_CHUNK_BYTES,
    CALL_WINDOW_BYTES,
    CHUNK_BYTES,
    FrameError,
    pack,
    read_number,
    read_text,
    render_failure,
)

log = structlog.get_logger()

MAX_CALLS: Final = 8
MAX_WAITING: Final = 56
"""Calls that wait for one of those to end; the gateway gives each up when it waits too long."""
IDLE_S: Final = 60.0

JsonObject = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What an operation answers; a `body` makes it a streamed answer, its result goes ahead."""

    result: JsonObject = field(default_factory=dict)
    body: Iterator[bytes] | None = None


Op = Callable[[JsonObject, Iterator[bytes]], Answer]
"""An operation: arguments and the call's own body; raises FedrotaError. Runs in a thread, may block."""


class CallEndedError(FedrotaError):
    """Nobody waits for the answer any more."""

    code = "ended"


class Call:
    """One call under way: its body coming in, its credit for chunks going out. Used by loop and thread."""

    def __init__(self, identity: str, write: Callable[[bytes], None]) -> None:
        self.id = identity
        self._write = write
        self._changed = Condition()
        self._chunks: deque[bytes] = deque()
        self._waiting_bytes = 0
        self._next_chunk = 0
        self._is_complete = False
        self._credit = CALL_WINDOW_BYTES
        self._is_over = False

    def add_chunk(self, header: JsonObject, payload: memoryview) -> None:
        """A piece of the body has come; FrameError where the gateway breaks the rules."""
        with self._changed:
            if read_number(header, "n") != self._next_chunk:
                self._is_over = True  # a piece was lost between gateways: the call can only fail
            self._next_chunk += 1
            self._waiting_bytes += len(payload)
            if self._waiting_bytes > CALL_WINDOW_BYTES + CALL_CHUNK_BYTES:
                raise FrameError("more was sent than the window allows")
            self._chunks.append(bytes(payload))
            self._is_complete = header.get("last") is True
            self._changed.notify()

    def add_credit(self, amount: int) -> None:
        """The gateway takes `amount` bytes more."""
        with self._changed:
            self._credit += min(amount, CALL_WINDOW_BYTES)
            self._changed.notify()

    def end(self) -> None:
        """Nobody waits for the answer any more."""
        with self._changed:
            self._is_over = True
            self._changed.notify()

    def read(self) -> Iterator[bytes]:
        """The body of the call, in the thread of the operation."""
        while True:
            with self._changed:
                self._wait(lambda: bool(self._chunks) or self._is_complete)
                if not self._chunks:
                    return
                chunk = self._chunks.popleft()
                self._waiting_bytes -= len(chunk)
            self._write(pack({"t": "credit", "id": self.id, "n": len(chunk)}))
            if chunk:
                yield chunk

    def run(self, op: Op, args: JsonObject) -> bytes:
        """Do the operation and send its body; the frame that ends the call."""
        if self._is_over:
            raise CallEndedError("the call was given up before it began")
        answer = op(args, self.read())
        result = render_result(answer.result)
        if answer.body is None:
            return pack({"t": "reply", "id": self.id, "ok": True}, result)
        self._write(pack({"t": "head", "id": self.id}, result))
        number = 0
        for piece in answer.body:
            for start in range(0, len(piece), CALL_CHUNK_BYTES):
                self._send(number, piece[start : start + CALL_CHUNK_BYTES])
                number += 1
        return pack({"t": "reply", "id": self.id, "ok": True}, b"{}")

    def _send(self, number: int, chunk: bytes) -> None:
        with self._changed:
            self._wait(lambda: self._credit >= len(chunk))
            self._credit -= len(chunk)
        self._write(pack({"t": "chunk", "id": self.id, "n": number, "last": False}, chunk))

    def _wait(self, is_ready: Callable[[], bool]) -> None:
        if not self._changed.wait_for(lambda: self._is_over or is_ready(), IDLE_S) or self._is_over:
            raise CallEndedError("the call was given up")


class Calls:
    """The calls of one connection; `write` sends a frame and belongs to the loop."""

    def __init__(self, ops: Mapping[str, Op], write: Callable[[bytes], None]) -> None:
        self._ops = ops
        self._write = write
        self._threads = ThreadPoolExecutor(MAX_CALLS, thread_name_prefix="call")
        self._calls: dict[str, Call] = {}

    def on_frame(self, header: dict[str, Any], payload: memoryview) -> None:
        """A call, or a chunk, credit or cancel of one."""
        kind, identity = header["t"], read_text(header, "id")
        if kind == "call":
            self._begin(identity, read_text(header, "op"), header.get("args"))
            return
        call = self._calls.get(identity)
        if call is None:
            return
        if kind == "chunk":
            call.add_chunk(header, payload)
        elif kind == "credit":
            call.add_credit(read_number(header, "n"))
        else:
            call.end()

    def _begin(self, identity: str, name: str, args: object) -> None:
        op = self._ops.get(name)
        if op is None:
            self._refuse(identity, NotFoundError("operation", name))
        elif not isinstance(args, dict):
            raise FrameError("'args' is no object")
        elif len(self._calls) >= MAX_CALLS + MAX_WAITING:
            self._refuse(identity, BusyError(f"{len(self._calls)} calls are under way at this party already"))
        else:
            loop = asyncio.get_running_loop()
            write = self._write
            call = Call(identity, lambda frame: _write_from_thread(loop, write, frame))
            self._calls[identity] = call
            future = self._threads.submit(call.run, op, args)
            future.add_done_callback(lambda done: _call_loop(loop, lambda: self._finish(identity, name, done)))

    def _finish(self, identity: str, name: str, done: Future[bytes]) -> None:
        if self._calls.pop(identity, None) is None or done.cancelled():
            return
        error = done.exception()
        if error is None:
            self._write(done.result())
        elif isinstance(error, FedrotaError):
            self._refuse(identity, error)
        else:
            log.error("call_failed", op=name, exc_info=error)
            self._refuse(identity, FedrotaError(f"the party's worker failed to answer {name}; its log says why"))

    def _refuse(self, identity: str, error: FedrotaError) -> None:
        self._write(pack({"t": "reply", "id": identity, **render_failure(error)}))

    def drop_all(self) -> None:
        """The connection has ended, and with it every call."""
        calls, self._calls = self._calls, {}
        for call in calls.values():
            call.end()

    def close(self) -> None:
        """The worker stops."""
        self.drop_all()
        self._threads.shutdown(wait=False, cancel_futures=True)


def render_result(result: JsonObject) -> bytes:
    """The result as the payload of a frame; TooLargeError where it is longer than one."""
    payload = json.dumps(dict(result), allow_nan=False, ensure_ascii=False).encode(errors="replace")
    if len(payload) > CHUNK_BYTES:
        raise TooLargeError(f"the answer has {len(payload)} bytes, at most {CHUNK_BYTES} can be sent; ask for less")
    return payload


def _write_from_thread(loop: asyncio.AbstractEventLoop, write: Callable[[bytes], None], frame: bytes) -> None:
    if not _call_loop(loop, lambda: write(frame)):
        raise CallEndedError("the worker stops")


def _call_loop(loop: asyncio.AbstractEventLoop, action: Callable[[], None]) -> bool:
    """Run `action` on the loop; False where the loop has ended."""
    try:
        loop.call_soon_threadsafe(action)
    except RuntimeError:
        return False
    return True
