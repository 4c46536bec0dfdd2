"""How the processes are heard: lines with a coloured prefix on the terminal, the bare lines in a log file each."""

import re
import sys
import threading
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Final, TextIO

COLOURS: Final = (36, 33, 35, 32, 34, 96, 93, 95, 92, 94)
ALARM: Final = 31
TAIL_LINES: Final = 20
LARGEST_LOG: Final = 10 << 20
_ESCAPES: Final = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Voice:
    """One process's lines: to the terminal, to its file, and the last few kept for a post-mortem."""

    def __init__(self, name: str, *, file: Path, terminal: "Terminal") -> None:
        self.name = name
        self.file = file
        self._terminal = terminal
        self._colour = terminal.next_colour()
        self._tail: deque[str] = deque(maxlen=TAIL_LINES)
        self._rest = ""
        self._is_kept = True

    def hear(self, chunk: bytes) -> None:
        """Take in what the process wrote, in whatever pieces it comes."""
        *lines, self._rest = (self._rest + chunk.decode("utf-8", "replace")).split("\n")
        self._write(lines)

    def end(self) -> None:
        """Write out a last line that lacks its end."""
        if self._rest:
            self._write([self._rest])
        self._rest = ""

    @property
    def tail(self) -> list[str]:
        """The last lines, oldest first."""
        return list(self._tail)

    def _write(self, lines: list[str]) -> None:
        if not lines:
            return
        plain = [_ESCAPES.sub("", line.rstrip("\r")) for line in lines]
        self._tail.extend(plain)
        self._keep(plain)
        for line in plain:
            self._terminal.show(self.name, line, colour=self._colour)

    def _keep(self, lines: list[str]) -> None:
        """Add to the file; where that fails the terminal is told, since whoever is not heard out breaks on its pipe."""
        try:
            if self.file.exists() and self.file.stat().st_size > LARGEST_LOG:
                self.file.replace(self.file.with_suffix(".log.1"))
            with self.file.open("a", encoding="utf-8") as file:
                file.writelines(f"{line}\n" for line in lines)
            self._is_kept = True
        except OSError as wrong:
            if self._is_kept:
                self._terminal.show(self.name, f"[up] lines are missing in {self.file}: {wrong.strerror}", colour=ALARM)
            self._is_kept = False


@dataclass(slots=True)
class Terminal:
    """Where prefixed lines go; silent when `quiet`, so that something else may own the screen.

    A line that cannot be written is lost here and stands in its process's file: a window that was closed, a full
    disk or a reader that has left keeps nobody from running, or from stopping in order.
    """

    quiet: bool = False
    stream: TextIO = field(default_factory=lambda: sys.stderr)
    coloured: bool = False
    width: int = 12
    reader_left: bool = False
    """Whether the other end of the pipe was closed, as `head` does."""
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _turns: "count[int]" = field(default_factory=count)

    def next_colour(self) -> int:
        """Colours in turn, so that neighbours differ."""
        return COLOURS[next(self._turns) % len(COLOURS)]

    def show(self, name: str, line: str, *, colour: int = 0) -> None:
        """Write one line under the process's name."""
        if self.quiet:
            return
        prefix = f"{name:<{self.width}} |"
        if self.coloured and colour:
            prefix = f"\x1b[{colour}m{prefix}\x1b[0m"
        with self._lock, suppress(OSError):
            try:
                self.stream.write(f"{prefix} {line}\n")
                self.stream.flush()
            except BrokenPipeError:
                self.reader_left = self.quiet = True
