"""Which ports of this machine are free, and whose they are. Source of the tables: proc(5), /proc/net/tcp."""

import os
import socket
from pathlib import Path
from typing import Final

_TABLES: Final = ("/proc/net/tcp", "/proc/net/tcp6")
_ADDRESS, _INODE = 1, 9
_NOBODY: Final = "0"
"""The inode of a connection that is over and only waits for late packets."""


def pick_port() -> int:
    """A port that is free at the moment at every address of this machine."""
    with socket.create_server(("", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def find_holder(port: int, pid: int) -> bool | None:
    """Whether the port is in the hands of process `pid` (True) or of others (False); None while nobody has it."""
    holders = _list_inodes(port)
    if not holders:
        return None
    return not holders.isdisjoint(_list_sockets(pid))


def _list_inodes(port: int) -> set[str]:
    found = set[str]()
    for table in map(Path, _TABLES):
        lines = table.read_text().splitlines()[1:] if table.exists() else []
        for fields in map(str.split, lines):
            if int(fields[_ADDRESS].rpartition(":")[2], 16) == port and fields[_INODE] != _NOBODY:
                found.add(fields[_INODE])
    return found


def _list_sockets(pid: int) -> set[str]:
    """The inodes of a process's sockets; none where it is gone."""
    found = set[str]()
    try:
        for name in os.listdir(f"/proc/{pid}/fd"):  # noqa: PTH208  asked for every few milliseconds
            target = _read_link(f"/proc/{pid}/fd/{name}")
            if target.startswith("socket:["):
                found.add(target[len("socket:[") : -1])
    except FileNotFoundError:
        return found
    return found


def _read_link(path: str) -> str:
    try:
        return os.readlink(path)  # noqa: PTH115  as above
    except FileNotFoundError:
        return ""  # closed meanwhile
