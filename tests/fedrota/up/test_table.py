"""What `fedrota ps` shows."""

import os

from fedrota.up.record import ProcessRecord, Record, start_time
from fedrota.up.table import COLUMNS, list_cells, rows_of

ME = os.getpid()


def record_of(*processes):
    return Record(pid=ME, created=start_time(ME), phase="ready", url="u", flower_url="", processes=processes)


def process_of(pid, created, state="ready"):
    return ProcessRecord(
        name="worker.1", kind="worker", note="guest", pid=pid, created=created, state=state, restarts=3
    )


def test_a_row_tells_pid_state_restarts_uptime_and_memory():
    up, worker = rows_of(record_of(process_of(ME, start_time(ME))))
    assert (up["process"], worker["process"]) == ("up", "worker.1")
    assert (worker["pid"], worker["state"], worker["restarts"], worker["note"]) == (ME, "ready", 3, "guest")
    assert worker["uptime_s"] > 0
    assert 10 << 20 < worker["memory_bytes"] < 4 << 30


def test_a_process_that_is_gone_is_called_so():
    _, worker = rows_of(record_of(process_of(999_999, 0.0)))
    assert (worker["pid"], worker["state"], worker["memory_bytes"]) == (0, "gone", 0)


def test_a_crashed_process_is_called_so():
    _, worker = rows_of(record_of(process_of(0, 0.0, "crashed")))
    assert worker["state"] == "crashed"


def test_the_table_shows_all_of_it():
    _, worker = list_cells(record_of(process_of(ME, start_time(ME))))
    assert len(worker) == len(COLUMNS)
    assert worker[:4] == ["worker.1", str(ME), "[green]ready[/]", "3"]
    assert worker[5].endswith(" MiB")
    assert worker[6] == "guest"
