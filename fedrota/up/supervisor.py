"""The run of a whole plan: start stage by stage, watch, stop group by group with nothing left behind."""

import asyncio
import ctypes
import os
import sys
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Final

import psutil

from fedrota.up.child import Child, do_chore
from fedrota.up.errors import UpError
from fedrota.up.folder import StateFolder
from fedrota.up.programs import STOP_ORDER, Plan, Program, Stage
from fedrota.up.record import Record, start_time, write_record
from fedrota.up.spawn import kill_all, list_descendants
from fedrota.up.voice import Terminal, Voice

PR_SET_CHILD_SUBREAPER: Final = 36
SWEEP_S: Final = 5.0


class Supervisor:
    """Owns every process of one run. Make it and run it inside an event loop of its own."""

    def __init__(self, plan: Plan, *, folder: StateFolder, terminal: Terminal, said: Callable[[str], None]) -> None:
        self._plan = plan
        self._folder = folder
        self._terminal = terminal
        self._said = said
        self._children: list[Child] = []
        self._lives: list[asyncio.Task[None]] = []
        self._phase = "starting"
        self._is_written = True
        self._stop_asked = asyncio.Event()
        self._crashed: Child | None = None
        self._me = (os.getpid(), start_time(os.getpid()))
        self._strangers = {process.pid for process in psutil.Process().children()}

    def ask_stop(self) -> None:
        """Begin the ordered shutdown; asked again, kill everything at once."""
        if self._stop_asked.is_set():
            self._said("killing everything")
            for child in self._children:
                child.kill()
        self._stop_asked.set()

    async def start(self) -> bool:
        """Start everything in order; False when a stop was asked for meanwhile, UpError when it cannot be."""
        _adopt_orphans()
        self._write()
        for stage in self._plan.stages:
            if not await self._start_stage(stage):
                return False
        self._phase = "ready"
        self._write()
        return True

    async def watch(self) -> None:
        """Wait until a stop is asked for; UpError when an essential process crashes too often.

        BrokenPipeError where the reader of the terminal's lines has left: that is no second signal, so not `ask_stop`.
        """
        sweeping = asyncio.create_task(self._sweep())
        await self._stop_asked.wait()
        sweeping.cancel()
        self._raise_crash()
        if self._terminal.reader_left:
            raise BrokenPipeError

    async def stop(self) -> None:
        """Stop every process, group by group; nothing that we started is alive afterwards."""
        self._stop_asked.set()
        self._phase = "stopping"
        self._write()
        for kinds in STOP_ORDER:
            mine = [child for child in self._children if child.program.kind in kinds]
            running = sorted({child.program.kind for child in mine if child.record().pid}, key=kinds.index)
            if running:
                self._said(f"stopping {', '.join(running)}")
            await asyncio.gather(*(child.stop() for child in mine))
        await asyncio.gather(*self._lives)
        self._bury(0.0)
        self._folder.record.unlink(missing_ok=True)

    async def _start_stage(self, stage: Stage) -> bool:
        """True when all of the stage is ready or done."""
        work = [asyncio.create_task(do_chore(chore, self._voice(chore.name))) for chore in stage.chores]
        children = [self._add(program) for program in stage.programs]
        work += [asyncio.create_task(self._until_ready(child)) for child in children]
        stopped = asyncio.create_task(self._stop_asked.wait())
        everything = asyncio.create_task(_all_of(work))
        try:
            await asyncio.wait([everything, stopped], return_when=asyncio.FIRST_COMPLETED)
            self._raise_crash()
            if everything.done():
                everything.result()
        finally:
            for task in (everything, *work, stopped):
                task.cancel()
            await asyncio.gather(everything, *work, stopped, return_exceptions=True)
        return not self._stop_asked.is_set()

    def _add(self, program: Program) -> Child:
        self._said(f"starting {program.name}")
        child = Child(program, self._voice(program.name), changed=self._on_change)
        self._children.append(child)
        self._lives.append(asyncio.create_task(child.live(), name=program.name))
        return child

    async def _until_ready(self, child: Child) -> None:
        began = time.monotonic()
        life = self._lives[self._children.index(child)]
        ready = asyncio.create_task(child.became_ready.wait())
        try:
            await asyncio.wait([ready, life], return_when=asyncio.FIRST_COMPLETED)
        finally:
            ready.cancel()
        if life.done():
            life.result()
            return
        note = f" ({child.program.note})" if child.program.note else ""
        self._said(f"{child.program.name} is ready after {time.monotonic() - began:.1f} s{note}")

    def _voice(self, name: str) -> Voice:
        return Voice(name, file=self._folder.logs / f"{name}.log", terminal=self._terminal)

    def _on_change(self, child: Child) -> None:
        if child.state == "crashed":
            self._on_crash(child)
        self._write()

    def _on_crash(self, child: Child) -> None:
        if child.program.essential or (self._phase == "starting" and child.program.kind != "flower"):
            self._crashed = self._crashed or child
            self._stop_asked.set()
        else:
            self._said(_last_lines(child))

    def _raise_crash(self) -> None:
        if self._crashed is not None:
            raise UpError(_last_lines(self._crashed))

    def _write(self) -> None:
        """Write the record; what a full disk refuses is written by a later sweep, and keeps no process from its life."""
        record = Record(
            pid=self._me[0],
            created=self._me[1],
            phase=self._phase,
            url=self._plan.url,
            flower_url=self._plan.flower_url,
            processes=tuple(child.record() for child in self._children),
        )
        try:
            write_record(self._folder, record)
            self._is_written = True
        except OSError as wrong:
            if self._is_written:
                self._said(f"cannot write {self._folder.record}, so `ps` shows an old state: {wrong.strerror}")
            self._is_written = False

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_S)
            self._bury(SWEEP_S)
            if not self._is_written:
                self._write()
            if self._terminal.reader_left:
                self._stop_asked.set()

    def _bury(self, older_than_s: float) -> None:
        """End the orphans that came to us: what a process of ours left behind when it died.

        Young ones are let be while we run: one may be a child of ours between its birth and its entry here.
        """
        known = {child.record().pid for child in self._children} | self._strangers
        born_before = time.time() - older_than_s
        orphans = [
            process
            for process in psutil.Process().children()
            if process.pid not in known and start_time(process.pid) < born_before
        ]
        kill_all(member for orphan in orphans for member in [*list_descendants(orphan), orphan])
        for orphan in orphans:
            _reap(orphan.pid)


async def _all_of(work: Iterable[Awaitable[None]]) -> None:
    await asyncio.gather(*work)


def _last_lines(child: Child) -> str:
    how = "crashes again and again" if child.became_ready.is_set() else "does not start"
    lines = "\n".join(f"  {line}" for line in child.voice.tail)
    return f"{child.program.name} {how}. Its last lines, more in {child.voice.file}:\n{lines}"


def _reap(pid: int) -> None:
    try:
        os.waitpid(pid, 0)
    except ChildProcessError:
        return


def _adopt_orphans() -> None:
    """Linux: become the parent of every descendant whose own parent dies, so that none escapes."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
