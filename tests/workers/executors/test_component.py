import hashlib
import os
import signal
import time
from pathlib import Path

import pytest

from tests.workers.fakes import make_peer, until
from workers.executors.base import Limits
from workers.executors.kernel import find_birth, is_zombie

HOST = (make_peer("h", "host", "10000"),)
GUEST = (make_peer("g", "guest", "9999"),)


def is_alive(pid: int) -> bool:
    return find_birth(pid) is not None and not is_zombie(pid)


def test_a_component_tells_all_while_it_runs_and_leaves_an_output(workshop):
    run = workshop.run("telling")
    ending = run.sink.wait()
    assert ending.outcome == "success"
    assert run.log == "a line\nanother\nmetric loss at step 2 is nan: not finite, so it is not kept\n"
    assert ending.log_size == len(run.log)
    assert [(point.name, point.step, point.value) for point in run.sink.points] == [("loss", 1, 0.5), ("auc", -1, 0.75)]
    assert run.sink.fractions == [0.5, 1.0]
    assert run.sink.summary == {"rows": 3, "nothing": None, "nested": {"a": [1, 0.5]}}
    (output,) = ending.outputs
    assert (output.name, output.kind, output.size, output.facts) == ("model", "model", 7, {"rounds": 4})
    assert output.sha256 == hashlib.sha256(b"weights").hexdigest()
    assert (run.place.outputs / "model").read_text() == "weights"


def test_a_reusable_component_keeps_its_process_and_another_gets_a_new_one(workshop):
    runs = []
    for _ in range(3):
        runs.append(workshop.run("quick"))
        runs[-1].sink.wait()
    pids = {run.log.split()[-1] for run in runs}
    assert len(pids) == 1
    assert not runs[0].place.workdir.exists()  # a task that writes nothing costs no folder
    fresh = [workshop.run("fresh") for _ in range(2)]
    assert len({run.sink.wait() and run.log.split()[0] for run in fresh} | pids) == 3


def test_a_component_works_in_its_own_folder_and_cannot_see_our_packages(workshop):
    run = workshop.run("fresh")
    assert run.sink.wait().outcome == "success"
    assert run.log.split(maxsplit=1)[1] == "True []\n"


@pytest.mark.parametrize(
    ("component", "params", "kind", "message"),
    [
        ("raising", {}, "error", "ValueError: this is not right"),
        ("refusing", {}, "invalid", "column y is missing"),
        ("leaving", {"how": "quietly"}, "exit", "exit status 3"),
        ("leaving", {"how": "segfault"}, "lost", "SIGSEGV"),
        ("leaving", {"how": 4}, "exit", "sys.exit(4)"),
        ("unfinished", {}, "error", "output 'model': no file"),
        ("half", {}, "error", "RuntimeError: in the middle"),
        ("unheard", {}, "invalid", "no component 'unheard'"),
        ("undeclared", {}, "unreachable", "exchange=True"),
    ],
)
def test_every_bad_end_has_a_kind_and_a_reason(workshop, component, params, kind, message):
    run = workshop.run(component, params=params, peers=HOST)
    ending = run.sink.wait()
    assert (ending.outcome, ending.kind) == ("failed", kind), ending
    assert message in ending.message
    assert "\n" not in ending.message
    assert len(run.sink.endings) == 1


def test_an_error_leaves_its_traceback_without_our_frames(workshop):
    run = workshop.run("raising")
    ending = run.sink.wait()
    assert "sample_components.py" in ending.detail
    assert "child.py" not in ending.detail
    assert "Traceback" in run.log


def test_an_output_that_was_begun_by_a_failing_block_is_removed(workshop):
    run = workshop.run("half")
    run.sink.wait()
    assert not (run.place.outputs / "model").exists()


def test_inputs_and_tables_are_found_by_name(workshop, tmp_path):
    (tmp_path / "left").write_text("from before")
    folder = workshop.folder / "tables" / "n"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "there.parquet").write_text("")
    run = workshop.run("reading", inputs={"left": tmp_path / "left"})
    ending = run.sink.wait()
    assert run.sink.summary == {"text": "from before", "right": False, "table": "there.parquet"}
    assert ending.kind == "invalid"
    assert ending.message == "party 9999 has no table 'absent' in namespace 'default'; it has none"


def test_stop_interrupts_a_component_and_one_that_looks_by_itself(workshop):
    for component in ("sleeping", "watching"):
        run = workshop.run(component)
        run.sink.wait_begun()
        time.sleep(0.1)
        started = time.monotonic()
        run.handle.stop(10)
        assert run.sink.wait().kind == "stopped"
        assert time.monotonic() - started < 3
    assert "seen" in run.log


def test_a_component_that_ignores_the_stop_is_killed_after_its_grace(workshop):
    run = workshop.run("deaf")
    until(lambda: "deaf now" in run.log)
    started = time.monotonic()
    run.handle.stop(0.3)
    run.sink.wait()
    assert 0.25 < time.monotonic() - started < 5
    until(lambda: not is_alive(run.sink.pids[0]))


