"""What `fedrota ps` shows: each process with its state, uptime and memory."""

import time
from typing import Any, Final

import psutil
from rich.markup import escape

from fedrota.up.record import ProcessRecord, Record, find_process

COLUMNS: Final = ("process", ">pid", "state", ">restarts", ">uptime", ">memory", "~note")
_COLOURS = {"ready": "green", "starting": "yellow", "pausing": "yellow", "stopping": "yellow", "crashed": "red"}


def rows_of(record: Record) -> list[dict[str, Any]]:
    """One JSON object per process, `up` itself first; memory in bytes (on Linux its share of shared pages)."""
    itself = ProcessRecord(
        name="up", kind="up", note="", pid=record.pid, created=record.created, state=record.phase, restarts=0
    )
    return [_row(process, deep=process is not itself) for process in (itself, *record.processes)]


def list_cells(record: Record) -> list[list[str]]:
    """The same for people: a line per process with a cell for each of COLUMNS, as rich markup."""
    return [
        [
            escape(row["process"]),
            str(row["pid"] or "-"),
            f"[{_COLOURS.get(row['state'], 'white')}]{row['state']}[/]",
            str(row["restarts"]),
            _for_people(row["uptime_s"]),
            f"{row['memory_bytes'] / 2**20:.0f} MiB" if row["memory_bytes"] else "-",
            escape(row["note"]),
        ]
        for row in rows_of(record)
    ]


def _row(process: ProcessRecord, *, deep: bool) -> dict[str, Any]:
    found = find_process(process.pid, process.created) if process.pid else None
    return {
        "process": process.name,
        "kind": process.kind,
        "pid": process.pid if found else 0,
        "state": process.state if found or process.state in {"crashed", "pausing", "stopped"} else "gone",
        "restarts": process.restarts,
        "uptime_s": round(time.time() - process.created, 1) if found else 0.0,
        "memory_bytes": _memory(found, deep=deep) if found else 0,
        "note": process.note,
    }


def _memory(process: psutil.Process, *, deep: bool) -> int:
    """Of the process and, if `deep`, of all that it started."""
    try:
        return sum(_own_memory(member) for member in (process, *(process.children(recursive=True) if deep else ())))
    except psutil.NoSuchProcess:
        return 0


def _own_memory(process: psutil.Process) -> int:
    try:
        full = process.memory_full_info()
        return int(getattr(full, "pss", 0) or full.rss)
    except psutil.AccessDenied:
        return int(process.memory_info().rss)
    except psutil.NoSuchProcess:
        return 0


def _for_people(seconds: float) -> str:
    if not seconds:
        return "-"
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h{minutes:02}m" if hours else f"{minutes}m{rest:02}s" if minutes else f"{rest}s"
