"""What a transaction causes once it is committed."""

from dataclasses import dataclass, field

Stop = tuple[str, str, int, str]
"""(party, task, seq, kind) of a running task that is to be stopped through its party's channel."""


@dataclass(slots=True)
class Effects:
    """What must happen after a commit, and only then."""

    has_ready_work: bool = False
    """A step may start: nudge the scheduler."""
    changed_jobs: set[str] = field(default_factory=set)
    """Jobs with new events: wake those who watch them."""
    stops: list[Stop] = field(default_factory=list)

    def copy(self) -> "Effects":
        """What there is by now; what comes does not change it."""
        return Effects(self.has_ready_work, set(self.changed_jobs), list(self.stops))
