"""Each guard is taken out in turn, and the check that watches over it must then fail.

A guard that can go without any test noticing is either not needed or not tested.
"""

import importlib
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from scheduler.domain.admission import _Ledger, admit
from scheduler.domain.machine import _Settling
from scheduler.domain.states import State
from scheduler.store.hot.journal import in_state
from scheduler.store.migrate import migrate
from scheduler.store.session import Store, make_store
from scheduler.store.sql import Sql, make_sql
from scheduler.store.writes import moves
from tests.faults import scenes
from tests.faults.simulator import Simulator, open_fast
from tests.scheduler.centre import Centre

Patch = pytest.MonkeyPatch
Spoil = Callable[[Patch], None]


def cut(place: str, guard: str, instead: str = "") -> Spoil:
    """Take `guard` out of the statement `place` (module:name)."""
    module, _, name = place.partition(":")

    def spoil(patch: Patch) -> None:
        found: Sql = getattr(importlib.import_module(module), name)
        old, new = make_sql(guard), make_sql(instead)
        for text, part in ((found.sqlite, old.sqlite), (found.postgres, old.postgres)):
            assert text.count(part) == 1, f"{place} has no {part!r}"
        weak = Sql(found.sqlite.replace(old.sqlite, new.sqlite), found.postgres.replace(old.postgres, new.postgres))
        patch.setattr(f"{module}.{name}", weak)

    return spoil


def swap(place: str, instead: Any) -> Spoil:
    """Put `instead` in the place of a function."""
    return lambda patch: patch.setattr(place, instead)


def _append_without_fsync(spool: Any, line: bytes) -> Path:
    file: Path = spool._open_file()
    os.write(spool._handle, line)
    return file


# --- the guards ---


@dataclass(frozen=True)
class Mutation:
    """A guard, what removes it, and the check that must notice."""

    guard: str
    spoil: Spoil
    check: Callable[[Centre], None]
    database: str = "sqlite"


def _owner_without(*ignored: str) -> Callable[..., bool]:
    def is_owner(item: Any, row: Any) -> bool:
        held = {"party": row[3] == item.party, "seq": row[4] == item.beat.seq, "agent": row[8] == item.agent}
        held["state"] = row[5] in {"running", "lost_contact"}
        return all(value for name, value in held.items() if name not in ignored)

    return is_owner


def _moves_before_stops(tx: Any, job: Any, due: Any, now: Any) -> None:
    if due.stop_job is not None:
        moves.stop_job(tx, job.id, due.stop_job, now)
    for move in due.moves:
        moves._apply_move(tx, job, move, now)
    for stop in due.stops:
        moves._stop_task(tx, job, stop, now)
    for attempt in due.attempts:
        moves._retry_step(tx, job, attempt, now)


@contextmanager
def _no_savepoint(_tx: Any) -> Iterator[None]:
    yield


def _obstacle_without(word: str) -> Callable[..., str]:
    real = _Ledger.obstacle

    def obstacle(self: _Ledger, party: str, need: int, *, gang: bool) -> str:
        reason = real(self, party, need, gang=gang)
        return "" if word in reason else reason

    return obstacle


def _one_wave(items: Any, key: Any, answer: Any) -> Any:
    return (yield from answer(list(items))) if items else []


def _forgetful(candidates: Any, rooms: Any, *, reserve_after_s: float, held: Any) -> Any:
    return admit(candidates, rooms, reserve_after_s=reserve_after_s)


def _cut_moves(patch: Patch) -> None:
    weak = {
        level: Sql(sql.sqlite.replace(" AND state = :source", ""), sql.postgres.replace(" AND state = %(source)s", ""))
        for level, sql in moves._MOVE.items()
    }
    assert weak != moves._MOVE
    patch.setattr(moves, "_MOVE", weak)


def _forget_retried(patch: Patch) -> None:
    class Never(set[str]):
        def __contains__(self, name: object) -> bool:
            return False

    real = _Settling.__init__

    def init(self: Any, *args: Any, **given: Any) -> None:
        real(self, *args, **given)
        self.retried = Never()

    patch.setattr(_Settling, "__init__", init)


