"""The gateway and its scheduler as one worker sees them, in memory.

Copied are the answers of `scheduler/service/agents.py` (`greet_worker`, `sync_workers`) with the guards of
`scheduler/store/hot/`: `claim.py` (`_CLAIM`, `_holds`), `report.py` (`_END`, `_reply`), `beat.py` (`_is_owner`,
`_store`) and `dispatch.py` (`_REDISPATCH`, `_EXPIRE`), and the refusals of whole calls as `workers/gateway.py` tells
them apart. Two things the real one never does: `rewind` gives out what an agent holds (a database of an hour ago), and
`move_away` forgets everything (another installation at the same address).
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from scheduler.domain.messages import (
    Assignment,
    Beat,
    BeatReply,
    Claim,
    ClaimReply,
    Hello,
    Knock,
    Report,
    ReportReply,
    SyncReply,
    SyncRequest,
    Welcome,
)
from scheduler.domain.states import TERMINAL
from workers.gateway import GatewayAwayError, HelloNeededError, RefusedError

HEARTBEAT_S, LEASE_S, KNOCK_S = 5.0, 15.0, 8.0
HELD = {"running", "lost_contact"}
ENDED = {str(state) for state in TERMINAL}
FAULTS = {"away": 0.08, "lost": 0.1, "forgotten": 0.04}


@dataclass
class Entry:
    """A task's row."""

    task: str
    facts: dict[str, object]
    held: bool
    seq: int = 1
    state: str = "dispatched"
    agent: str = ""
    lease: float = 0.0
    stop_kind: str = ""
    batch: int = 0
    ended_by: str = ""
    report: Report | None = None
    points: dict[int, list[int]] = field(default_factory=dict)

    @property
    def knock(self) -> Knock:
        return Knock(self.task, self.seq, self.held)


