"""What each guard guards: small scenes that go wrong at once where it is missing."""

import os
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from scheduler.domain.machine import Settlement, make_move
from scheduler.domain.messages import Beat, Claim, Knock, MetricPoint, Report, SyncRequest
from scheduler.domain.model import Retry
from scheduler.domain.states import Event, Level
from scheduler.service import advance, agents
from scheduler.store.hot.dispatch import redispatch_tasks
from scheduler.store.queries.snapshots import find_snapshot
from scheduler.store.work import complete
from scheduler.store.writes import moves
from scheduler.store.writes.parties import update_party
from tests.scheduler.centre import Centre, chain, eventually, step
from workers.spool import Record, Spool


def knocked(centre: Centre, **given: Any) -> dict[str, Knock]:
    centre.submit(step("s", **given))
    return {party: items[0] for party, items in centre.dispatch().items()}


def running(centre: Centre, **given: Any) -> dict[str, Knock]:
    knocks = knocked(centre, **given)
    for party, knock in knocks.items():
        centre.claim(party, knock)
    return knocks


def state_of(centre: Centre, knock: Knock) -> str:
    return str(centre.rows(f"SELECT state FROM task WHERE id = '{knock.task}'")[0][0])


def stale_claim_is_refused(centre: Centre) -> None:
    knock = knocked(centre)["a"]
    centre.claim("a", replace(knock, seq=7))
    assert state_of(centre, knock) == "dispatched"


def foreign_claim_is_refused(centre: Centre) -> None:
    knock = knocked(centre)["a"]
    centre.claim("b", knock)
    assert state_of(centre, knock) == "dispatched"


def a_refused_claim_starts_nothing(centre: Centre) -> None:
    knock = knocked(centre)["a"]
    centre.claim("b", knock)
    job, steps, _ = centre.states(knock.task.split("-")[0])
    assert (job, set(steps.values())) == ("waiting", {"dispatched"})


def late_claim_is_refused(centre: Centre) -> None:
    knock = knocked(centre)["a"]
    centre.stop(knock.task.split("-")[0])
    centre.claim("a", knock)
    assert state_of(centre, knock) == "canceled"


def stale_report_is_refused(centre: Centre) -> None:
    knock = running(centre)["a"]
    centre.report("a", replace(knock, seq=7))
    assert state_of(centre, knock) == "running"


def foreign_report_is_refused(centre: Centre) -> None:
    knock = running(centre)["a"]
    centre.report("b", knock)
    assert state_of(centre, knock) == "running"


def unclaimed_report_is_refused(centre: Centre) -> None:
    knock = knocked(centre)["a"]
    centre.report("a", knock)
    assert state_of(centre, knock) == "dispatched"


def second_outcome_is_refused(centre: Centre) -> None:
    knock = running(centre)["a"]
    centre.report("a", knock)
    centre.report("a", knock, "failed")
    assert state_of(centre, knock) == "success"


def fresh_knock_is_not_repeated(centre: Centre) -> None:
    knock = knocked(centre)["a"]
    centre.write(lambda tx: redispatch_tasks(tx, [knock.task], now=centre.now, lease_until=centre.now))
    assert centre.rows(f"SELECT seq FROM task WHERE id = '{knock.task}'") == [(1,)]


def claimed_task_is_not_knocked_again(centre: Centre) -> None:
    knock = running(centre)["a"]
    centre.wait(61)
    centre.write(lambda tx: redispatch_tasks(tx, [knock.task], now=centre.now, lease_until=centre.now))
    assert centre.rows(f"SELECT seq FROM task WHERE id = '{knock.task}'") == [(1,)]


def wait_until_over_or_blocked(centre: Centre, other: threading.Thread) -> None:
    """Wait until PostgreSQL has let the other thread through, or makes it wait for a lock of ours."""
    blocked = (
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND cardinality(pg_blocking_pids(pid)) > 0"
    )
    eventually(lambda: not other.is_alive() or centre.rows(blocked))


def two_last_reports_end_the_job(centre: Centre) -> None:
    """The second report begins while the first is not committed; PostgreSQL shows it the first's old row."""
    knocks = running(centre)

    def report(party: str) -> None:
        said = Report(task=knocks[party].task, seq=1, outcome="success")
        with centre.store.write() as tx:
            call = agents.Call(party, SyncRequest(agent=f"agent-{party}", reports=(said,)))
            complete(agents.sync_workers(tx, [call], now=centre.now, patience=centre.patience))
            if party == "a":
                other.start()
                wait_until_over_or_blocked(centre, other)

    # The parties' own rows are no part of this race.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(agents, "mark_seen", lambda *_, **__: None)
        other = threading.Thread(target=report, args=("b",))
        report("a")
        other.join()
    assert centre.rows("SELECT state FROM job") == [("success",)]