CLAIM = "scheduler.store.hot.claim:_CLAIM"
END = "scheduler.store.hot.report:_END"
REDISPATCH = "scheduler.store.hot.dispatch:_REDISPATCH"
OPEN_TASKS = (
    "AND NOT EXISTS (SELECT 1 FROM task WHERE task.step_id = step.id "
    "AND task.attempt = step.attempt AND task.state <> 'success' {each}) "
)
OPEN_NEEDS = (
    "AND NOT EXISTS (SELECT 1 FROM dep WHERE dep.step_id = step.id "
    "AND (SELECT state FROM step AS need WHERE need.id = dep.needs) <> 'success' {each}) "
)
NOT_STOPPING = "AND EXISTS (SELECT 1 FROM job WHERE job.id = step.job_id AND job.stop_kind IS NULL {each})"
OPEN_STEPS = "AND NOT EXISTS (SELECT 1 FROM step WHERE step.job_id = job.id AND step.state <> 'success' {each})"
RUNNING_TASK = (
    "AND EXISTS (SELECT 1 FROM task WHERE task.step_id = step.id AND task.attempt = step.attempt "
    f"AND {in_state(State.RUNNING, of='task')} {{each}})"
)
ENDING = f"AND {in_state(State.RUNNING, State.LOST_CONTACT)}"
KNOCKED = f"AND {in_state(State.DISPATCHED)}"
FREE = "scheduler.store.hot.report:_FREE_STEPS"
END_STEPS = "scheduler.store.hot.report:_END_STEPS"
END_JOBS = "scheduler.store.hot.report:_END_JOBS"
BEAT = "scheduler.store.hot.beat._is_owner"
WAVES = "scheduler.service.agents._in_waves"
OBSTACLE = "scheduler.domain.admission._Ledger.obstacle"

MUTATIONS = [
    Mutation("seq in claim", cut(CLAIM, "AND seq = {of:seqs} "), scenes.stale_claim_is_refused),
    Mutation("party in claim", cut(CLAIM, "AND party_id = {of:parties:text} "), scenes.foreign_claim_is_refused),
    Mutation("state in claim", cut(CLAIM, KNOCKED), scenes.late_claim_is_refused),
    Mutation("seq in report", cut(END, "AND seq = {of:seqs} "), scenes.stale_report_is_refused),
    Mutation("party in report", cut(END, "AND party_id = {of:parties:text} "), scenes.foreign_report_is_refused),
    Mutation("running task in the step's start", cut("scheduler.store.hot.claim:_START_STEPS", RUNNING_TASK),
             scenes.a_refused_claim_starts_nothing),
    Mutation("running task in the job's start",
             cut("scheduler.store.hot.claim:_START_JOBS", f"AND {in_state(State.RUNNING)}"),
             scenes.a_refused_claim_starts_nothing),
    Mutation("state in report", cut(END, ENDING), scenes.unclaimed_report_is_refused),
    Mutation("end in report", cut(END, ENDING), scenes.second_outcome_is_refused),
    Mutation("lease in redispatch", cut(REDISPATCH, "AND lease_until <= :now "), scenes.fresh_knock_is_not_repeated),
    Mutation("state in redispatch", cut(REDISPATCH, KNOCKED), scenes.claimed_task_is_not_knocked_again),
    Mutation("job lock in report", swap("scheduler.service.agents.lock_jobs_of", lambda tx, tasks: None),
             scenes.two_last_reports_end_the_job, "postgres"),
    Mutation("agent in beat", swap(BEAT, _owner_without("agent")), scenes.beat_of_another_agent_is_fenced),
    Mutation("seq in beat", swap(BEAT, _owner_without("seq")), scenes.beat_of_another_dispatch_is_fenced),
    Mutation("party in beat", swap(BEAT, _owner_without("party")), scenes.beat_of_another_party_is_fenced),
    Mutation("state in beat", swap(BEAT, _owner_without("state")), scenes.beat_of_an_ended_task_is_fenced),
    Mutation("batch number of metrics", cut("scheduler.store.hot.beat:_LOOK", "metric_batch", "0"),
             scenes.metrics_are_stored_once),
    Mutation("waves of beats", swap(WAVES, _one_wave),
             scenes.metrics_of_one_group_are_stored_once),
    Mutation("waves of claims", swap(WAVES, _one_wave),
             scenes.a_foreign_claim_in_the_same_group_takes_no_place),
    Mutation("idempotency key", swap("scheduler.service.jobs.insert_keys", lambda *_: None),
             scenes.a_key_makes_one_job),
    Mutation("owner of the key", swap("scheduler.service.jobs.name_keeper", lambda **_: "anybody"),
             scenes.a_key_belongs_to_one_owner),
    Mutation("stop in freeing steps", cut(FREE, NOT_STOPPING), scenes.a_stopping_job_readies_nothing),
    Mutation("needs in freeing steps", cut(FREE, OPEN_NEEDS), scenes.a_step_waits_for_all_its_needs),
    Mutation("siblings in step success", cut(END_STEPS, OPEN_TASKS), scenes.the_first_of_two_reports_ends_nothing),
    Mutation("steps in job success", cut(END_JOBS, OPEN_STEPS), scenes.a_job_waits_for_all_its_steps),
    Mutation("gang slots", swap(OBSTACLE, _obstacle_without("slots free")), scenes.gangs_never_share_a_slot),
    Mutation("admission lock", swap("scheduler.service.advance.lock_admission", lambda tx: None),
             scenes.two_schedulers_never_share_a_slot, "postgres"),
    Mutation("window", swap(OBSTACLE, _obstacle_without("waiting or running")), scenes.knocks_end_at_the_window),
    Mutation("reserve", swap("scheduler.domain.admission._may_hold", lambda *_: False), scenes.a_wide_step_does_not_starve),
    Mutation("reserve over pages", swap("scheduler.service.advance.admit", _forgetful),
             scenes.a_wide_step_keeps_its_place_over_pages),
    Mutation("closed parties", swap("scheduler.service.advance._closed", lambda *_, **__: ""),
             scenes.a_drained_party_gets_nothing),
    Mutation("stops before moves", swap("scheduler.service.settling.apply_settlement", _moves_before_stops),
             scenes.a_silent_party_does_not_forbid_a_stop),
    Mutation("source of a move", _cut_moves, scenes.an_old_snapshot_is_not_written),
    Mutation("one settlement at a time for a retried step", _forget_retried,
             scenes.a_failure_elsewhere_does_not_break_a_retry),
    Mutation("savepoint of each job", swap("scheduler.store.tx.Tx.savepoint", _no_savepoint),
             scenes.one_defect_does_not_keep_others_waiting),
    Mutation("fsync of the spool", swap("workers.spool.Spool._append", _append_without_fsync),
             scenes.a_report_survives_a_power_cut),
]  # fmt: skip


