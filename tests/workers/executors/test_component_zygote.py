import os
import signal

from tests.workers.fakes import until
from workers.executors import component_zygote
from workers.executors.kernel import list_descendants


def test_a_daemon_stays_below_the_task_that_made_it(workshop, tmp_path):
    """So that whoever looks at the task's processes, or kills them, finds it."""
    file = tmp_path / "pid"
    run = workshop.run("littering", params={"file": str(file), "stay": True})
    daemon = int(until(lambda: file.exists() and file.read_text()))
    until(lambda: list_descendants(run.sink.wait_begun()) == [daemon])
    run.handle.kill()
    run.sink.wait()


def test_an_interrupt_ends_a_task_and_nothing_else(workshop):
    zygote = workshop.nursery.zygote_pid
    os.kill(zygote, signal.SIGINT)
    os.kill(zygote, signal.SIGTERM)
    run = workshop.run("sleeping")
    pid = run.sink.wait_begun()
    until(lambda: "at work" in run.log)
    os.kill(pid, signal.SIGINT)
    ending = run.sink.wait()
    assert (ending.kind, "SIGINT" in ending.message) == ("lost", True)
    assert "KeyboardInterrupt" not in run.log
    assert workshop.nursery.zygote_pid == zygote


def test_the_modules_that_are_left_out_are_told_with_the_reason(make_workshop, tmp_path):
    (tmp_path / "wrong.py").write_text("import nothing_of_that_name")
    offering = make_workshop(modules=[str(tmp_path / "wrong.py")]).nursery.offering
    assert "nothing_of_that_name" in offering.broken[str(tmp_path / "wrong.py")]
    assert offering.components  # the built-in ones are there


def test_the_libraries_for_tables_are_loaded_once(monkeypatch):
    done = []
    monkeypatch.setattr(component_zygote, "preload", lambda: done.append("load"))
    monkeypatch.setattr(component_zygote, "freeze", lambda: done.append("freeze"))
    component_zygote.load_tables.cache_clear()
    component_zygote.load_tables()
    component_zygote.load_tables()
    component_zygote.load_tables.cache_clear()
    assert done == ["load", "freeze"]
