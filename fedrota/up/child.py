"""One supervised process: start, wait until ready, restart after a crash, stop."""

import asyncio
import time
from collections.abc import Callable
from typing import Final

from fedrota.up.backoff import Crashes
from fedrota.up.errors import UpError
from fedrota.up.programs import Chore, Program
from fedrota.up.record import ProcessRecord, start_time
from fedrota.up.spawn import Spawned, kill_family, spawn, terminate
from fedrota.up.voice import Voice

ASK_AFTER_S: Final = 0.05
ASK_AT_LEAST_EVERY_S: Final = 1.0
ASKING_SHARE: Final = 0.05
"""The pause between two questions is this share of the time that the process has taken so far: all start at once, and what
is asked of one costs the others; a bridge may wait for days."""
STAY_DOWN: Final = 3
"""The exit status of a worker that was told over its channel to stay down."""


class Child:
    """The life of one program. States: starting, ready, pausing, stopping, stopped, crashed."""

    def __init__(self, program: Program, voice: Voice, *, changed: Callable[["Child"], None]) -> None:
        self.program = program
        self.voice = voice
        self.state = "starting"
        self.restarts = 0
        self.became_ready = asyncio.Event()
        self._spawned: Spawned | None = None
        self._created = 0.0
        self._crashes = Crashes()
        self._told_to_stop = asyncio.Event()
        self._changed = changed

    def record(self) -> ProcessRecord:
        """How the child stands."""
        return ProcessRecord(
            name=self.program.name,
            kind=self.program.kind,
            note=self.program.note,
            pid=self._spawned.pid if self._spawned else 0,
            created=self._created,
            state=self.state,
            restarts=self.restarts,
        )

    async def live(self) -> None:
        """Run the program again and again until it is told to stop or has crashed too often."""
        while not self._told_to_stop.is_set():
            status = await self._run_once()
            if self._told_to_stop.is_set() or status == STAY_DOWN:
                break
            pause = self._crashes.note(
                time.monotonic(),
                was_ready=self.became_ready.is_set(),
                is_orderly=status == 0 and self.state == "ready",
            )
            if pause is None:
                self._move("crashed")
                return
            self._say(f"ended with exit status {status}; starts again in {pause:g} s")
            self._move("pausing")
            await self._rest(pause)
            self.restarts += 1
        self._move("stopped")

    async def stop(self) -> None:
        """Ask the process to end, wait its grace, then kill all that is left of it."""
        self._told_to_stop.set()
        spawned = self._spawned
        if spawned is None:
            return
        self._move("stopping")
        terminate(spawned.pid)
        try:
            async with asyncio.timeout(self.program.grace_s):
                await spawned.process.wait()
        except TimeoutError:
            self._say(f"did not stop within {self.program.grace_s:g} s and was killed")
        kill_family(spawned.pid)

    def kill(self) -> None:
        """End the process and its descendants now."""
        self._told_to_stop.set()
        if self._spawned is not None:
            kill_family(self._spawned.pid)

    async def _run_once(self) -> int:
        spawned = await spawn(self.program, self.voice)
        self._spawned, self._created = spawned, start_time(spawned.pid)
        self._move("starting")
        if self._told_to_stop.is_set():
            kill_family(spawned.pid)
        watching = asyncio.create_task(self._watch(spawned.pid))
        status = await spawned.end()
        watching.cancel()
        kill_family(spawned.pid)
        self._spawned = None
        return status

    async def _watch(self, pid: int) -> None:
        """Ask until the process is ready; one that takes too long is killed, which counts as a crash."""
        began = time.monotonic()
        while not await self.program.ready(pid):
            took = time.monotonic() - began
            if took > self.program.ready_s:
                self._say(f"was not ready after {self.program.ready_s:g} s and was killed")
                kill_family(pid)
                return
            await asyncio.sleep(min(max(ASK_AFTER_S, took * ASKING_SHARE), ASK_AT_LEAST_EVERY_S))
        self.became_ready.set()
        self._move("ready")

    async def _rest(self, pause_s: float) -> None:
        try:
            async with asyncio.timeout(pause_s):
                await self._told_to_stop.wait()
        except TimeoutError:
            return

    def _say(self, sentence: str) -> None:
        self.voice.hear(f"[up] {self.program.name} {sentence}\n".encode())

    def _move(self, state: str) -> None:
        if self.state != state or state == "starting":
            self.state = state
            self._changed(self)


async def do_chore(chore: Chore, voice: Voice) -> None:
    """Run a command to its end; UpError with its last lines unless it ends well in time."""
    spawned = await spawn(chore, voice)
    try:
        async with asyncio.timeout(chore.limit_s):
            status = await spawned.end()
    except TimeoutError:
        raise UpError(f"{chore.name} did not end within {chore.limit_s:g} s") from None
    finally:
        kill_family(spawned.pid)
    if status:
        raise UpError("\n".join([f"{chore.name} failed with exit status {status}:", *voice.tail]))