# --- the proof ---


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite file."""
    file = tmp_path_factory.mktemp("mutations") / "core.db"
    store = make_store(f"sqlite:///{file}")
    migrate(store)
    store.close()
    return file


@pytest.fixture
def open_store(template: Path, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Callable[[str], Store]]:
    """A function that opens a fresh store on the named kind of database."""
    opened: list[Store] = []

    def make(database: str) -> Store:
        if database == "postgres":
            store = make_store(request.getfixturevalue("postgres_url"))
            migrate(store)
        else:
            file = tmp_path / f"{len(opened)}.db"
            file.write_bytes(template.read_bytes())
            store = open_fast(file)
        opened.append(store)
        return store

    yield make
    for store in opened:
        store.close()


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.guard.replace(" ", "-"))
def test_the_check_holds_with_the_guard_and_fails_without(mutation, open_store, monkeypatch):
    centre = Centre(open_store(mutation.database))
    mutation.check(centre)
    with centre.store.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM job")
    for party in "ab":
        centre.greet(party)
    mutation.spoil(monkeypatch)
    with pytest.raises((AssertionError, moves.StaleMoveError, pytest.fail.Exception)):
        mutation.check(centre)


FOUND_BY_CHANCE = (
    "state in report", "end in report", "waves of beats", "siblings in step success", "steps in job success", "gang slots",
    "needs in freeing steps", "batch number of metrics", "one settlement at a time for a retried step",
)  # fmt: skip


@pytest.mark.parametrize("guard", FOUND_BY_CHANCE, ids=lambda guard: guard.replace(" ", "-"))
def test_the_simulator_notices_by_itself_that_a_guard_is_gone(guard, open_store, monkeypatch):
    """It knows of no guard; its invariants must find the damage within a few thousand operations."""
    next(mutation for mutation in MUTATIONS if mutation.guard == guard).spoil(monkeypatch)
    with pytest.raises((AssertionError, moves.StaleMoveError, IntegrityError, sqlite3.IntegrityError)):
        _simulate(open_store)


def _simulate(open_store: Callable[[str], Store]) -> None:
    for seed in range(8):
        simulator = Simulator(open_store("sqlite"), seed)
        for _ in range(20):
            simulator.run(20)
            simulator.watch.check_touched()
        simulator.drain()
