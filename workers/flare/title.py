"""What `ps` shows of a forked process, which else would look like the process that it was forked from."""

import ctypes
from pathlib import Path
from typing import Final

_ARG_START: Final = 45
"""Index of arg_start in /proc/self/stat after the name; arg_end follows. Source: proc(5)."""


def set_title(text: str) -> None:
    """Show `text` as this process's command line, cut to the room that the present one takes."""
    fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
    start, end = int(fields[_ARG_START]), int(fields[_ARG_START + 1])
    room = end - start - 1
    ctypes.memmove(start, text.encode(errors="replace")[:room].ljust(room, b"\0"), room)
