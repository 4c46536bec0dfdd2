"""What a transaction causes once it is committed."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Effects:
    """What must happen after a commit, and only then."""

    has_ready_work: bool = False
    """A step may start: nudge the scheduler."""
    changed_jobs: set[str] = field(default_factory=set)
    """Jobs with new events: wake those who watch them."""
    stops: list[tuple[str, str, int, str]] = field(default_factory=list)
    """(party, task, seq, kind) of running tasks to be stopped through the party's channel."""

    def copy(self) -> "Effects":
        """What there is by now; what comes does not change it."""
        return Effects(self.has_ready_work, set(self.changed_jobs), list(self.stops))
