"""The life of one supervised process."""

import asyncio
import os
import sys

import psutil
import pytest

from fedrota.up import backoff
from fedrota.up.child import Child, do_chore
from fedrota.up.errors import UpError
from fedrota.up.programs import Chore, Program
from fedrota.up.voice import Terminal, Voice

PATIENT = """
import signal, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
print("awake", flush=True)
signal.pause()
"""
DEAF = """
import signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("deaf", flush=True)
while True:
    signal.pause()
"""


async def at_once(_pid):
    return True


@pytest.fixture(autouse=True)
def hurry(monkeypatch):
    monkeypatch.setattr(backoff, "FIRST_PAUSE_S", 0.01)


@pytest.fixture
def make_child(tmp_path):
    def make(code, **settings):
        seen = []
        program = Program(
            **{"name": "x", "kind": "worker", "ready": at_once} | settings,
            argv=(sys.executable, "-c", code),
            cwd=tmp_path,
            env=dict(os.environ),
        )
        voice = Voice("x", file=tmp_path / "x.log", terminal=Terminal(quiet=True))
        child = Child(program, voice, changed=lambda child: seen.append(child.state))
        return child, asyncio.create_task(child.live()), seen

    return make


async def heard(child, word, times=1):
    async with asyncio.timeout(60):
        while sum(word in line for line in child.voice.tail) < times:
            await asyncio.sleep(0.01)


async def test_it_starts_becomes_ready_and_stops_in_order(make_child):
    child, life, seen = make_child(PATIENT)
    await heard(child, "awake")
    await child.became_ready.wait()
    assert psutil.pid_exists(child.record().pid)
    await child.stop()
    await life
    assert seen == ["starting", "ready", "stopping", "stopped"]
    assert child.record().pid == 0


async def test_a_killed_process_starts_again(make_child):
    child, life, _ = make_child(PATIENT)
    await heard(child, "awake")
    first = child.record().pid
    os.kill(first, 9)
    await heard(child, "awake", times=2)
    assert child.record().pid not in {0, first}
    assert child.restarts == 1
    assert any("ended with exit status -9; starts again in" in line for line in child.voice.tail)
    await child.stop()
    await life


async def test_one_that_never_becomes_ready_is_given_up_soon(make_child):
    async def never(_pid):
        return False

    child, life, seen = make_child("print('wrong settings'); raise SystemExit(1)", ready=never)
    await asyncio.wait_for(life, 60)
    assert seen == ["starting", "pausing", "starting", "crashed"]
    assert child.voice.tail.count("wrong settings") == backoff.LIMIT_BEFORE_READY


async def test_a_crash_loop_ends_after_the_limit(make_child, monkeypatch):
    child, life, _ = make_child("import time; print('born', flush=True); time.sleep(0.2); raise SystemExit(1)")
    await asyncio.wait_for(life, 60)
    assert child.state == "crashed"
    assert child.restarts == backoff.LIMIT - 1


async def test_a_process_that_is_told_to_restart_as_often_as_it_likes_has_not_crashed(make_child):
    child, life, seen = make_child("import time; print('born', flush=True); time.sleep(0.2)")
    await heard(child, "born", times=backoff.LIMIT + 2)
    assert child.restarts > backoff.LIMIT
    await child.stop()
    await life
    assert "crashed" not in seen


async def test_one_that_ends_well_before_it_is_ready_is_given_up_all_the_same(make_child):
    async def never(_pid):
        return False

    child, life, _ = make_child("print('born')", ready=never)
    await asyncio.wait_for(life, 60)
    assert child.state == "crashed"


async def test_too_slow_to_be_ready_counts_as_a_crash(make_child):
    async def never(_pid):
        return False

    child, life, _ = make_child(PATIENT, ready=never, ready_s=0.1)
    await asyncio.wait_for(life, 60)
    assert child.state == "crashed"
    assert any("was not ready after 0.1 s" in line for line in child.voice.tail)


async def test_a_deaf_process_is_killed_after_its_grace(make_child):
    child, life, _ = make_child(DEAF, grace_s=0.2)
    await heard(child, "deaf")
    await asyncio.wait_for(child.stop(), 60)
    await asyncio.wait_for(life, 50)
    assert child.state == "stopped"
    assert any("did not stop within 0.2 s" in line for line in child.voice.tail)


async def test_kill_does_not_wait_for_the_grace(make_child):
    child, life, _ = make_child(DEAF, grace_s=100)
    await heard(child, "deaf")
    stopping = asyncio.create_task(child.stop())
    await asyncio.sleep(0.05)
    child.kill()
    await asyncio.wait_for(asyncio.gather(stopping, life), 50)


async def test_a_stop_during_the_pause_starts_nothing_more(make_child, monkeypatch):
    monkeypatch.setattr(backoff, "FIRST_PAUSE_S", 100)
    child, life, _ = make_child("import time; print('born', flush=True); time.sleep(0.2)")
    await heard(child, "starts again")
    await child.stop()
    await asyncio.wait_for(life, 50)
    assert child.voice.tail.count("born") == 1


@pytest.fixture
def chore(tmp_path):
    def make(code, **settings):
        argv = (sys.executable, "-c", code)
        return Chore(name="migrate", argv=argv, cwd=tmp_path, env=dict(os.environ), **settings)

    return make


@pytest.fixture
def voice(tmp_path):
    return Voice("migrate", file=tmp_path / "migrate.log", terminal=Terminal(quiet=True))


async def test_a_chore_that_ends_well_says_nothing(chore, voice):
    await do_chore(chore("print('done')"), voice)
    assert voice.tail == ["done"]


async def test_a_chore_that_fails_shows_its_last_lines(chore, voice):
    with pytest.raises(UpError, match="migrate failed with exit status 1:\nno such table"):
        await do_chore(chore("raise SystemExit('no such table')"), voice)


async def test_a_chore_that_hangs_is_ended(chore, voice):
    with pytest.raises(UpError, match="did not end within 0.3 s"):
        await do_chore(chore("import time; time.sleep(60)", limit_s=0.3), voice)


async def test_a_worker_that_is_told_to_stay_down_is_not_started_again(make_child):
    child, life, seen = make_child("raise SystemExit(3)")
    async with asyncio.timeout(60):
        await life
    assert (child.state, child.restarts) == ("stopped", 0)
    assert "crashed" not in seen
