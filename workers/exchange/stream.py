"""A pair's numbered frames in both directions: window, acknowledgement, sending again, dropping repeats."""

import json
import struct
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from scheduler.domain.frames import CHUNK_BYTES, WINDOW_BYTES
from workers.exchange.port import OnSent

FRAME_COST: Final = 128
"""What a frame counts beside its bytes, so that many tiny messages are bounded too."""

START: Final = b"M"
MORE: Final = b"+"
FIN: Final = b"F"
_HEAD: Final = struct.Struct(">I")


class StreamError(Exception):
    """The peer broke the stream's rules, although its frames are authentic."""


@dataclass(slots=True)
class Outgoing:
    """A message on its way out; a fin is one with empty `name` that carries the outcome as payload."""

    name: str
    round: int
    payload: memoryview
    on_done: OnSent
    is_fin: bool = False
    offset: int = 0
    ends_at: int = 0
    """What the stream has cost when this message is sent."""
    is_answered: bool = False

    def next_plain(self) -> bytes:
        """The plain text of the next frame, without moving on."""
        if self.is_fin:
            return FIN + bytes(self.payload)
        piece = self.payload[self.offset : self.offset + CHUNK_BYTES]
        if self.offset:
            return MORE + piece
        head = json.dumps([self.name, self.round, len(self.payload)]).encode()
        return b"".join((START, _HEAD.pack(len(head)), head, piece))

    def cost(self) -> int:
        """What the next frame takes of the window; ends of streams always fit."""
        if self.is_fin:
            return 0
        return min(CHUNK_BYTES, len(self.payload) - self.offset) + FRAME_COST

    def total_cost(self) -> int:
        """What the whole message takes of the window."""
        frames = max(1, -(-len(self.payload) // CHUNK_BYTES))
        return 0 if self.is_fin else len(self.payload) + frames * FRAME_COST

    def answer(self, reason: str) -> None:
        """Tell the sender, once."""
        if not self.is_answered:
            self.is_answered = True
            self.on_done(reason)

    def advance(self) -> bool:
        """Move past the next frame; True where it was the last one."""
        self.offset += CHUNK_BYTES
        return self.is_fin or self.offset >= len(self.payload)


class Outbound:
    """What is sent to the peer: kept until acknowledged, never more than the window the peer grants.

    `seal` makes frame number n of a plain text; `write` hands a frame to the channel.
    """

    def __init__(self, seal: Callable[[int, bytes], bytes], write: Callable[[bytes], None]) -> None:
        self._seal = seal
        self._write = write
        self._queue: deque[Outgoing] = deque()
        self._kept: deque[bytes] = deque()
        self._first = 1
        self._cursor = 1
        self._next = 1
        self._spent = 0
        self._asked = 0
        self._limit = WINDOW_BYTES

    @property
    def sent_up_to(self) -> int:
        """The number of the last frame handed to the channel since the last rewind."""
        return self._cursor - 1

    @property
    def frames(self) -> int:
        """How many frames were made."""
        return self._next - 1

    @property
    def is_untouched(self) -> bool:
        """Whether no frame was ever made."""
        return self._next == 1

    @property
    def has_unacknowledged(self) -> bool:
        """Whether the peer has not confirmed everything that was made."""
        return self._first < self._next

    @property
    def is_idle(self) -> bool:
        """Whether nothing waits to be sent or confirmed."""
        return not self._queue and not self.has_unacknowledged

    @property
    def is_blocked(self) -> bool:
        """Whether a message waits for room at the peer while nothing is in flight."""
        return bool(self._queue) and not self.has_unacknowledged and not self._fits()

    @property
    def is_waiting_for_room(self) -> bool:
        """Whether a message waits for the peer to take what it has."""
        return bool(self._queue) and not self._fits()

    def put(self, message: Outgoing) -> None:
        """Queue `message`, and answer its sender as soon as all of it is within the window."""
        self._asked += message.total_cost()
        message.ends_at = self._asked
        self._queue.append(message)
        self._answer_buffered()

    def _answer_buffered(self) -> None:
        for message in list(self._queue):
            if message.ends_at > self._limit:
                return
            message.answer("")

    def pump(self, is_writable: Callable[[], bool]) -> None:
        """Send again what the cursor says, then new frames, while the channel and the window take them."""
        while is_writable():
            if self._cursor < self._next:
                self._write(self._kept[self._cursor - self._first])
                self._cursor += 1
            elif not (self._queue and self._fits()):
                return
            else:
                self._make_frame()

    def _fits(self) -> bool:
        return self._spent + self._queue[0].cost() <= self._limit

    def _make_frame(self) -> None:
        message = self._queue[0]
        self._spent += message.cost()
        self._kept.append(self._seal(self._next, message.next_plain()))
        self._next += 1
        if message.advance():
            self._queue.popleft()

    def acknowledge(self, number: int, limit: int) -> bool:
        """The peer has every frame up to `number` and takes `limit` bytes since the beginning.

        True where this frees something.
        """
        is_news = number >= self._first or limit > self._limit
        if number >= self._next or limit > self._spent + WINDOW_BYTES:
            raise StreamError("acknowledged more than was sent")
        while self._first <= number:
            self._kept.popleft()
            self._first += 1
        self._cursor = max(self._cursor, self._first)
        self._limit = max(self._limit, limit)
        self._answer_buffered()
        return is_news

    def rewind(self) -> None:
        """Send everything again that is not acknowledged."""
        self._cursor = self._first

    def drop_queue(self, reason: str, *, is_final: bool = False) -> None:
        """Answer all waiting senders with `reason` and forget what was not begun to be sent.

        What was begun is sent to its end, or the peer could not read on; unless nothing follows (`is_final`).
        """
        dropped = list(self._queue)
        self._queue = deque(message for message in dropped if message.offset and not is_final)
        self._asked = max((message.ends_at for message in self._queue), default=self._spent)
        for message in dropped:
            message.answer(reason)

    def forget(self) -> None:
        """Nobody will acknowledge any more: free the memory."""
        self._queue.clear()
        self._kept.clear()
        self._first = self._cursor = self._next


class Inbound:
    """What comes from the peer: in order, each frame once; says when an acknowledgement is due."""

    def __init__(self) -> None:
        self._taken = 0
        self._consumed = 0
        self._reported = 0

    @property
    def number(self) -> int:
        """The last frame taken."""
        return self._taken

    @property
    def limit(self) -> int:
        """How many bytes the peer may have sent in all."""
        return self._consumed + WINDOW_BYTES

    @property
    def is_report_urgent(self) -> bool:
        """Whether the peer may soon run out of window."""
        return self._consumed - self._reported >= CHUNK_BYTES

    def is_next(self, number: int) -> bool:
        """Whether frame `number` is the one to take now."""
        return number == self._taken + 1

    def is_ahead(self, number: int) -> bool:
        """Whether frames before `number` are missing."""
        return number > self._taken + 1

    def take(self) -> None:
        """The next frame was authentic and is taken."""
        self._taken += 1

    def consume(self, cost: int) -> None:
        """Bytes left the memory: their reader has them, or a file."""
        self._consumed += cost

    def report(self) -> dict[str, Any]:
        """The acknowledgement as it stands."""
        self._reported = self._consumed
        return {"a": self._taken, "l": self.limit}


def parse_start(plain: bytes) -> tuple[str, int, int, memoryview]:
    """Name, round, size in bytes and first piece of a message; StreamError where they cannot be."""
    try:
        (length,) = _HEAD.unpack_from(plain, 1)
        name, number, size = json.loads(plain[5 : 5 + length])
    except (struct.error, ValueError, TypeError, RecursionError) as wrong:
        raise StreamError("a message's head cannot be read") from wrong
    if not isinstance(name, str) or not isinstance(number, int) or not isinstance(size, int):
        raise StreamError("a message's head has wrong types")
    return name, number, size, memoryview(plain)[5 + length :]
