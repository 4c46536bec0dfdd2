"""What must hold after every operation, seen from the rows and the event log."""

import json
import sqlite3
from collections import Counter
from collections.abc import Mapping
from typing import Any

from scheduler.domain.machine import Limits, settle
from scheduler.domain.messages import Assignment, SyncReply, SyncRequest
from scheduler.domain.states import TERMINAL, Event, Level, State, target
from scheduler.store.queries.jobs import get_job_detail
from scheduler.store.queries.snapshots import find_snapshot
from tests.scheduler.centre import Centre

UNDERWAY = "state IN ('dispatched', 'running', 'lost_contact')"
ENDED = {str(state) for state in TERMINAL}


class Watch:
    """Follows the event log, and compares it with the rows that it speaks of."""

    def __init__(self, centre: Centre, slots: Mapping[str, int]) -> None:
        self.centre = centre
        self.slots = slots
        self.last_event = 0
        # A connection of its own, without SQLAlchemy: looking must not cost more than doing.
        self.reader = sqlite3.connect(f"file:{centre.store.engine.url.database}?mode=ro", uri=True)
        self.known: dict[tuple[str, str], str] = {}
        self.seqs: dict[str, int] = {}
        self.successes: Counter[str] = Counter()
        self.accepted: dict[tuple[str, int], str] = {}
        self.started: Counter[tuple[str, int]] = Counter()
        self.touched: set[str] = set()

    # --- what the simulator tells ---

    def note_reply(self, party: str, request: SyncRequest, reply: SyncReply) -> None:
        """Accepted reports: one outcome per dispatch, and never a foreign party's."""
        for report, answer in zip(request.reports, reply.reports, strict=True):
            if answer.accepted:
                key = (report.task, report.seq)
                known = self.accepted.setdefault(key, report.outcome)
                assert known == report.outcome, f"{key} accepted as {known} and as {report.outcome}"
        for claim in reply.claims:
            if claim.assignment:
                assert claim.assignment.party == party, f"{party} got the task of {claim.assignment.party}"

    def note_start(self, told: Assignment) -> None:
        """A dispatch is started once."""
        self.started[told.task, told.seq] += 1
        assert self.started[told.task, told.seq] == 1, f"{told.task}/{told.seq} started twice"

    # --- after every operation ---

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Rows of a plain query."""
        return self.reader.execute(query).fetchall()

    def check(self) -> None:
        """All that can be seen without walking everything."""
        self._follow_events()
        self._check_tasks()
        self._check_slots()

    def _follow_events(self) -> None:
        rows = self.rows(
            f"SELECT id, job_id, step_id, task_id, level, event, state FROM event WHERE id > {self.last_event} ORDER BY id"
        )
        for number, job, step, task, level, event, state in rows:
            self.last_event = number
            self.touched.add(job)
            self._follow(Level(level), {"job": job, "step": step, "task": task}[level], Event(event), state)

    def _follow(self, level: Level, item: str, event: Event, state: str) -> None:
        if event in {Event.STOP_REQUESTED, Event.SUBMITTED}:
            return
        before = self.known.get((level, item), "waiting")
        if level is Level.STEP and before == "waiting" and event is Event.DISPATCHED:
            before = "ready"  # steps that need nothing are ready from the start
        expected = target(level, State(before), event)
        assert expected is not None, f"{level} {item}: {event} from {before}"
        assert expected == state, f"{level} {item}: {event} says {state}, the table {expected}"
        self.known[level, item] = state
        if level is Level.STEP:
            self._check_step(item, event)
        if level is Level.TASK and event is Event.SUCCEEDED:
            self.successes[item] += 1
            assert self.successes[item] == 1, f"{item} succeeded twice"

    def _check_step(self, step: str, event: Event) -> None:
        """A step starts when all that it needs has succeeded, and succeeds when all of its tasks have."""
        if event in {Event.READIED, Event.DISPATCHED}:
            needs = [need for (need,) in self.rows(f"SELECT needs FROM dep WHERE step_id = '{step}'")]
            early = [need for need in needs if self.known.get((Level.STEP, need)) != "success"]
            assert not early, f"step {step} is {event} before {early}"
        if event is Event.SUCCEEDED:
            left = self.rows(
                f"SELECT task.id, task.state FROM task JOIN step ON step.id = task.step_id AND step.attempt = task.attempt "
                f"WHERE step.id = '{step}' AND task.state <> 'success'"
            )
            assert not left, f"step {step} succeeded without {left}"

    def _check_tasks(self) -> None:
        rows = self.rows(f"SELECT id, state, seq, lease_until, agent, reason FROM task WHERE {UNDERWAY}")
        for task, state, seq, lease, agent, reason in rows:
            assert self.known.get((Level.TASK, task)) == state, f"{task} is {state}, its events say otherwise"
            assert seq >= self.seqs.get(task, 1), f"{task} went back to dispatch {seq}"
            self.seqs[task] = seq
            assert lease is not None, f"{task} is {state} without a lease"
            assert state == "dispatched" or agent, f"{task} runs at nobody"
            assert state != "lost_contact" or reason, f"{task} lost without a word"

    def _check_slots(self) -> None:
        rows = self.rows(f"SELECT party_id, SUM(slots) FROM task WHERE gang AND {UNDERWAY} GROUP BY party_id")
        for party, used in rows:
            assert used <= self.slots[party], f"party {party}: {used} of {self.slots[party]} slots for gangs"

    def check_job(self, job: str) -> None:
        """A job's rows agree with their events, nothing is left to settle, and what waits says why."""
        with self.centre.store.read() as tx:
            snapshot = find_snapshot(tx, job)
            assert snapshot, f"job {job} is gone"
            detail = get_job_detail(tx, job)
        due = settle(*snapshot, now=snapshot[0].created, limits=Limits(offline_grace_s=1e9), draw=0.0)
        assert due.is_empty, f"job {job} was left unsettled: {due}"
        items: list[tuple[Level, Any]] = [(Level.JOB, detail.job)]
        for step in detail.steps:
            items += [(Level.STEP, step.step), *((Level.TASK, task) for task in step.tasks)]
        for level, item in items:
            known = self.known.get((level, item.id), item.state if item.state in {State.WAITING, State.READY} else "")
            assert known == item.state, f"{level} {item.id} is {item.state}, its events say {known!r}"
            is_fine = item.state in {State.RUNNING, State.SUCCESS} and level is not Level.JOB
            assert is_fine or item.reason or item.state is State.SUCCESS, (
                f"{level} {item.id} is {item.state} without a reason"
            )

    def check_touched(self) -> None:
        """The jobs that have moved since the last look."""
        for job in self.touched:
            self.check_job(job)
        self.touched.clear()

    # --- at the end ---

    def open_jobs(self) -> list[str]:
        """Jobs that have not ended."""
        return [row[0] for row in self.rows("SELECT id FROM job WHERE state IN ('waiting', 'running')")]

    def check_end(self, jobs: list[str]) -> None:
        """Every job is there and has ended, as its parts say; no point of a curve is there twice."""
        states = dict(self.rows("SELECT id, state FROM job"))
        assert set(jobs) == set(states)
        assert set(states.values()) <= ENDED, states
        for job in jobs:
            self.check_job(job)
        for job, state in states.items():
            steps = {row[0] for row in self.rows(f"SELECT state FROM step WHERE job_id = '{job}'")}
            assert (state == "success") == (steps == {"success"}), f"job {job} is {state}, its steps {steps}"
        assert not self.rows("SELECT id FROM task WHERE state NOT IN ('success', 'failed', 'canceled', 'timeout')")
        twice = self.rows("SELECT task_id, x FROM metric GROUP BY task_id, x HAVING COUNT(*) > 1")
        assert not twice, f"points stored twice: {twice}"
        self._check_deaths()

    def _check_deaths(self) -> None:
        """No step was given out to a party whose worker had died over it twice, unless an operator did so."""
        rows = self.rows(
            "SELECT step_id, party_id, attempt, failure FROM task WHERE failure IS NOT NULL ORDER BY attempt"
        )
        failures = [(step, party, attempt, json.loads(failure)) for step, party, attempt, failure in rows]
        poisoned = {(step, attempt) for step, _, attempt, failure in failures if failure["kind"] == "poison"}
        deaths: dict[tuple[str, str, int], set[int]] = {}
        for step, party, attempt, failure in failures:
            if failure.get("worker_died"):
                requeues = sum(of == step and at < attempt for of, at in poisoned)
                deaths.setdefault((step, party, requeues), set()).add(attempt)
        for (step, party, requeues), attempts in deaths.items():
            is_last = (step, max(attempts)) in poisoned
            assert len(attempts) <= 1 + is_last, f"{step} at {party} after {requeues} requeues: {sorted(attempts)}"
