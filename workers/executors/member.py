"""One member of a run that several parties make together: around what runs for it, messages to the others."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from scheduler.domain.messages import Assignment, MetricPoint, Peer
from workers.exchange.port import Bytes, ExchangePort, Letter
from workers.executors.base import AssignmentError, Ending, Executor, Handle, Place, Sink, failure
from workers.executors.loop import ExecutorLoop

SERVER: Final = "server"
"""The role of the member around which the others gather."""
FOREVER_S: Final = 1e9
FOLLOW_S: Final = 2.0
"""So long a peer's own report may take; the centre then stops the others itself."""


class MemberExecutor(ABC):
    """The executor of an engine's members."""

    def __init__(self, loop: ExecutorLoop, *, exchange: ExchangePort) -> None:
        self.loop = loop
        self.exchange = exchange

    def start(self, assignment: Assignment, place: Place, sink: Sink) -> Handle:
        """Begin as the kind of member that the role says."""
        run = self.make_run(assignment, place=place, sink=sink)
        self.loop.call(run.begin)
        return run

    @abstractmethod
    def make_run(self, assignment: Assignment, *, place: Place, sink: Sink) -> "MemberRun":
        """A member that has not begun."""


class MemberRun(ABC):
    """Handle of the task and sink of what runs for it. All in the loop's thread but the handle."""

    talks = True
    """Whether it exchanges messages with the others."""

    def __init__(self, executor: MemberExecutor, assignment: Assignment, *, place: Place, sink: Sink) -> None:
        self.loop = executor.loop
        self.exchange = executor.exchange
        self.assignment = assignment
        self.place = place
        self.sink = sink
        self.inner: Handle | None = None
        self.is_over = False

    # As a handle

    def stop(self, grace_s: float) -> None:
        """Pass it on, or end here where nothing runs yet."""
        self.loop.call(self._stop, grace_s)

    def kill(self) -> None:
        """As `stop`, at once."""
        self.loop.call(self._stop, 0.0)

    def log_size(self) -> int:
        """Bytes in the log."""
        return self.inner.log_size() if self.inner is not None else 0

    def _stop(self, grace_s: float) -> None:
        if self.inner is None:
            self.finish(failure("stopped", "the task was stopped before it began"))
        elif grace_s:
            self.inner.stop(grace_s)
        else:
            self.inner.kill()

    # As the sink of what runs

    def started(self, pid: int, birth: int = 0) -> None:
        """It has a process."""
        self.sink.started(pid, birth)

    def progressed(self, fraction: float) -> None:
        """Pass it on."""
        self.sink.progressed(fraction)

    def measured(self, points: tuple[MetricPoint, ...]) -> None:
        """Pass them on."""
        self.sink.measured(points)

    def summed(self, values: Mapping[str, Any]) -> None:
        """Pass them on."""
        self.sink.summed(values)

    def is_full(self) -> bool:
        """As the outer sink."""
        return self.sink.is_full()

    def ended(self, ending: Ending) -> None:
        """What ran is gone."""
        self.loop.call(self.finish, ending)

    # For each kind of member

    def find_server(self) -> Peer | None:
        """The member around which the others gather."""
        return next((peer for peer in self.assignment.peers if peer.role == SERVER), None)

    def list_others(self) -> dict[str, Peer]:
        """All but the server, by party."""
        return {peer.party: peer for peer in self.assignment.peers if peer.role != SERVER}

    def begin(self) -> None:
        """Open the exchange, then begin."""
        if self.is_over:
            return
        try:
            self.check()
            if self.talks:
                self.exchange.open(self.assignment)
            self.prepare()
        except AssignmentError as wrong:
            self.finish(failure("invalid", str(wrong)))
        except OSError as wrong:
            self.finish(failure("limit", f"the attempt's folder cannot be made: {wrong}"))

    @abstractmethod
    def check(self) -> None:
        """AssignmentError where this worker can never run such a member."""

    @abstractmethod
    def prepare(self) -> None:
        """Begin this kind of member; AssignmentError where it can never work here."""

    def run_inside(self, runner: Executor, run: Mapping[str, Any], *, place: Place | None = None) -> None:
        """Have `runner` run what `run` says, in this member's place where no other is given."""
        self.inner = runner.start(replace(self.assignment, run=run), place or self.place, self)

    def finish(self, ending: Ending) -> None:
        """The member is over; tell it once, the others too."""
        if self.is_over:
            return
        self.is_over = True
        if self.talks:
            self.exchange.close(self.assignment.task, self.assignment.seq, ending.outcome)
        self.sink.ended(ending)

    def give_up(self, ending: Ending) -> None:
        """End early: what runs is killed first."""
        if self.inner is not None and not self.is_over:
            self.inner.kill()
        self.finish(replace(ending, log_size=self.log_size()))

    def follow(self, message: str) -> None:
        """A peer is gone: end too, but let it say first why, which decides whether the run is tried again."""
        self.loop.later(FOLLOW_S, self.give_up, failure("unreachable", message))

    def receive(self, letter: Letter, *, timeout_s: float, then: Callable[[Bytes, str], None]) -> None:
        """Give the message, or why there is none, to `then` in the loop's thread, unless the member is over."""

        def take(message: Bytes, error: str) -> None:
            if not self.is_over:
                then(message, error)

        self.exchange.recv(
            self.assignment.task,
            self.assignment.seq,
            letter,
            timeout_s=timeout_s,
            on_message=lambda message, error: self.loop.call(take, message, error),
        )

    def send(self, letter: Letter, payload: Bytes) -> None:
        """Send; what is lost belongs to a peer that is gone, which the centre notices itself."""
        self.exchange.send(self.assignment.task, self.assignment.seq, letter, payload, on_done=lambda _error: None)
