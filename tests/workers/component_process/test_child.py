import pytest

from tests.workers.fakes import make_peer
from workers.executors.base import Limits

HOST = (make_peer("h", "host", "10000"),)
GUEST = (make_peer("g", "guest", "9999"),)


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


def test_limits_of_memory_and_disk_are_named(make_workshop):
    workshop = make_workshop(Limits(memory_bytes=4 << 30, disk_bytes=8 << 20))
    memory = workshop.run("hungry", params={"for": "memory"}).sink.wait()
    assert (memory.kind, "FEDROTA_TASK_MEMORY_BYTES" in memory.message) == ("limit", True)
    disk = workshop.run("hungry", params={"for": "disk"}).sink.wait()
    assert (disk.kind, "FEDROTA_TASK_DISK_BYTES" in disk.message) == ("limit", True)


def test_each_process_draws_its_own_random_numbers(workshop):
    runs = [workshop.run("random") for _ in range(3)]
    for run in runs:
        run.sink.wait()
    assert len({run.sink.summary["drawn"] for run in runs}) == 3