def beat_of_another_agent_is_fenced(centre: Centre) -> None:
    assert centre.beat("a", running(centre)["a"], agent="another").verdict == "fenced"


def beat_of_another_dispatch_is_fenced(centre: Centre) -> None:
    assert centre.beat("a", replace(running(centre)["a"], seq=7)).verdict == "fenced"


def beat_of_another_party_is_fenced(centre: Centre) -> None:
    assert centre.beat("b", running(centre)["a"], agent="agent-a").verdict == "fenced"


def beat_of_an_ended_task_is_fenced(centre: Centre) -> None:
    knock = running(centre)["a"]
    centre.report("a", knock)
    assert centre.beat("a", knock).verdict == "fenced"


def metrics_are_stored_once(centre: Centre) -> None:
    knock = running(centre)["a"]
    for _ in range(2):
        centre.beat("a", knock, batch=1, metrics=(MetricPoint("loss", 0, 0.5, 1.0),))
    assert centre.rows("SELECT COUNT(*) FROM metric") == [(1,)]


def metrics_of_one_group_are_stored_once(centre: Centre) -> None:
    knock = running(centre)["a"]
    beat = Beat(task=knock.task, seq=1, batch=1, metrics=(MetricPoint("loss", 0, 0.5, 1.0),))
    request = SyncRequest(agent="agent-a", beats=(beat,))
    centre.sync_all(("a", request), ("a", request))
    assert centre.rows("SELECT COUNT(*) FROM metric") == [(1,)]


def a_key_makes_one_job(centre: Centre) -> None:
    for _ in range(2):
        centre.submit(step("s"), idempotency_key="k")
    assert centre.rows("SELECT COUNT(*) FROM job") == [(1,)]


def a_key_belongs_to_one_owner(centre: Centre) -> None:
    mine, hers = (centre.submit(step("s"), idempotency_key="k", owner=owner) for owner in ("me", "her"))
    assert mine != hers


def a_stopping_job_readies_nothing(centre: Centre) -> None:
    job = centre.submit(*chain(2))
    knocks = centre.dispatch()
    for party in "ab":
        centre.claim(party, knocks[party][0])
    with centre.store.engine.begin() as connection:  # a wish to stop that nobody has settled yet
        connection.exec_driver_sql("UPDATE job SET stop_kind = 'canceled', stop_reason = 'by me'")
    reports = {party: (Report(task=knocks[party][0].task, seq=1, outcome="success"),) for party in "ab"}
    centre.sync_all(*[(party, SyncRequest(agent=f"agent-{party}", reports=said)) for party, said in reports.items()])
    assert "readied" not in {event.event for event in centre.events(job)}


def the_first_of_two_reports_ends_nothing(centre: Centre) -> None:
    knock = running(centre)["a"]
    centre.report("a", knock)
    assert centre.rows("SELECT step.state, job.state FROM step JOIN job ON job.id = step.job_id") == [
        ("running", "running")
    ]


def a_step_waits_for_all_its_needs(centre: Centre) -> None:
    job = centre.submit(step("l"), step("r"), step("both", needs=("l", "r")))
    for party, items in centre.dispatch().items():
        for knock in items:
            if knock.task.startswith(f"{job}-0-"):
                centre.claim(party, knock)
                centre.report(party, knock)
    assert centre.states(job)[1]["both"] == "waiting"


def a_job_waits_for_all_its_steps(centre: Centre) -> None:
    job = centre.submit(*chain(2))
    for party, [knock] in centre.dispatch().items():
        centre.claim(party, knock)
        centre.report(party, knock)
    assert centre.states(job)[0] == "running"


def gangs_never_share_a_slot(centre: Centre) -> None:
    for _ in range(2):
        centre.submit(step("s", gang=True, slots=5))
    assert len(centre.dispatch()["a"]) == 1


def two_schedulers_never_share_a_slot(centre: Centre) -> None:
    """The second begins while the first is not committed; PostgreSQL shows it the slots as still free."""
    centre.submit(step("s", gang=True, slots=5))
    other = threading.Thread(target=lambda: advance.dispatch_ready(second, now=centre.now, patience=centre.patience))
    with centre.store.write() as second:
        with centre.store.write() as first:
            advance.dispatch_ready(first, now=centre.now, patience=centre.patience)
            centre.submit(step("s", gang=True, slots=5))
            other.start()
            wait_until_over_or_blocked(centre, other)
        other.join()
    assert centre.rows("SELECT COUNT(*) FROM step WHERE state = 'dispatched'") == [(1,)]


