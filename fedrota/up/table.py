"""What `fedrota ps` shows: each process with its state, uptime and memory."""

import time
from collections.abc import Mapping
from typing import Any, Final

import psutil
from rich.markup import escape

from fedrota.client import Client
from fedrota.errors import FedrotaError
from fedrota.up.folder import StateFolder
from fedrota.up.record import ProcessRecord, Record, find_process

COLUMNS: Final = ("process", ">pid", "state", ">restarts", ">uptime", ">memory", "~note")
_COLOURS = {
    "ready": "green",
    "starting": "yellow",
    "pausing": "yellow",
    "stopping": "yellow",
    "crashed": "red",
    "offline": "red",
}
_GATEWAY_ANSWERS_S: Final = 2.0


def find_offline(record: Record, folder: StateFolder) -> dict[str, str]:
    """By the names of workers that the gateway does not hear, why; none of them where it cannot be asked."""
    if not record.url or not folder.token.exists():
        return {}
    try:
        with Client(record.url, folder.token.read_text().strip(), timeout_s=_GATEWAY_ANSWERS_S) as client:
            parties = list(client.parties())
    except FedrotaError:
        return {}
    return {
        f"worker.{party.id}": f"{party.reason}; see {folder.logs / f'worker.{party.id}.log'}"
        for party in parties
        if not party.online
    }


def rows_of(record: Record, offline: Mapping[str, str]) -> list[dict[str, Any]]:
    """One JSON object per process, `up` itself first; memory in bytes (on Linux its share of shared pages).

    A worker of `offline` runs, but is not ready.
    """
    itself = ProcessRecord(
        name="up", kind="up", note="", pid=record.pid, created=record.created, state=record.phase, restarts=0
    )
    rows = [_row(process, deep=process is not itself) for process in (itself, *record.processes)]
    for row in rows:
        if row["state"] == "ready" and row["process"] in offline:
            row |= {"state": "offline", "note": f"{row['note']}; {offline[row['process']]}"}
    return rows


def list_cells(record: Record, offline: Mapping[str, str]) -> list[list[str]]:
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
        for row in rows_of(record, offline)
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
