"""A whole run: order of start and stop, crashes, and nothing left behind."""

import asyncio
import errno
import os
import signal
import sys
import time

import psutil
import pytest

from fedrota.up import backoff, supervisor
from fedrota.up.errors import UpError
from fedrota.up.folder import make_folder
from fedrota.up.programs import Chore, Plan, Program, Stage
from fedrota.up.record import find_running
from fedrota.up.supervisor import Supervisor
from fedrota.up.voice import Terminal

SERVE = """
import pathlib, signal, sys
name, journal = sys.argv[1:3]
def note(word):
    with open(journal, "a") as file:
        file.write(f"{word} {name}\\n")
def end(*_):
    note("end")
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
note("start")
while True:
    signal.pause()
"""
DIE = "import sys; print('no such table: job'); sys.exit(7)"
SHORT_LIVED = "import time; print('out of memory'); time.sleep(0.3); raise SystemExit(9)"


@pytest.fixture(autouse=True)
def hurry(monkeypatch):
    monkeypatch.setattr(backoff, "FIRST_PAUSE_S", 0.01)


@pytest.fixture
def scene(tmp_path):
    return Scene(tmp_path)


class Scene:
    """Makes programs that write their starts and ends into one journal."""

    def __init__(self, root):
        self.root = root
        self.folder = make_folder(root / "state")
        self.journal = root / "journal"
        self.said = []

    def program(self, name, kind, code=SERVE, **settings):
        async def started(_pid):
            return f"start {name}" in self.lines()

        return Program(
            **{"ready": started} | settings,
            name=name,
            kind=kind,
            argv=(sys.executable, "-c", code, name, str(self.journal)),
            cwd=self.root,
            env=dict(os.environ),
        )

    def chore(self, name, code):
        return Chore(name=name, argv=(sys.executable, "-c", code), cwd=self.root, env=dict(os.environ))

    def supervise(self, *stages, terminal=None):
        terminal = terminal or Terminal(quiet=True)
        return Supervisor(Plan(stages=stages, url="u"), folder=self.folder, terminal=terminal, said=self.said.append)

    def lines(self):
        return self.journal.read_text().splitlines() if self.journal.exists() else []


async def until(condition):
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.01)


async def test_stages_start_in_order_and_stop_in_groups(scene):
    run = scene.supervise(
        Stage(programs=(scene.program("broker", "broker"),)),
        Stage(programs=(scene.program("gateway", "gateway"),)),
        Stage(programs=(scene.program("worker.1", "worker"), scene.program("scheduler", "scheduler"))),
    )
    assert await run.start()
    await run.stop()
    starts = [line for line in scene.lines() if line.startswith("start")]
    assert starts[:2] == ["start broker", "start gateway"]
    ends = [line for line in scene.lines() if line.startswith("end")]
    assert ends[0] == "end gateway"
    assert sorted(ends[1:3]) == ["end scheduler", "end worker.1"]
    assert ends[3:] == ["end broker"]


async def test_the_record_tells_what_runs_and_is_gone_afterwards(scene):
    run = scene.supervise(Stage(programs=(scene.program("gateway", "gateway", note="http"),)))
    await run.start()
    record = find_running(scene.folder)
    assert (record.phase, record.url, record.pid) == ("ready", "u", os.getpid())
    assert [(process.name, process.state, process.note) for process in record.processes] == [
        ("gateway", "ready", "http")
    ]
    pid = record.processes[0].pid
    assert psutil.pid_exists(pid)
    await run.stop()
    assert find_running(scene.folder) is None
    assert not psutil.pid_exists(pid)


async def test_when_the_reader_of_the_lines_has_left_it_stops_in_order(scene, monkeypatch):
    monkeypatch.setattr(supervisor, "SWEEP_S", 0.05)
    terminal = Terminal(quiet=True)
    run = scene.supervise(Stage(programs=(scene.program("gateway", "gateway"),)), terminal=terminal)
    assert await run.start()
    terminal.reader_left = True
    with pytest.raises(BrokenPipeError):
        await run.watch()
    await run.stop()
    assert scene.lines() == ["start gateway", "end gateway"]


async def test_a_failed_chore_stops_the_start_with_its_last_lines(scene):
    run = scene.supervise(
        Stage(programs=(scene.program("broker", "broker"),), chores=(scene.chore("migrate", DIE),)),
        Stage(programs=(scene.program("gateway", "gateway"),)),
    )
    with pytest.raises(UpError, match="migrate failed with exit status 7:\nno such table: job"):
        await run.start()
    await run.stop()
    assert "start gateway" not in scene.lines()


