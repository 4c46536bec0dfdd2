"""A folder's entries as ls shows them, by descriptor and without following a link."""

import os
import stat
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from workers.calls.safe_open import NOT_THERE

MAX_ENTRIES: Final = 2000
MAX_DEPTH: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A name with what the system says of it."""

    name: str
    stat: os.stat_result


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What `ls` was asked for, and which names it never shows."""

    options: AbstractSet[str]
    hidden: AbstractSet[str]


def list_folder(handle: int, options: AbstractSet[str], hidden: AbstractSet[str]) -> Iterator[str]:
    """The lines of `ls` for an open folder, which is closed; names in `hidden` are left out."""
    left = MAX_ENTRIES
    for line in _walk(handle, ".", Look(options=options, hidden=hidden), MAX_DEPTH if "R" in options else 0):
        left -= 1
        if left < 0:
            yield f"... cut after {MAX_ENTRIES} entries\n"
            return
        yield line


def _walk(handle: int, path: str, look: Look, depth: int) -> Iterator[str]:
    try:
        entries = _sort(_read(handle, look), look.options)
        if "R" in look.options:
            yield f"{path}:\n"
        yield from (_render(entry, look.options) for entry in entries)
        folders = [entry.name for entry in entries if stat.S_ISDIR(entry.stat.st_mode)] if depth else []
        for name in folders:
            inner = _enter(handle, name)
            if inner is not None:
                yield "\n"
                yield from _walk(inner, f"{path}/{name}", look, depth - 1)
    finally:
        os.close(handle)


def _enter(handle: int, name: str) -> int | None:
    """A folder below, None where it is gone or has become a link."""
    try:
        return os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=handle)
    except OSError as wrong:
        if wrong.errno in NOT_THERE:
            return None
        raise


def _read(handle: int, look: Look) -> list[Entry]:
    found: list[Entry] = []
    with os.scandir(handle) as entries:
        for entry in entries:
            if entry.name in look.hidden or (entry.name.startswith(".") and "a" not in look.options):
                continue
            try:
                found.append(Entry(name=entry.name, stat=entry.stat(follow_symlinks=False)))
            except FileNotFoundError:
                continue
            if len(found) > MAX_ENTRIES:
                break
    return found


def _sort(entries: list[Entry], options: AbstractSet[str]) -> list[Entry]:
    by_name = sorted(entries, key=lambda entry: entry.name)
    if "S" in options:
        return sorted(by_name, key=lambda entry: -entry.stat.st_size)
    if "t" in options or ("u" in options and "l" not in options):
        return sorted(by_name, key=lambda entry: -_time_of(entry, options))
    return by_name


def _time_of(entry: Entry, options: AbstractSet[str]) -> float:
    return entry.stat.st_atime if "u" in options else entry.stat.st_mtime


def _render(entry: Entry, options: AbstractSet[str]) -> str:
    shown = entry.name.encode(errors="replace").decode(errors="replace")
    if "l" not in options:
        return f"{shown}\n"
    at = datetime.fromtimestamp(_time_of(entry, options), UTC)
    return f"{stat.filemode(entry.stat.st_mode)} {entry.stat.st_nlink:3d} {entry.stat.st_size:10d} {at:%Y-%m-%d %H:%M} {shown}\n"
