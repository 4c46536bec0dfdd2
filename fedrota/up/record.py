"""The record of what runs: written by `up` at every change, read by `ps` and `down`."""

import json
import time
from dataclasses import asdict, dataclass

import psutil

from fedrota.up.errors import UpError
from fedrota.up.folder import StateFolder, write_private
from fedrota.up.spawn import kill_all, list_descendants


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessRecord:
    """One process as `up` last saw it; times are seconds since the epoch, `pid` is 0 when it does not run."""

    name: str
    kind: str
    note: str
    pid: int
    created: float
    state: str
    restarts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One run of `up`."""

    pid: int
    created: float
    phase: str
    """starting, ready or stopping."""
    url: str
    flower_url: str
    processes: tuple[ProcessRecord, ...]


def write_record(folder: StateFolder, record: Record) -> None:
    """Replace the record."""
    write_private(folder.record, json.dumps(asdict(record), indent=2))


def find_record(folder: StateFolder) -> Record | None:
    """The last record, whether or not its `up` still runs; None also for one of another release, or cut off.

    UpError where this user may not read it.
    """
    try:
        given = json.loads(folder.record.read_text())
        given["processes"] = tuple(ProcessRecord(**process) for process in given["processes"])
        return Record(**given)
    except (FileNotFoundError, NotADirectoryError, ValueError, TypeError, KeyError):
        return None
    except OSError as wrong:
        raise UpError(f"cannot read {folder.record}: {wrong.strerror}") from wrong


def find_running(folder: StateFolder) -> Record | None:
    """The record of the `up` that runs now."""
    record = find_record(folder)
    return record if record and is_same_process(record.pid, record.created) else None


def is_same_process(pid: int, created: float) -> bool:
    """Whether the process of that start time still runs; pids are used again, start times are not."""
    process = find_process(pid, created)
    try:
        return process is not None and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def find_process(pid: int, created: float) -> psutil.Process | None:
    """The process, unless another one has its pid by now."""
    try:
        process = psutil.Process(pid)
        return process if abs(process.create_time() - created) < 1.0 else None
    except psutil.Error:
        return None


def start_time(pid: int) -> float:
    """When the process started, in seconds since the epoch; now, where it has ended already."""
    try:
        return float(psutil.Process(pid).create_time())
    except psutil.Error:
        return time.time()


def kill_leftovers(folder: StateFolder) -> list[str]:
    """Kill what a vanished `up` left running; their names. Call it with the folder's lock held."""
    record = find_record(folder)
    killed = []
    for left in record.processes if record else ():
        process = find_process(left.pid, left.created) if left.pid else None
        if process is not None:
            kill_all([*list_descendants(process), process])
            killed.append(left.name)
    return killed
