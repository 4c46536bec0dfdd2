"""Where attempts are set up and cleared away: their executor, their place, their time limit."""

import shutil
from asyncio import TimerHandle
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from scheduler.domain.messages import Assignment
from workers.attempt import Attempt
from workers.executors.base import AssignmentError, Executor, Handle, Place, failure
from workers.executors.loop import ExecutorLoop
from workers.spool import Key
from workers.workdir import PathError, Workdir

OnTimeout = Callable[[Key, float], None]


class Workbench:
    """The executors of this worker with the folders that they work in."""

    def __init__(
        self,
        loop: ExecutorLoop,
        workdir: Workdir,
        *,
        agent: str,
        executors: Mapping[str, Executor],
        stop_grace_s: float,
        give_up: Callable[[], None],
    ) -> None:
        self.agent = agent
        self.executors = executors
        self.stop_grace_s = stop_grace_s
        self.give_up = give_up
        """Called when the runner cannot go on."""
        self._loop = loop
        self._workdir = workdir
        self._timers: dict[Key, TimerHandle] = {}
        self._places: dict[Key, Place] = {}

    def start(self, attempt: Attempt, on_timeout: OnTimeout) -> Handle | None:
        """Start an attempt; None where it has ended at once, because it can never work here."""
        try:
            executor = self._choose(attempt.assignment.run)
            place = self._make_place(attempt.assignment)
        except (AssignmentError, PathError) as wrong:
            attempt.ended(failure("invalid", str(wrong)))
            return None
        self._places[attempt.key] = place
        if attempt.assignment.timeout_s is not None:
            self._loop.call(self._set_timer, attempt, on_timeout)
        return executor.start(attempt.assignment, place, attempt)

    def _choose(self, run: Mapping[str, Any]) -> Executor:
        if "engine" in run:
            return self._find_engine(str(run["engine"]))
        kind = next((kind for key, kind in _KINDS.items() if key in run), None)
        if kind is None:
            raise AssignmentError(
                f"run: needs one of engine, {', '.join(_KINDS)}, it has {', '.join(run) or 'nothing'}"
            )
        if kind not in self.executors:
            raise AssignmentError(
                f"this party's worker runs no {kind}s: its operator may allow them with FEDROTA_EXECUTORS"
            )
        return self.executors[kind]

    def _find_engine(self, name: str) -> Executor:
        engine = self.executors.get(name) if name not in _KINDS.values() else None
        if engine is None:
            raise AssignmentError(
                f"this party's worker knows no engine {name!r}, or may run neither commands nor containers"
            )
        return engine

    def _make_place(self, assignment: Assignment) -> Place:
        key = (assignment.task, assignment.seq)
        inputs: dict[str, Path] = {}
        for name, source in assignment.inputs.items():
            file = self._workdir.output(source.task, source.seq, source.output)
            if not file.exists():
                raise AssignmentError(
                    f"input {name!r}: output {source.output!r} of task {source.task} (dispatch {source.seq}) "
                    "is not at this party: rerun the job from the step that makes it"
                )
            inputs[name] = file
        inputs |= self._list_arrived(assignment)
        return Place(
            workdir=self._workdir.work(*key),
            outputs=self._workdir.outputs(*key),
            log=self._workdir.log(*key),
            tables=self._workdir.tables,
            inputs=inputs,
        )

    def _list_arrived(self, assignment: Assignment) -> dict[str, Path]:
        """Files that the gateway has put here for this member of the step."""
        key = assignment.run.get("arrival")
        if not isinstance(key, str):
            return {}
        member = f"{assignment.role}.{assignment.position}"
        folder = self._workdir.arrival(key, member, assignment.step)
        return {file.name: file for file in folder.iterdir()} if folder.is_dir() else {}

    def _set_timer(self, attempt: Attempt, on_timeout: OnTimeout) -> None:
        limit_s = attempt.assignment.timeout_s or 0.0
        self._timers[attempt.key] = self._loop.later(limit_s, on_timeout, attempt.key, limit_s)

    def tidy(self, key: Key, *, keep_outputs: bool) -> None:
        """The attempt is over: remove what it leaves behind."""
        if key in self._timers:
            self._loop.call(self._clear_timer, key)
        place = self._places.pop(key, None)
        if place is None:
            return  # it never had any folder
        if place.workdir.exists():
            self._loop.call_aside(self._workdir.drop_work, *key)
        if not keep_outputs:
            self.drop_outputs(key)

    def _clear_timer(self, key: Key) -> None:
        timer = self._timers.pop(key, None)
        if timer is not None:
            timer.cancel()

    def drop_outputs(self, key: Key) -> None:
        """Nobody wants the outputs of the attempt: they are out of sight now, and removed soon or by the next life."""
        try:
            place = self._workdir.take_away_outputs(*key)
        except OSError:  # a full disk
            self._loop.call_aside(self._workdir.drop_outputs, *key)
            return
        if place is not None:
            self._loop.call_aside(partial(shutil.rmtree, ignore_errors=True), place)


_KINDS = {"component": "component", "image": "container", "command": "command"}
