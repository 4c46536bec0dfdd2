"""Start one process on a leash, hear it, and kill it with all that it started."""

import asyncio
import os
import signal
import sys
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

from fedrota.up import leash
from fedrota.up.programs import Chore, Program
from fedrota.up.voice import Voice

LAST_WORDS_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Spawned:
    """A started process and the task that hears it."""

    process: asyncio.subprocess.Process
    hearing: asyncio.Task[None]

    @property
    def pid(self) -> int:
        """The process's id, which is also the id of its session and group."""
        return self.process.pid

    async def end(self) -> int:
        """Wait for the process, and a moment for what it wrote last; the exit status.

        A descendant that keeps the pipe open does not hold this up.
        """
        status = await self.process.wait()
        await asyncio.wait([self.hearing], timeout=LAST_WORDS_S)
        self.hearing.cancel()
        return status


async def spawn(part: Program | Chore, voice: Voice) -> Spawned:
    """Start it in a session of its own, tied to our life, with one pipe for all that it writes.

    The pipe is our own because asyncio's `wait` would wait for the pipe too.
    """
    receiving, sending = os.pipe()
    try:
        process = await asyncio.create_subprocess_exec(
            *_leashed(part.argv),
            cwd=part.cwd,
            env=dict(part.env),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=sending,
            stderr=sending,
            start_new_session=True,
        )
    except OSError:
        os.close(receiving)
        raise
    finally:
        os.close(sending)
    return Spawned(process, asyncio.create_task(_hear(receiving, voice)))


async def _hear(receiving: int, voice: Voice) -> None:
    reader = asyncio.StreamReader()
    pipe = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(receiving, "rb", buffering=0)
    )
    try:
        while chunk := await reader.read(65536):
            voice.hear(chunk)
    finally:
        voice.end()
        pipe[0].close()


def _leashed(argv: tuple[str, ...]) -> tuple[str, ...]:
    return sys.executable, "-I", "-S", str(Path(leash.__file__)), str(os.getpid()), *argv


def terminate(pid: int) -> None:
    """Ask a process to end, if it still lives."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)


def kill_family(pid: int) -> None:
    """Kill the process, its session, and those of its descendants who left the session."""
    with suppress(psutil.NoSuchProcess):  # it has ended; its session may still have members
        kill_all(psutil.Process(pid).children(recursive=True))
    with suppress(ProcessLookupError, PermissionError):  # macOS gives the latter for a group of zombies
        os.killpg(pid, signal.SIGKILL)


def list_descendants(process: psutil.Process) -> list[psutil.Process]:
    """All that it started, as far as they live; none where it has gone meanwhile."""
    try:
        return process.children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def kill_all(processes: Iterable[psutil.Process]) -> None:
    """Kill those that still live."""
    for process in processes:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue
