"""Runs iFLearner tasks: trainers as commands or containers, and where a run has one, its aggregator beside them.

The aggregator's member tells the trainers its address and, as it polls the aggregator, how far each of them
is. Both are messages of the exchange, so only the trainers' own traffic needs a way between the hosts.
"""

import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import orjson

from scheduler.domain.messages import Assignment, MetricPoint
from workers.exchange.port import Bytes, ExchangePort, Letter
from workers.executors.base import AssignmentError, Executor, Place, Sink, failure
from workers.executors.engine_settings import EngineSettings
from workers.executors.iflearner_command import find_data, make_aggregator, make_trainer, pick_address
from workers.executors.iflearner_status import PartyProgress, fetch_status, parse_progress, parse_status
from workers.executors.loop import ExecutorLoop
from workers.executors.member import FOREVER_S, SERVER, MemberExecutor, MemberRun

IFLEARNER: Final = "iflearner"
ADDRESS: Final = "address"
PROGRESS: Final = "progress"
ADDRESS_S: Final = 120.0
POLL_S: Final = 1.0
START_S: Final = 60.0


class IflearnerExecutor(MemberExecutor):
    """Hands each member on to the command or the container executor, with its command completed."""

    def __init__(
        self, loop: ExecutorLoop, *, exchange: ExchangePort, settings: EngineSettings, runners: Mapping[str, Executor]
    ) -> None:
        super().__init__(loop, exchange=exchange)
        self.settings = settings
        self.runners = runners

    def make_run(self, assignment: Assignment, *, place: Place, sink: Sink) -> MemberRun:
        """The aggregator or a trainer."""
        kind = AggregatorRun if assignment.role == SERVER else TrainerRun
        return kind(self, assignment, place=place, sink=sink)


class IflearnerRun(MemberRun):
    """One member under way."""

    def __init__(self, executor: IflearnerExecutor, assignment: Assignment, *, place: Place, sink: Sink) -> None:
        super().__init__(executor, assignment, place=place, sink=sink)
        self.executor = executor
        self.talks = bool(assignment.run.get("aggregator"))

    def progressed(self, fraction: float) -> None:
        """What runs without an aggregator may say itself how far it is."""
        if not self.talks:
            super().progressed(fraction)

    def run_as(self, kind: str, run: Mapping[str, Any], *, data: Path | None = None) -> None:
        """Run what `run` says; the run's data folder stands where commands find their tables."""
        runner = self.executor.runners.get(kind)
        if runner is None:
            raise AssignmentError(
                f"this party's worker runs no {kind}s: its operator may allow them with FEDROTA_EXECUTORS"
            )
        self.run_inside(runner, run, place=None if data is None else replace(self.place, tables=data))


class TrainerRun(IflearnerRun):
    """A federate: waits for the aggregator's address where there is one, then runs the template's command."""

    def check(self) -> None:
        """Whether its data is here, and an aggregator among the members where it needs one."""
        self._data = find_data(self.assignment, self.executor.settings.roots)
        server = self.find_server()
        self._server = server.task if server is not None else ""
        if self.talks and not self._server:
            raise AssignmentError("run: it wants an aggregator, but no member has the role 'server'")

    def prepare(self) -> None:
        """Ask for the address, or begin where there is none."""
        if self.talks:
            self.receive(Letter(self._server, ADDRESS), timeout_s=ADDRESS_S, then=self._on_address)
        else:
            self._launch("")

    def _on_address(self, message: Bytes, error: str) -> None:
        if error:
            self.follow(f"the aggregator's address did not come: {error}")
            return
        try:
            self._launch(bytes(message).decode(errors="replace").strip('"'))
        except AssignmentError as wrong:
            self.finish(failure("invalid", str(wrong)))
            return
        self._listen(0)

    def _launch(self, address: str) -> None:
        kind, run = make_trainer(
            self.assignment,
            address=address,
            python=self.executor.settings.python,
            roots=self.executor.settings.roots,
            has_containers="container" in self.executor.runners,
        )
        self.run_as(kind, run, data=self._data)

    def _listen(self, number: int) -> None:
        self.receive(
            Letter(self._server, PROGRESS, number),
            timeout_s=FOREVER_S,
            then=lambda message, error: self._on_progress(number, message, error),
        )

    def _on_progress(self, number: int, message: Bytes, error: str) -> None:
        """Note how far the aggregator says this party is; an aggregator that is gone says nothing more."""
        if error:
            return
        found = parse_progress(bytes(message))
        if found is None:
            self.give_up(failure("error", "what the aggregator's party sends is no progress"))
            return
        self.sink.progressed(found.fraction)
        self.sink.measured((MetricPoint("epoch", found.current_epoch, found.current_epoch, time.time()),))
        self.sink.summed({"current_epoch": found.current_epoch, "total_epoch": found.total_epoch})
        self._listen(number + 1)


class AggregatorRun(IflearnerRun):
    """The aggregator: it never ends by itself; the centre stops it once every trainer has succeeded."""

    def check(self) -> None:
        """Whether the engine is installed here."""
        if self.executor.settings.python is None:
            raise AssignmentError(
                "this party's worker has no iFLearner engine: set FEDROTA_ENGINES, "
                'e.g. {"iflearner": "/opt/iflearner/bin/python"}'
            )
        self._python = self.executor.settings.python

    def prepare(self) -> None:
        """Start the engine's server on free ports."""
        settings = self.executor.settings
        self._trainers = self.list_others()
        self._known: dict[str, PartyProgress] = {}
        self._sent = dict.fromkeys(self._trainers, 0)
        self._address = pick_address(settings.host)
        self._status = pick_address("127.0.0.1")
        self._is_up = False
        self._last_news = time.monotonic()
        run = make_aggregator(
            self.assignment,
            python=self._python,
            parties=len(self._trainers),
            address=self._address,
            status=self._status,
        )
        self.run_as("command", run)
        self._poll()

    def _poll(self) -> None:
        if not self.is_over:
            self.loop.aside(fetch_status, self._status, then=self._on_status)

    def _on_status(self, found: Mapping[str, Any] | None) -> None:
        """The aggregator answered, or did not (None)."""
        if self.is_over:
            return
        if found is not None and not self._is_up:
            self._is_up = True
            self._last_news = time.monotonic()
            for peer in self._trainers.values():
                self.send(Letter(peer.task, ADDRESS), orjson.dumps(self._address))
        for party, progress in parse_status(found or {}).items():
            if party in self._trainers and self._known.get(party) != progress:
                self._tell(party, progress)
        if not self._is_stuck():
            self.loop.later(POLL_S, self._poll)

    def _tell(self, party: str, progress: PartyProgress) -> None:
        self._known[party] = progress
        self._last_news = time.monotonic()
        letter = Letter(self._trainers[party].task, PROGRESS, self._sent[party])
        self.send(letter, orjson.dumps(progress.render()))
        self._sent[party] += 1
        self.sink.progressed(sum(each.fraction for each in self._known.values()) / len(self._trainers))
        self.sink.summed({"parties": {name: each.render() for name, each in self._known.items()}})

    def _is_stuck(self) -> bool:
        """Whether nothing has moved for too long: then the attempt fails instead of waiting for ever."""
        limit_s = self.executor.settings.stall_s if self._is_up else START_S
        if time.monotonic() - self._last_news < limit_s:
            return False
        where = ", ".join(f"{name} in epoch {each.current_epoch}" for name, each in self._known.items())
        words = (
            f"no party finished an epoch for {limit_s:g} s ({where or 'none has registered'})"
            if self._is_up
            else f"the aggregator did not answer within {limit_s:g} s"
        )
        self.give_up(failure("timeout", words))
        return True