def knocks_end_at_the_window(centre: Centre) -> None:
    centre.submit_all([centre.plan(step("s"))] * 30)
    assert len(centre.dispatch()["a"]) == 16


def running_ahead(centre: Centre) -> Knock:
    """A slot is in use, and a wide step has waited for long."""
    knock = running(centre, gang=True)["a"]
    centre.wait(1)
    centre.submit(step("wide", gang=True, slots=8))
    centre.wait(15)
    return knock


def a_wide_step_does_not_starve(centre: Centre) -> None:
    running_ahead(centre)
    centre.submit(step("small", gang=True))
    assert centre.dispatch() == {}


def a_wide_step_keeps_its_place_over_pages(centre: Centre) -> None:
    running_ahead(centre)
    centre.submit_all([centre.plan(step("small", gang=True))] * 3)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("scheduler.service.advance.PAGE", 1)
        assert centre.dispatch() == {}


def a_drained_party_gets_nothing(centre: Centre) -> None:
    centre.write(lambda tx: update_party(tx, "b", drained=True))
    centre.submit(step("s"))
    assert centre.dispatch() == {}


def a_foreign_claim_in_the_same_group_takes_no_place(centre: Centre) -> None:
    knock = knocked(centre)["a"]
    claim = (Claim(knock.task, 1),)
    calls = (("a", SyncRequest(agent="agent-a", claims=claim)), ("b", SyncRequest(agent="agent-b", claims=claim)))
    assert centre.sync_all(*calls)[0].claims[0].assignment


def a_silent_party_does_not_forbid_a_stop(centre: Centre) -> None:
    job = running(centre)["a"].task.split("-")[0]
    centre.wait(61)
    assert centre.stop(job).state == "canceled"


def an_old_snapshot_is_not_written(centre: Centre) -> None:
    knock = running(centre)["a"]
    job, _, tasks = centre.read(lambda tx: find_snapshot(tx, knock.task.split("-")[0]))
    due = Settlement(moves=[make_move(Level.TASK, tasks[0], Event.LOST, "silent")])
    centre.report("a", knock)
    with pytest.raises(moves.StaleMoveError):
        centre.write(lambda tx: moves.apply_settlement(tx, job, due, centre.now))
    assert state_of(centre, knock) == "success"


def a_failure_elsewhere_does_not_break_a_retry(centre: Centre) -> None:
    retry = Retry(attempts=3, on=("lost",))
    job = centre.submit(step("x", retry=retry), step("y", retry=Retry(attempts=1)), roles={"guest": ("a",)})
    knocks = centre.dispatch()["a"]
    for knock in knocks:
        centre.claim("a", knock)
    reports = tuple(
        Report(task=knock.task, seq=1, outcome="failed", kind="lost" if f"{job}-0-" in knock.task else "error")
        for knock in knocks
    )
    centre.sync("a", reports=reports)
    assert centre.states(job)[0] == "failed"


def one_defect_does_not_keep_others_waiting(centre: Centre) -> None:
    bad, good = (running(centre)["a"].task.split("-")[0] for _ in range(2))
    centre.wait(61)
    with pytest.MonkeyPatch.context() as patch:
        real = moves.apply_settlement

        def apply(tx: Any, job: Any, due: Any, now: Any) -> None:
            real(tx, job, due, now)
            if job.id == bad:
                raise moves.StaleMoveError("a defect")

        patch.setattr("scheduler.service.settling.apply_settlement", apply)
        centre.settle()
    assert set(centre.states(good)[2].values()) == {"lost_contact"}
    assert set(centre.states(bad)[2].values()) == {"running"}


def a_report_survives_a_power_cut(centre: Centre) -> None:
    """The file's name and its content are on the disk before the report counts as safe."""
    folder = Path(centre.store.engine.url.database or "").parent
    done: list[str] = []
    real_sync, real_write = os.fsync, os.write
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda handle: (done.append("fsync"), real_sync(handle)))
        patch.setattr(os, "write", lambda *given: (done.append("write"), real_write(*given))[1])
        Spool(folder).write([Record(report=Report(task="t", seq=1, outcome="success"))])
    assert [record.report.task for record in Spool(folder).load()] == ["t"]
    assert done == ["fsync", "write", "fsync"]
