"""The gateway's calls to parties that are not answered yet, and the bodies that stream with them."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from api.bodies import read_json
from scheduler.domain.errors import FedrotaError, UnreachableError
from scheduler.domain.frames import CALL_CHUNK_BYTES, CALL_WINDOW_BYTES, FrameError, parse_failure, read_number


@dataclass(slots=True, eq=False)
class PendingCall:
    """A call to `party` under way: its head, its body as far as it has come, its end."""

    id: str
    party: str
    op: str
    head: Mapping[str, Any] | None = None
    result: Mapping[str, Any] | None = None
    error: Exception | None = None
    credit: int = CALL_WINDOW_BYTES
    place: str | None = None
    """The other gateway that has the party's channel."""
    misses: int = 0
    """How often in a row the channel was not found there."""
    _chunks: deque[bytes] = field(default_factory=deque)
    _waiting_bytes: int = 0
    _next_chunk: int = 0
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def is_over(self) -> bool:
        """Whether the reply is here, or will never come."""
        return self.result is not None or self.error is not None

    def fail(self, error: Exception) -> None:
        """The call ends with `error`, unless it has ended."""
        if not self.is_over:
            self.error = error
        self._changed.set()

    def on_frame(self, header: Mapping[str, Any], payload: memoryview) -> None:
        """A head, chunk, credit or reply; FrameError where the party breaks the rules."""
        kind = header["t"]
        if kind == "head":
            self.head = _read_result(payload)
        elif kind == "chunk":
            self._add_chunk(read_number(header, "n"), payload)
        elif kind == "credit":
            self.credit += min(read_number(header, "n"), CALL_WINDOW_BYTES)
        elif header.get("ok") is True:
            self.result = _read_result(payload)
        else:
            self.fail(self._parse_failure(header))
        self._changed.set()

    def _parse_failure(self, header: Mapping[str, Any]) -> FedrotaError:
        """The party's error; one without a meaning for the caller says at least which party failed."""
        error = parse_failure(header)
        if type(error) is FedrotaError:
            return UnreachableError(self.party, f"party {self.party} could not answer {self.op}: {error.message}")
        return error

    def _add_chunk(self, number: int, payload: memoryview) -> None:
        if number != self._next_chunk:
            self.fail(UnreachableError(self.party, f"a part of the answer of party {self.party} was lost on its way"))
            return
        self._next_chunk += 1
        self._waiting_bytes += len(payload)
        if not payload:
            raise FrameError("an empty chunk")  # it would cost the window nothing, so there could be any number
        if len(payload) > CALL_CHUNK_BYTES or self._waiting_bytes > CALL_WINDOW_BYTES + CALL_CHUNK_BYTES:
            raise FrameError("more was sent than the window allows")
        self._chunks.append(bytes(payload))

    def find_chunk(self) -> bytes | None:
        """The next piece of the body that is here."""
        if not self._chunks:
            return None
        chunk = self._chunks.popleft()
        self._waiting_bytes -= len(chunk)
        return chunk

    async def wait(self, timeout_s: float) -> None:
        """Until something has come; UnreachableError after `timeout_s`."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._changed.wait()
        except TimeoutError:
            raise self._make_silent(timeout_s) from None
        self._changed.clear()

    async def wait_for_reply(self, timeout_s: float) -> Mapping[str, Any]:
        """The result; the party's error or UnreachableError where there is none."""
        try:
            async with asyncio.timeout(timeout_s):
                while not self.is_over:
                    await self._changed.wait()
                    self._changed.clear()
        except TimeoutError:
            raise self._make_silent(timeout_s) from None
        return self.get_result()

    def _make_silent(self, timeout_s: float) -> UnreachableError:
        return UnreachableError(self.party, f"party {self.party} did not answer {self.op} within {timeout_s:g} s")

    def get_result(self) -> Mapping[str, Any]:
        """The result of a call that is over; raises its error."""
        if self.error is not None:
            raise self.error
        return self.result or {}


async def split_body(body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same bytes in pieces that fit a chunk."""
    async for piece in body:
        for start in range(0, len(piece), CALL_CHUNK_BYTES):
            yield piece[start : start + CALL_CHUNK_BYTES]


def _read_result(payload: memoryview) -> Mapping[str, Any]:
    try:
        result = read_json(bytes(payload))
    except ValueError as wrong:
        raise FrameError(f"the result is not JSON that can be told on: {wrong}") from wrong
    if not isinstance(result, dict):
        raise FrameError("the result is no object")
    return result
