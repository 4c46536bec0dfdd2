"""Starting, hearing and killing one process."""

import asyncio
import os
import sys

import psutil
import pytest

from fedrota.up.programs import Chore
from fedrota.up.spawn import kill_family, spawn, terminate
from fedrota.up.voice import Terminal, Voice
from tests.workers.fakes import is_alive

DAEMON = """
import os, sys, time
if os.fork() == 0:
    os.setsid()
    os.write(1, b"daemon %d\\n" % os.getpid())
    time.sleep(60)
{after}
"""


@pytest.fixture
def voice(tmp_path):
    return Voice("x", file=tmp_path / "x.log", terminal=Terminal(quiet=True))


def python(code, tmp_path):
    return Chore(name="x", argv=(sys.executable, "-c", code), cwd=tmp_path, env=dict(os.environ))


async def heard(voice, word):
    async with asyncio.timeout(60):
        while not any(word in line for line in voice.tail):
            await asyncio.sleep(0.01)
    return next(line for line in voice.tail if word in line)


async def gone(pid):
    async with asyncio.timeout(50):
        while is_alive(pid):
            await asyncio.sleep(0.01)


async def test_both_streams_are_heard_and_the_status_is_kept(tmp_path, voice):
    code = "import sys; print('out'); print('err', file=sys.stderr); sys.stdout.flush(); sys.exit(3)"
    spawned = await spawn(python(code, tmp_path), voice)
    assert await spawned.end() == 3
    assert sorted(voice.tail) == ["err", "out"]


async def test_a_process_is_heard_to_its_end_where_its_log_cannot_be_written(tmp_path, voice):
    voice.file.symlink_to("/dev/full")
    code = "import time\nfor number in range(3): print(number, flush=True); time.sleep(0.1)"
    spawned = await spawn(python(code, tmp_path), voice)
    assert await spawned.end() == 0
    assert voice.tail == ["0", "1", "2"]


async def test_a_descendant_that_holds_the_pipe_does_not_hold_up_the_end(tmp_path, voice):
    spawned = await spawn(python(DAEMON.format(after=""), tmp_path), voice)
    daemon = int((await heard(voice, "daemon")).split()[1])
    async with asyncio.timeout(50):
        assert await spawned.end() == 0
    os.kill(daemon, 9)


async def test_the_whole_family_is_killed_also_who_left_the_session(tmp_path, voice):
    spawned = await spawn(python(DAEMON.format(after="time.sleep(60)"), tmp_path), voice)
    daemon = int((await heard(voice, "daemon")).split()[1])
    kill_family(spawned.pid)
    assert await spawned.end() == -9
    await gone(daemon)


async def test_killing_and_asking_what_has_ended_is_no_error(tmp_path, voice):
    spawned = await spawn(python("pass", tmp_path), voice)
    await spawned.end()
    terminate(spawned.pid)
    kill_family(spawned.pid)


async def test_a_folder_that_is_missing_is_an_error_and_leaks_nothing(tmp_path, voice):
    before = psutil.Process().num_fds()
    with pytest.raises(FileNotFoundError):
        await spawn(python("pass", tmp_path / "none"), voice)
    assert psutil.Process().num_fds() == before
