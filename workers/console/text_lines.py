"""Parts of a text file as cat, head and tail show them; at most so much, and in pieces."""

import os
from collections import deque
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import BinaryIO, Final

MAX_BYTES: Final = 1 << 20
LINES: Final = 10
TAIL_BYTES: Final = 4 << 20
"""The last lines are looked for in so much of the end."""
LINE_BYTES: Final = 64 << 10


def show_file(file: BinaryIO, command: str, options: Mapping[str, int]) -> Iterator[str]:
    """The text of `cat`, `head` or `tail`; closes the file."""
    with file:
        pieces = {"cat": _show_all, "head": _show_first, "tail": _show_last}[command](file, options)
        yield from cap(pieces)


def cap(pieces: Iterator[str]) -> Iterator[str]:
    """The pieces, up to MAX_BYTES characters; a last line says where they were cut."""
    left = MAX_BYTES
    for piece in pieces:
        yield piece[:left]
        left -= len(piece)
        if left <= 0:
            yield f"\n... cut after {MAX_BYTES} characters\n"
            return


def read_lines(file: BinaryIO) -> Iterator[str]:
    """The lines; a very long one comes in pieces."""
    while line := file.readline(LINE_BYTES):
        yield line.decode(errors="replace")


def _show_all(file: BinaryIO, options: Mapping[str, int]) -> Iterator[str]:
    number, was_empty = 0, False
    for line in read_lines(file):
        is_empty = line == "\n"
        if "s" in options and is_empty and was_empty:
            continue
        was_empty = is_empty
        shown = line.replace("\t", "^I") if "T" in options else line
        if "b" in options and is_empty:
            yield shown
        elif "b" in options or "n" in options:
            number += 1
            yield f"{number:6d}\t{shown}"
        else:
            yield shown


def _show_first(file: BinaryIO, options: Mapping[str, int]) -> Iterator[str]:
    if "c" in options:
        yield file.read(min(options["c"], MAX_BYTES + 1)).decode(errors="replace")
        return
    yield from islice(read_lines(file), options.get("n", LINES))


def _show_last(file: BinaryIO, options: Mapping[str, int]) -> Iterator[str]:
    size = os.fstat(file.fileno()).st_size
    if "c" in options:
        wanted = min(options["c"], size, MAX_BYTES)
        file.seek(size - wanted)
        yield file.read(wanted).decode(errors="replace")
        return
    start = max(0, size - TAIL_BYTES)
    file.seek(start)
    if start:
        file.readline(LINE_BYTES)
    # A deque of fewer than no lines is refused; a console that asks for none gets none.
    yield from deque(read_lines(file), maxlen=min(options.get("n", LINES), MAX_BYTES))
