"""What `fedrota ps` shows."""

import os
from dataclasses import replace

import pytest

from fedrota.up.folder import StateFolder
from fedrota.up.record import ProcessRecord, Record, start_time
from fedrota.up.table import COLUMNS, find_offline, list_cells, rows_of

ME = os.getpid()
OFFLINE_REASON = "no worker has called since it was registered"


def record_of(*processes):
    return Record(pid=ME, created=start_time(ME), phase="ready", url="u", flower_url="", processes=processes)


def process_of(pid, created, state="ready"):
    return ProcessRecord(
        name="worker.1", kind="worker", note="guest", pid=pid, created=created, state=state, restarts=3
    )


def test_a_row_tells_pid_state_restarts_uptime_and_memory():
    up, worker = rows_of(record_of(process_of(ME, start_time(ME))), {})
    assert (up["process"], worker["process"]) == ("up", "worker.1")
    assert (worker["pid"], worker["state"], worker["restarts"], worker["note"]) == (ME, "ready", 3, "guest")
    assert worker["uptime_s"] > 0
    assert 10 << 20 < worker["memory_bytes"] < 4 << 30


def test_a_process_that_is_gone_is_called_so():
    _, worker = rows_of(record_of(process_of(999_999, 0.0)), {})
    assert (worker["pid"], worker["state"], worker["memory_bytes"]) == (0, "gone", 0)


def test_a_crashed_process_is_called_so():
    _, worker = rows_of(record_of(process_of(0, 0.0, "crashed")), {})
    assert worker["state"] == "crashed"


def test_the_table_shows_all_of_it():
    _, worker = list_cells(record_of(process_of(ME, start_time(ME))), {})
    assert len(worker) == len(COLUMNS)
    assert worker[:4] == ["worker.1", str(ME), "[green]ready[/]", "3"]
    assert worker[5].endswith(" MiB")
    assert worker[6] == "guest"


@pytest.mark.parametrize(("state", "shown"), [("ready", "offline"), ("pausing", "pausing")])
def test_a_worker_that_the_gateway_does_not_hear_is_not_ready(state, shown):
    _, worker = rows_of(record_of(process_of(ME, start_time(ME), state)), {"worker.1": "offline: never heard of"})
    assert worker["state"] == shown
    assert ("never heard of" in worker["note"]) == (shown == "offline")


def test_the_gateway_tells_which_workers_it_does_not_hear(gateway, tmp_path):
    folder = StateFolder(tmp_path)
    record = replace(record_of(), url=os.environ["FEDROTA_URL"])
    assert find_offline(record, folder) == {}, "there is no token to ask with"
    folder.token.write_text("frt_1_secret\n")
    (reason,) = find_offline(record, folder).items()
    assert reason == ("worker.10000", f"{OFFLINE_REASON}; see {tmp_path}/log/worker.10000.log")
    assert gateway.last.headers["Authorization"] == "Bearer frt_1_secret"
    assert find_offline(replace(record, url="http://127.0.0.1:1"), folder) == {}