def test_stop_waits_for_a_component_in_the_exchange(workshop):
    run = workshop.run("waiting", params={"name": "nothing"}, peers=HOST, task="g")
    run.sink.wait_begun()
    until(lambda: ("g", "nothing", 0) in workshop.letters.asked)
    run.handle.stop(10)
    assert run.sink.wait().kind == "stopped"
    assert workshop.letters.closed[-1] == ("g", "failed")


@pytest.mark.parametrize("stay", [False, True])
def test_a_daemon_dies_with_the_task_that_made_it(workshop, tmp_path, stay):
    file = tmp_path / "pid"
    run = workshop.run("littering", params={"file": str(file), "stay": stay})
    until(lambda: file.exists() and file.read_text())
    if stay:
        assert is_alive(int(file.read_text()))
        run.handle.kill()
    run.sink.wait()
    until(lambda: not is_alive(int(file.read_text())), patience_s=5)


def test_a_kill_from_outside_is_reported_as_lost(workshop):
    run = workshop.run("sleeping")
    os.kill(run.sink.wait_begun(), signal.SIGKILL)
    ending = run.sink.wait()
    assert (ending.kind, ending.outcome) == ("lost", "failed")
    assert "SIGKILL" in ending.message


@pytest.mark.parametrize("what", ["thread", "process"])
def test_a_reusable_component_that_leaves_something_running_gets_no_second_task(workshop, what):
    first, second = (workshop.run("untidy", params={"what": what}) for _ in range(2))
    assert {first.sink.wait().outcome, second.sink.wait().outcome} == {"success"}
    third = workshop.run("untidy", params={"what": what})
    third.sink.wait()
    assert len({first.log, second.log, third.log}) == 3
    until(lambda: not is_alive(int(first.log)))


def test_a_flood_of_output_is_cut_and_says_so(make_workshop):
    workshop = make_workshop(Limits(log_bytes=1 << 20))
    run = workshop.run("shouting", params={"mib": 200})
    ending = run.sink.wait(60)
    assert ending.outcome == "success"
    assert run.place.log.stat().st_size == ending.log_size < (1 << 20) + 200
    assert "[fedrota] the log is cut here: it reached 1048576 bytes" in run.log[-120:]


def test_limits_of_memory_and_disk_are_named(make_workshop):
    workshop = make_workshop(Limits(memory_bytes=4 << 30, disk_bytes=8 << 20))
    memory = workshop.run("hungry", params={"for": "memory"}).sink.wait()
    assert (memory.kind, "FEDROTA_TASK_MEMORY_BYTES" in memory.message) == ("limit", True)
    disk = workshop.run("hungry", params={"for": "disk"}).sink.wait()
    assert (disk.kind, "FEDROTA_TASK_DISK_BYTES" in disk.message) == ("limit", True)


def test_a_full_sink_slows_the_component_down_and_loses_nothing(workshop):
    run = workshop.run("measuring", params={"points": 3000})
    run.sink.full = True
    run.sink.wait_begun()
    time.sleep(0.2)
    run.sink.full = False
    assert run.sink.wait().outcome == "success"
    assert [point.step for point in run.sink.points] == list(range(3000))


def test_each_process_draws_its_own_random_numbers(workshop):
    runs = [workshop.run("random") for _ in range(3)]
    for run in runs:
        run.sink.wait()
    assert len({run.sink.summary["drawn"] for run in runs}) == 3


def test_two_components_exchange_arrays_values_and_bytes(workshop):
    guest = workshop.run("talking", task="g", role="guest", party="9999", peers=HOST)
    host = workshop.run("talking", task="h", role="host", party="10000", peers=GUEST)
    assert [guest.sink.wait().message, host.sink.wait().message] == ["", ""]
    assert guest.sink.summary == {
        "total": 21.0,
        "got": {"who": "host", "n": 2},
        "raw": [0, 1],
        "members": ["9999", "10000"],
    }
    assert {"g", "h"} <= set(workshop.letters.opened)
    assert {("g", "success"), ("h", "success")} <= set(workshop.letters.closed)


def test_one_thread_may_send_while_another_waits(workshop):
    run = workshop.run("hearing", task="x", peers=(make_peer("x2", "host", "1"), make_peer("x", "guest", "9999")))
    until(lambda: ("x2", "late", 0) in workshop.letters.sent)
    workshop.letters.asked.pop(("x", "late", 0))(b"J[3]", "")
    assert run.sink.wait().outcome == "success"
    assert run.sink.summary == {"got": [[3]]}


def test_a_message_that_can_never_come_fails_the_task_with_the_reason(workshop):
    run = workshop.run("waiting", params={"name": "never"}, peers=HOST)
    ending = run.sink.wait()
    assert (ending.kind, ending.message) == ("unreachable", "party 10000 has ended")


def test_the_log_is_absent_where_nothing_was_printed(workshop):
    run = workshop.run("noop")
    assert run.sink.wait().outcome == "success"
    assert not Path(run.place.log).exists()