class MemoryGateway:
    """Stands for `workers.gateway.Gateway`, and for what users and the scheduler do behind it."""

    def __init__(self, chance: random.Random, *, clock: Callable[[], float], pause: Callable[[], None]) -> None:
        self._chance = chance
        self._clock = clock
        self._pause = pause
        self.rows: dict[str, Entry] = {}
        self.past: list[Entry] = []
        """Rows of installations that are no more."""
        self.slots = 2
        self.run_id = "first"
        self.is_faulty = True
        self.is_strange = True
        """Whether it does not know the worker's token yet."""
        self.poison: set[tuple[type, str]] = set()
        """Items that it never takes: their kind and task."""
        self.poisoned: set[str] = set()
        self.on_sync: Callable[[SyncRequest], None] = lambda _: None

    # --- the wire ---

    def close(self) -> None:
        """As the real one."""

    def hello(self, hello: Hello) -> Welcome:
        """`greet_worker`."""
        self._go_wrong(is_hello=True)
        for row in self.rows.values():
            if row.state == "dispatched":
                row.seq, row.lease = row.seq + 1, self._clock()
            elif row.state in HELD and row.agent == hello.agent and (row.task, row.seq) not in (hello.knows or ()):
                self.end(row, "failed", by="hello")
        self.is_strange = False
        self._lose_answer()
        return Welcome(party="9999", slots=self.slots, heartbeat_s=HEARTBEAT_S, lease_s=LEASE_S, run_id=self.run_id)

    def sync(self, request: SyncRequest) -> SyncReply:
        """`sync_workers`: beats, then reports, then claims, in one transaction."""
        self.on_sync(request)
        self._go_wrong()
        if self.is_strange:
            raise HelloNeededError("401")
        bad = {(type(item), item.task) for item in (*request.claims, *request.reports, *request.beats)} & self.poison
        if bad:
            self.poisoned |= {task for _, task in bad}
            raise RefusedError("422")
        reply = SyncReply(
            beats=tuple([self._beat(beat, request.agent) for beat in request.beats]),
            reports=tuple([self._report(report) for report in request.reports]),
            claims=tuple([self._claim(claim, request.agent) for claim in request.claims]),
        )
        self._lose_answer()
        return reply

    def _go_wrong(self, *, is_hello: bool = False) -> None:
        self._pause()
        if self._draws("away"):
            raise GatewayAwayError("503", after_s=self._chance.choice([0.0, 0.0, 2.0]))
        if not is_hello and self._draws("forgotten"):
            raise HelloNeededError("409")

    def _lose_answer(self) -> None:
        self._pause()
        if self._draws("lost"):
            raise GatewayAwayError("the connection was reset")

    def _draws(self, fault: str) -> bool:
        return self.is_faulty and self._chance.random() < FAULTS[fault]

    def _claim(self, claim: Claim, agent: str) -> ClaimReply:
        row = self.rows.get(claim.task)
        if row is not None and row.seq == claim.seq and row.state == "dispatched":
            row.state, row.agent, row.lease = "running", agent, self._clock() + LEASE_S
        if row is None or (row.seq, row.agent) != (claim.seq, agent) or row.state not in HELD:
            return ClaimReply(task=claim.task, seq=claim.seq, assignment=None, reason="void")
        return ClaimReply(task=claim.task, seq=claim.seq, assignment=_assign(row))

    def _report(self, report: Report) -> ReportReply:
        row = self.rows.get(report.task)
        if row is not None and row.seq == report.seq and row.state in HELD:
            self.end(row, report.outcome, by="report")
            row.report = report
        elif row is None or (row.seq, row.state) != (report.seq, report.outcome):
            return ReportReply(task=report.task, seq=report.seq, accepted=False, reason="void")
        return ReportReply(task=report.task, seq=report.seq, accepted=True)

    def _beat(self, beat: Beat, agent: str) -> BeatReply:
        row = self.rows.get(beat.task)
        if row is None or (row.seq, row.agent) != (beat.seq, agent) or row.state not in HELD:
            return BeatReply(task=beat.task, seq=beat.seq, verdict="fenced")
        row.state, row.lease = "running", self._clock() + LEASE_S
        if beat.batch > row.batch:
            row.batch = beat.batch
            row.points.setdefault(beat.seq, []).extend(point.step for point in beat.metrics)
        if row.stop_kind:
            return BeatReply(task=beat.task, seq=beat.seq, verdict="stop", stop_kind=row.stop_kind, batch=row.batch)
        return BeatReply(task=beat.task, seq=beat.seq, verdict="go", batch=row.batch)

    # --- what happens behind it ---

    def submit(self, task: str, *, held: bool, **facts: object) -> Entry:
        """A task is dispatched."""
        row = self.rows[task] = Entry(task, facts, held, lease=self._clock() + KNOCK_S)
        return row

    def list_open(self, *states: str) -> list[Entry]:
        """Rows that have not ended, or those in these states."""
        return [row for row in self.rows.values() if (row.state in states if states else row.state not in ENDED)]

    def redispatch(self) -> list[Knock]:
        """Knock again for what was not claimed in time."""
        due = [row for row in self.list_open("dispatched") if row.lease <= self._clock()]
        for row in due:
            row.seq, row.lease = row.seq + 1, self._clock() + KNOCK_S
        return [row.knock for row in due]

    def stop(self, row: Entry, kind: str) -> None:
        """Somebody wants its end; whether a running one is to be told is the caller's."""
        if row.state == "dispatched":
            self.end(row, "canceled", by="stop")
        elif not row.stop_kind:
            row.stop_kind = kind

    def expire(self) -> None:
        """Leases run out: contact is lost, then the task."""
        for row in self.list_open(*HELD):
            if row.lease + 4 * LEASE_S <= self._clock():
                self.end(row, "failed", by="lease")
            elif row.lease <= self._clock():
                row.state = "lost_contact"

    def rewind(self, row: Entry) -> Knock:
        """What an agent holds is given out anew."""
        row.seq, row.state, row.agent, row.batch, row.lease = row.seq + 1, "dispatched", "", 0, self._clock() + KNOCK_S
        return row.knock

    def move_away(self) -> None:
        """Another installation is at this address now."""
        self.past += self.rows.values()
        self.rows, self.is_strange, self.run_id = {}, True, f"{self.run_id}+"

    def end(self, row: Entry, state: str, *, by: str) -> None:
        """The row is terminal."""
        row.state, row.ended_by = state, by


def _assign(row: Entry) -> Assignment:
    return Assignment(
        task=row.task, seq=row.seq, job="job", job_name="a job", step="step", attempt=1, role="guest", party="9999",
        position=0, params={}, inputs={}, peers=(), **row.facts,
    )  # fmt: skip
