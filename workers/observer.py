"""Who else wants to know of attempts, e.g. a monitor."""

from typing import Protocol

from scheduler.domain.messages import Assignment, Report


class Observer(Protocol):
    """Told of every attempt; must return at once and must not fail."""

    def received(self, assignment: Assignment) -> None:
        """The gateway has assigned it."""

    def started(self, assignment: Assignment) -> None:
        """It runs."""

    def ended(self, assignment: Assignment, report: Report) -> None:
        """It is over."""


class Nobody:
    """The observer where nobody observes."""

    def received(self, assignment: Assignment) -> None:
        """Nothing."""

    def started(self, assignment: Assignment) -> None:
        """Nothing."""

    def ended(self, assignment: Assignment, report: Report) -> None:
        """Nothing."""
