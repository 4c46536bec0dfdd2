"""Lets the same protocol run several times in one step: each time in a scope, whose messages bear its name."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from fedrota.component import Context, Exchange, Member, Output, Payload


class Scope:
    """A `Context` within another one: own names of messages, a share of the progress bar, no summary and no metrics."""

    def __init__(self, outer: Context, name: str, *, start: float, end: float) -> None:
        """`start` and `end` are what share of the step's progress the scope makes up."""
        self._outer, self._name, self._start, self._width = outer, name, start, end - start
        self.job, self.step, self.attempt = outer.job, outer.step, outer.attempt
        self.me: Member = outer.me
        self.members: Sequence[Member] = outer.members
        self.params: Mapping[str, Any] = outer.params
        self.exchange: Exchange = ScopedExchange(outer.exchange, name)

    @property
    def workdir(self) -> Path:
        """The step's."""
        return self._outer.workdir

    @property
    def cancelled(self) -> bool:
        """Whether the step is to stop."""
        return self._outer.cancelled

    def peers(self, role: str | None = None) -> list[Member]:
        """The step's."""
        return self._outer.peers(role)

    def input(self, name: str) -> Path:
        """The step's."""
        return self._outer.input(name)

    def has_input(self, name: str) -> bool:
        """As in the step."""
        return self._outer.has_input(name)

    def table(self, name: str, *, namespace: str = "default") -> Path:
        """The party's."""
        return self._outer.table(name, namespace=namespace)

    def output(self, name: str, kind: str = "file") -> AbstractContextManager[Output]:
        """The step's; it is there once only."""
        return self._outer.output(name, kind)

    def log(self, message: str) -> None:
        """A line that names the scope."""
        self._outer.log(f"{self._name}: {message}")

    def log_metric(self, name: str, value: float, step: int | None = None) -> None:
        """A curve of the scope's own."""
        self._outer.log_metric(f"{self._name.replace(' ', '_')}_{name}", value, step)

    def progress(self, fraction: float) -> None:
        """A share of the step's progress."""
        self._outer.progress(self._start + self._width * fraction)

    def summary(self, **values: Any) -> None:
        """Dropped: the step's summary is about all scopes."""


class ScopedExchange:
    """An `Exchange` whose messages bear a name before their own."""

    def __init__(self, outer: Exchange, name: str) -> None:
        """All members of a step make the same scopes."""
        self._outer, self._name = outer, name

    def send(self, to: str | Member, name: str, value: Payload, *, round: int = 0) -> None:
        """As outside."""
        self._outer.send(to, f"{self._name} {name}", value, round=round)

    def recv(self, source: str | Member, name: str, *, round: int = 0, timeout_s: float | None = None) -> Payload:
        """As outside."""
        return self._outer.recv(source, f"{self._name} {name}", round=round, timeout_s=timeout_s)

    def broadcast(self, role: str | None, name: str, value: Payload, *, round: int = 0) -> None:
        """As outside."""
        self._outer.broadcast(role, f"{self._name} {name}", value, round=round)

    def gather(
        self, role: str | None, name: str, *, round: int = 0, timeout_s: float | None = None
    ) -> dict[Member, Payload]:
        """As outside."""
        return self._outer.gather(role, f"{self._name} {name}", round=round, timeout_s=timeout_s)
