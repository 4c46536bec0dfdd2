"""What workers do: introduce themselves, claim, beat, report."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Final, TypeVar

from scheduler.domain.errors import ConflictError
from scheduler.domain.messages import (
    PROTOCOL,
    ClaimReply,
    Hello,
    Report,
    ReportReply,
    SyncReply,
    SyncRequest,
    Welcome,
)
from scheduler.domain.values import valueclass
from scheduler.service.limits import Patience
from scheduler.service.poison import judge_deaths, note_late_deaths
from scheduler.service.settling import settle_job
from scheduler.store.hot.beat import BeatBy, extend_leases, mark_seen
from scheduler.store.hot.claim import ClaimBy, claim_tasks
from scheduler.store.hot.dispatch import expire_knocks, list_knocked
from scheduler.store.hot.report import ReportBy, end_tasks, list_held, lock_jobs_of
from scheduler.store.tx import Tx
from scheduler.store.work import Work, both, complete
from scheduler.store.writes.parties import introduce_party

Item = TypeVar("Item")
Reply = TypeVar("Reply")

SEEN_S: Final = 1.0
"""A party's last sign of life is stored no more often."""


@valueclass(frozen=True, slots=True)
class Call:
    """One agent call with the party that makes it, as its token says."""

    party: str
    request: SyncRequest


def greet_worker(tx: Tx, party: str, hello: Hello, *, now: datetime, patience: Patience, run_id: str) -> Welcome:
    """Note what the party's worker offers; ConflictError where it speaks another protocol."""
    if hello.protocol != PROTOCOL:
        raise ConflictError(
            f"this gateway speaks agent protocol {PROTOCOL}, the worker {hello.protocol}: "
            "run both from the same release"
        )
    offers = {offer.name: asdict(offer) for offer in hello.components}
    # Its worker has just started and has heard none of its knocks. Jobs are locked before the party's
    # row, as by calls of agents, so that the two never lock each other out.
    knocked = list_knocked(tx, party)
    forgotten = _list_forgotten(tx, party, hello)
    lock_jobs_of(tx, [*knocked, *(item.report.task for item in forgotten)])
    expire_knocks(tx, knocked, now=now)
    if forgotten:
        complete(_end(tx, forgotten, now=now, patience=patience))
    slots = introduce_party(tx, party, hello, offers, now=now)
    tx.effects.has_ready_work = True
    return Welcome(party=party, slots=slots, heartbeat_s=patience.heartbeat_s, lease_s=patience.lease_s, run_id=run_id)


def _list_forgotten(tx: Tx, party: str, hello: Hello) -> list[ReportBy]:
    """That what the worker had claimed is lost, where it knows nothing of it: nobody else would ever say so.

    Its claim's answer never reached it, or its disk or the centre's database is of another day.
    """
    if hello.knows is None:
        return []
    known = frozenset(hello.knows)
    why = f"the worker of party {party} does not know of it any more"
    return [
        ReportBy(party, Report(task=task, seq=seq, outcome="failed", kind="lost", message=why, log_size=log_size))
        for task, seq, log_size in list_held(tx, party, hello.agent)
        if (task, seq) not in known
    ]


class Sightings:
    """When which party was last noted as heard of: not every call need write it. One for each writer."""

    def __init__(self) -> None:
        self._noted: dict[str, datetime] = {}

    def take_due(self, parties: Iterable[str], *, now: datetime, patience: Patience) -> list[str]:
        """Those of the parties that are to be noted now; they count as noted.

        What was noted later than now was noted before the clock was set back, and says nothing.
        """
        since = now - timedelta(seconds=min(SEEN_S, patience.offline_s / 10))
        due = sorted({party for party in parties if not since < self._noted.get(party, since) <= now})
        self._noted.update(dict.fromkeys(due, now))
        return due


def sync_workers(
    tx: Tx, calls: Sequence[Call], *, now: datetime, patience: Patience, sightings: Sightings | None = None
) -> Work[list[SyncReply]]:
    """Answer a group of agent calls in one transaction; without `sightings` every call is noted.

    Heartbeats first (they carry the last metrics of tasks that end in the same call), then reports and claims,
    which ask together; then what follows from either. Every job that is touched is locked at the start, in order.
    """
    beats = [BeatBy(call.party, call.request.agent, beat) for call in calls for beat in call.request.beats]
    reports = [ReportBy(call.party, report) for call in calls for report in call.request.reports]
    claims = [
        ClaimBy(call.party, call.request.agent, claim.task, claim.seq)
        for call in calls
        for claim in call.request.claims
    ]
    tasks = [item.beat.task for item in beats] + [item.report.task for item in reports]
    lock_jobs_of(tx, [*tasks, *(claim.task for claim in claims)])
    lease_until = patience.lease_until(now)
    extended = yield from _in_waves(
        beats, lambda item: item.beat.task, lambda wave: extend_leases(tx, wave, now=now, lease_until=lease_until)
    )
    ended, claimed = yield from both(
        _in_waves(reports, lambda item: item.report.task, lambda wave: _end(tx, wave, now=now, patience=patience)),
        _in_waves(claims, lambda claim: claim.task, lambda wave: _claim(tx, wave, now=now, patience=patience)),
    )
    beat_replies, report_replies, claim_replies = iter(extended), iter(ended), iter(claimed)
    callers = [call.party for call in calls]
    mark_seen(tx, sightings.take_due(callers, now=now, patience=patience) if sightings else callers, now=now)
    return [
        SyncReply(
            claims=tuple(next(claim_replies) for _ in call.request.claims),
            reports=tuple(next(report_replies) for _ in call.request.reports),
            beats=tuple(next(beat_replies) for _ in call.request.beats),
        )
        for call in calls
    ]


def _claim(tx: Tx, claims: Sequence[ClaimBy], *, now: datetime, patience: Patience) -> Work[list[ClaimReply]]:
    claimed = yield from claim_tasks(tx, claims, now=now, lease_until=patience.lease_until(now))
    for job in sorted(claimed.unsettled):
        settle_job(tx, job, now=now, patience=patience)
    return claimed.replies


def _end(tx: Tx, reports: Sequence[ReportBy], *, now: datetime, patience: Patience) -> Work[list[ReportReply]]:
    judged = judge_deaths(tx, reports, allowed=patience.poison_deaths)
    reported = yield from end_tasks(tx, judged, now=now)
    note_late_deaths(tx, judged, reported)
    for job in sorted(reported.unsettled):
        settle_job(tx, job, now=now, patience=patience)
    return reported.replies


def _in_waves(
    items: Sequence[Item], key: Callable[[Item], str], answer: Callable[[list[Item]], Work[list[Reply]]]
) -> Work[list[Reply]]:
    """Answer all items in order, each key once a wave, so that a foreign item never stands in for another's."""
    replies: dict[int, Reply] = {}
    rest = list(enumerate(items))
    while rest:
        wave: dict[str, tuple[int, Item]] = {}
        for number, item in rest:
            wave.setdefault(key(item), (number, item))
        taken = {number for number, _ in wave.values()}
        answers = yield from answer([item for _, item in wave.values()])
        replies.update(zip((number for number, _ in wave.values()), answers, strict=True))
        rest = [(number, item) for number, item in rest if number not in taken]
    return [replies[number] for number in range(len(items))]
