"""Messages that have come from one peer: put together, kept in memory or in a file, handed to who waits."""

import itertools
import mmap
import os
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from scheduler.domain.frames import CHUNK_BYTES, WINDOW_BYTES
from workers.exchange.port import Bytes, OnMessage
from workers.exchange.stream import FRAME_COST, StreamError

MAX_MESSAGE_BYTES: Final = 8 << 30
MEMORY_BYTES: Final = 128 << 20
"""A larger message goes through a file even where somebody waits for it, and is handed over as its mapping."""
SPILL_LIMIT_BYTES: Final = 16 << 30
"""What one peer may put into files here before it has to wait; unread messages beyond it stop the sender."""

Key = tuple[str, int]
_waits = itertools.count(1)


@dataclass(slots=True, eq=False)
class Wait:
    """Somebody waits for message `key`; `number` tells this wait from every other."""

    key: Key
    on_message: OnMessage
    since: float
    deadline: float
    number: int = field(default_factory=lambda: next(_waits))

    @property
    def text(self) -> str:
        """The message in words."""
        return f"message {self.key[0]!r} of round {self.key[1]}"


@dataclass(slots=True)
class Arrival:
    """A message, arriving or complete: its bytes lie in `memory`, or in the file `path`.

    `cost` is what it holds of the window; a spilled one holds nothing.
    """

    key: Key
    size: int
    memory: bytearray | None
    path: Path | None
    filled: int = 0
    cost: int = 0

    def write(self, piece: memoryview) -> None:
        """Add the next piece."""
        if self.filled + len(piece) > self.size:
            raise StreamError("a message is longer than it said")
        if self.memory is not None:
            self.memory[self.filled : self.filled + len(piece)] = piece
        elif self.path is not None:
            with self.path.open("ab") as file:  # which writes all of it or raises: unbuffered, it may write less
                file.write(piece)
        self.filled += len(piece)

    def read(self) -> Bytes:
        """The whole message; its file has no name afterwards and is gone with the last reference."""
        if self.memory is not None or self.path is None:
            return self.memory or b""
        with self.path.open("rb", buffering=0) as file:
            content = memoryview(mmap.mmap(file.fileno(), self.size, access=mmap.ACCESS_READ))
        self.path.unlink()
        return content

    def discard(self) -> None:
        """Nobody wants it: remove its file."""
        if self.path is not None:
            self.path.unlink(missing_ok=True)


class Inbox:
    """The messages of one peer by name and round; `consume` is told what leaves the window.

    A message that somebody waits for goes straight to memory; another one of more than a chunk goes to a
    file under `folder`, so that two parties which first send and then receive do not block each other.
    """

    def __init__(self, folder: Path, consume: Callable[[int], None]) -> None:
        self._folder = folder
        self._consume = consume
        self._arriving: Arrival | None = None
        self._ready: dict[Key, deque[Arrival]] = {}
        self._waits: dict[Key, deque[Wait]] = {}
        self._spilled = 0
        self._held = 0
        self._is_closed = False
        self._files = itertools.count(1)

    @property
    def waits(self) -> list[Wait]:
        """Everybody who waits, in no order."""
        return [wait for queue in self._waits.values() for wait in queue]

    @property
    def has_waits(self) -> bool:
        """Whether anybody waits."""
        return bool(self._waits)

    def start(self, key: Key, size: int, piece: memoryview) -> None:
        """The first piece of message `key`, which has `size` bytes in all."""
        if self._arriving is not None:
            raise StreamError("a message began before the last one was complete")
        if not 0 <= size <= MAX_MESSAGE_BYTES:
            raise StreamError(f"a message of {size} bytes is over the limit of {MAX_MESSAGE_BYTES}")
        is_wanted = (key in self._waits and size <= MEMORY_BYTES) or size <= CHUNK_BYTES
        memory = bytearray(size) if is_wanted and not self._is_closed else None
        path = None if is_wanted or self._is_closed else self._make_file()
        self._arriving = Arrival(key=key, size=size, memory=memory, path=path)
        self.add(piece)

    def add(self, piece: memoryview) -> None:
        """The next piece of the message that is arriving."""
        message = self._arriving
        if message is None:
            raise StreamError("a piece came without its message")
        cost = len(piece) + FRAME_COST
        if self._held + cost > WINDOW_BYTES:
            raise StreamError(f"it sent more than the window of {WINDOW_BYTES} bytes")
        message.write(piece)
        self._held += cost
        message.cost += cost
        if message.filled == message.size:
            self._arriving = None
            self._complete(message)
        elif message.key in self._waits or self._may_spill(message):
            self._release(message)

    def _complete(self, message: Arrival) -> None:
        if self._is_closed:
            self._release(message)
            message.discard()
        elif message.key in self._waits:
            self._deliver(message)
        else:
            if message.path is not None:
                self._spilled += message.size
            if self._may_spill(message):
                self._release(message)
            self._ready.setdefault(message.key, deque()).append(message)

    def _may_spill(self, message: Arrival) -> bool:
        """Whether the message's bytes are out of memory and within what files may take."""
        in_file = message.path is not None and self._spilled <= SPILL_LIMIT_BYTES
        return in_file or self._is_closed

    def _release(self, message: Arrival) -> None:
        cost, message.cost = message.cost, 0
        self._held -= cost
        self._consume(cost)

    def _deliver(self, message: Arrival) -> None:
        queue = self._waits[message.key]
        wait = queue.popleft()
        if not queue:
            del self._waits[message.key]
        self._release(message)
        try:
            content = message.read()
        except (OSError, ValueError) as wrong:  # what mmap says of a file that is too short is a ValueError
            wait.on_message(b"", f"{wait.text} came, but cannot be read from this party's disk: {wrong}")
            return
        wait.on_message(content, "")

    def want(self, wait: Wait) -> bool:
        """Hand over the message if it is here (True), else remember who waits."""
        queue = self._ready.get(wait.key)
        self._waits.setdefault(wait.key, deque()).append(wait)
        if not queue:
            if self._arriving is not None and self._arriving.key == wait.key:
                self._release(self._arriving)
            return False
        message = queue.popleft()
        if not queue:
            del self._ready[wait.key]
        if message.path is not None:
            self._spilled -= message.size
        self._deliver(message)
        return True

    def fail_waits(self, reason: str, *, until: float | None = None, number: int | None = None) -> None:
        """Answer with `reason`: everybody, or those whose deadline is before `until`, or wait `number`."""
        for wait in self.waits:
            if until is not None and wait.deadline > until:
                continue
            if number is not None and wait.number != number:
                continue
            queue = self._waits[wait.key]
            queue.remove(wait)
            if not queue:
                del self._waits[wait.key]
            wait.on_message(b"", f"{wait.text} cannot come: {reason}")

    def close(self) -> None:
        """The task has ended: forget messages and waits, and let everything that still comes pass."""
        self._is_closed = True
        self._waits.clear()
        for message in (message for queue in self._ready.values() for message in queue):
            self._release(message)
            message.discard()
        self._ready.clear()
        if self._arriving is not None:
            self._release(self._arriving)
            self._arriving.discard()
            self._arriving.memory = self._arriving.path = None

    def _make_file(self) -> Path:
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{next(self._files)}.part"
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600))
        return path