@pytest.mark.parametrize("kind", ["gateway", "worker"])
async def test_what_cannot_start_ends_the_start_with_its_last_lines(scene, kind):
    run = scene.supervise(Stage(programs=(scene.program("bad", kind, DIE, essential=kind == "gateway"),)))
    with pytest.raises(UpError, match=r"bad does not start\. Its last lines(?s:.*)no such table: job"):
        await run.start()
    await run.stop()


async def test_on_a_full_disk_a_killed_process_comes_back_and_the_record_follows_later(scene, monkeypatch):
    monkeypatch.setattr(supervisor, "SWEEP_S", 0.05)
    run = scene.supervise(Stage(programs=(scene.program("gateway", "gateway"),)))
    await run.start()
    watching = asyncio.create_task(run.watch())
    (before,) = find_running(scene.folder).processes

    def refuse(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    async with asyncio.timeout(60):
        with monkeypatch.context() as full:
            full.setattr(supervisor, "write_record", refuse)
            os.kill(before.pid, signal.SIGKILL)
            while scene.lines().count("start gateway") < 2:
                await asyncio.sleep(0.01)
            assert find_running(scene.folder).processes == (before,)
        while find_running(scene.folder).processes[0].pid in {0, before.pid}:
            await asyncio.sleep(0.01)
    assert sum("No space left on device" in sentence for sentence in scene.said) == 1
    run.ask_stop()
    await watching
    await run.stop()


async def test_flower_that_cannot_start_is_only_told(scene):
    run = scene.supervise(Stage(programs=(scene.program("flower", "flower", DIE, essential=False),)))
    assert await run.start()
    assert any("flower does not start" in sentence for sentence in scene.said)
    await run.stop()


async def test_a_crash_loop_of_an_essential_process_ends_the_run(scene):
    async def at_once(_pid):
        return True

    run = scene.supervise(Stage(programs=(scene.program("scheduler", "scheduler", SHORT_LIVED, ready=at_once),)))
    await run.start()
    with pytest.raises(UpError, match=r"scheduler crashes again and again(?s:.*)out of memory"):
        await asyncio.wait_for(run.watch(), 60)
    await run.stop()


async def test_a_killed_process_is_started_again(scene):
    run = scene.supervise(Stage(programs=(scene.program("worker.1", "worker"),)))
    await run.start()
    os.kill(find_running(scene.folder).processes[0].pid, 9)
    await until(lambda: scene.lines().count("start worker.1") == 2)
    await until(lambda: find_running(scene.folder).processes[0].restarts == 1)
    await run.stop()


async def test_a_stop_during_the_start_leaves_nothing(scene):
    async def never(_pid):
        return False

    run = scene.supervise(
        Stage(programs=(scene.program("broker", "broker"), scene.program("slow", "gateway", ready=never)))
    )
    starting = asyncio.create_task(run.start())
    await until(lambda: len(scene.lines()) == 2)
    await until(lambda: all(process.pid for process in find_running(scene.folder).processes))
    run.ask_stop()
    assert not await asyncio.wait_for(starting, 60)
    await run.stop()
    assert sorted(scene.lines()) == ["end broker", "end slow", "start broker", "start slow"]


async def test_asking_twice_kills_at_once(scene):
    deaf = SERVE.replace("signal.SIGTERM, end", "signal.SIGTERM, signal.SIG_IGN")
    run = scene.supervise(Stage(programs=(scene.program("deaf", "worker", deaf, grace_s=100),)))
    await run.start()
    run.ask_stop()
    stopping = asyncio.create_task(run.stop())
    await until(lambda: "stopping worker" in scene.said)
    run.ask_stop()
    await asyncio.wait_for(stopping, 50)
    assert "killing everything" in scene.said


async def test_a_daemon_that_a_dead_worker_left_is_found_and_ended(scene, monkeypatch):
    monkeypatch.setattr(supervisor, "SWEEP_S", 0.05)
    monkeypatch.setattr(time, "time", lambda: 4e9)  # old enough at once
    forks = f"import os\nif os.fork() == 0:\n    os.setsid()\n    import time; time.sleep(60)\n{SERVE}"
    run = scene.supervise(Stage(programs=(scene.program("worker.1", "worker", forks),)))
    await run.start()
    worker = psutil.Process(find_running(scene.folder).processes[0].pid)
    (daemon,) = worker.children()
    watching = asyncio.create_task(run.watch())
    os.kill(worker.pid, 9)
    await until(lambda: not daemon.is_running())
    run.ask_stop()
    await watching
    await run.stop()
