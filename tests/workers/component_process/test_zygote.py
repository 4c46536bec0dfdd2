import os
import signal
import socket

from tests.workers.fakes import until
from workers.component_process import zygote
from workers.processes.kernel import list_descendants
from workers.processes.link import LinkError
from workers.processes.zygote import Order


def test_a_daemon_stays_below_the_task_that_made_it(workshop, tmp_path):
    """So that whoever looks at the task's processes, or kills them, finds it."""
    file = tmp_path / "pid"
    run = workshop.run("littering", params={"file": str(file), "stay": True})
    daemon = int(until(lambda: file.exists() and file.read_text()))
    until(lambda: list_descendants(run.sink.wait_begun()) == [daemon])
    run.handle.kill()
    run.sink.wait()


def test_an_interrupt_ends_a_task_and_nothing_else(workshop):
    zygote_pid = workshop.nursery.zygote_pid
    os.kill(zygote_pid, signal.SIGINT)
    os.kill(zygote_pid, signal.SIGTERM)
    run = workshop.run("sleeping")
    pid = run.sink.wait_begun()
    until(lambda: "at work" in run.log)
    os.kill(pid, signal.SIGINT)
    ending = run.sink.wait()
    assert (ending.kind, "SIGINT" in ending.message) == ("lost", True)
    assert "KeyboardInterrupt" not in run.log
    assert workshop.nursery.zygote_pid == zygote_pid


def test_the_modules_that_are_left_out_are_told_with_the_reason(make_workshop, tmp_path):
    (tmp_path / "wrong.py").write_text("import nothing_of_that_name")
    offering = make_workshop(modules=[str(tmp_path / "wrong.py")]).nursery.offering
    assert "nothing_of_that_name" in offering.broken[str(tmp_path / "wrong.py")]
    assert offering.components  # the built-in ones are there


def test_the_libraries_for_tables_are_loaded_once(monkeypatch):
    done = []
    monkeypatch.setattr(zygote, "preload", lambda: done.append("load"))
    monkeypatch.setattr(zygote, "freeze", lambda: done.append("freeze"))
    zygote.load_tables.cache_clear()
    zygote.load_tables()
    zygote.load_tables()
    zygote.load_tables.cache_clear()
    assert done == ["load", "freeze"]


def test_what_nobody_expected_of_a_task_s_process_is_in_its_log(tmp_path, monkeypatch):
    def fail(_link, _components):
        raise LinkError("a message that is too long")

    monkeypatch.setattr(zygote, "serve", fail)
    order = Order(control=0, parent=os.getpid(), modules=[], memory_bytes=0, disk_bytes=0)
    log = os.open(tmp_path / "log", os.O_CREAT | os.O_WRONLY)
    with socket.socket() as link:
        pid = os.fork()
        if not pid:
            zygote.begin_task(link, log, order=order, components={})
    os.close(log)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 70
    assert "LinkError: a message that is too long" in (tmp_path / "log").read_text()
