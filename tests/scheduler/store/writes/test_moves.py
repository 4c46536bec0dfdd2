"""Settlements written down: every move a compare-and-set, every move an event."""

from dataclasses import replace

import pytest

from scheduler.domain.machine import Settlement, StopJob, make_move
from scheduler.domain.model import Failure
from scheduler.domain.states import Event, Level, State
from scheduler.store.queries.snapshots import find_snapshot
from scheduler.store.writes.moves import StaleMoveError, apply_settlement, lock_jobs, rerun_job, stop_job
from tests.scheduler.centre import chain, step


def snapshot(centre, job):
    return centre.read(lambda tx: find_snapshot(tx, job))


def write(centre, job, **due):
    centre.write(lambda tx: apply_settlement(tx, job, Settlement(**due), centre.now))


def begin(centre, **given):
    job = centre.submit(step("s", **given))
    for party, [knock] in centre.dispatch().items():
        centre.claim(party, knock)
    return job


def test_a_move_is_written_with_its_event_reason_and_failure(centre):
    job, _, tasks = snapshot(centre, begin(centre))
    failure = Failure(kind="lost", message="gone", detail="x")
    write(centre, job, moves=[make_move(Level.TASK, tasks[0], Event.FAILED, "gone", failure=failure)])
    task = centre.detail(job.id).steps[0].tasks[0]
    assert (task.state, task.reason, task.failure, task.ended) == ("failed", "gone", failure, centre.now)
    last = centre.events(job.id)[-1]
    assert (last.level, last.event, last.state, last.reason, last.task) == ("task", "failed", "failed", "gone", task.id)
    assert centre.effects.changed_jobs == {job.id}
    assert centre.effects.has_ready_work


@pytest.mark.parametrize("level", Level)
def test_a_move_from_a_state_that_is_no_longer_there_undoes_everything(centre, level):
    job, steps, tasks = snapshot(centre, begin(centre))
    stale = {Level.JOB: job, Level.STEP: steps[0], Level.TASK: tasks[0]}[level]
    good = make_move(Level.TASK, tasks[1], Event.LOST, "silent")
    for party in "ab":
        centre.write(
            lambda tx, p=party: tx.session.connection().exec_driver_sql(f"UPDATE party SET slots = 1 WHERE id = '{p}'")
        )
    centre.write(
        lambda tx: tx.session.connection().exec_driver_sql(
            f"UPDATE {level} SET state = 'success' WHERE id = '{stale.id}'"
        )
    )
    events = len(centre.events(job.id))
    with pytest.raises(StaleMoveError, match=f"{level} {stale.id} is not running any more"):
        write(centre, job, moves=[good, make_move(level, stale, Event.FAILED, "boom")])
    assert centre.rows(f"SELECT state FROM task WHERE id = '{tasks[1].id}'") == [("running",)]
    assert len(centre.events(job.id)) == events


def test_a_stop_of_a_task_that_runs_no_more_is_stale(centre):
    from scheduler.domain.machine import StopTask

    job, _, tasks = snapshot(centre, begin(centre))
    wrong = replace(tasks[0], seq=9)
    with pytest.raises(StaleMoveError, match="does not run as dispatch 9"):
        write(centre, job, stops=[StopTask(task=wrong, kind=State.CANCELED, reason="x")])
    write(centre, job, stops=[StopTask(task=tasks[0], kind=State.CANCELED, reason="x")])
    assert centre.effects.stops == [("a", tasks[0].id, 1, "canceled")]
    with pytest.raises(StaleMoveError):
        write(centre, job, stops=[StopTask(task=tasks[0], kind=State.CANCELED, reason="x")])


@pytest.mark.parametrize("settled_before", [True, False])
def test_a_job_whose_party_is_silent_can_be_stopped(centre, settled_before):
    job = begin(centre)
    centre.wait(61)
    if settled_before:
        centre.settle()
    assert centre.stop(job).state == "canceled"
    assert centre.detail(job).steps[0].tasks[0].reason == "by me; party a did not confirm it"


def test_a_sibling_may_fail_while_another_party_is_silent(centre):
    job = centre.submit(step("s"))
    knocks = {party: items[0] for party, items in centre.dispatch().items()}
    for party, knock in knocks.items():
        centre.claim(party, knock)
    centre.wait(61)
    centre.settle()
    assert centre.report("a", knocks["a"], "failed", message="boom").accepted
    assert centre.states(job) == ("failed", {"s": "failed"}, {"s/a": "failed", "s/b": "canceled"})


def test_a_second_wish_to_stop_changes_nothing(centre):
    job = begin(centre)
    for kind, reason in ((State.CANCELED, "first"), (State.FAILED, "second")):
        centre.write(lambda tx, k=kind, r=reason: stop_job(tx, job, StopJob(kind=k, reason=r), centre.now))
    assert centre.job(job).stop_reason == "first"
    assert [event.reason for event in centre.events(job) if event.event == "stop_requested"] == ["first"]


def test_a_job_that_is_open_cannot_be_opened_again(centre):
    job, steps, _ = snapshot(centre, begin(centre))
    with pytest.raises(StaleMoveError, match="is open"):
        centre.write(lambda tx: rerun_job(tx, job, steps, deadline=None, now=centre.now))


def test_a_rerun_makes_new_tasks_like_the_old_ones(centre):
    job = centre.submit(*chain(2, slots=2), roles={"guest": ("a",), "host": ("b", "a")}, deadline_s=10)
    centre.run(lambda task: {"outcome": "failed", "message": "boom"} if task.step == "s1" else {})
    centre.wait(100)
    before = centre.detail(job)
    assert before.job.state == "failed"
    assert centre.rerun(job).state == "waiting"
    after = centre.detail(job)
    assert (after.job.stop_kind, after.job.stop_reason, after.job.ended) == (None, "", None)
    assert (after.job.deadline - centre.now).total_seconds() == 10
    assert [item.step.state for item in after.steps] == ["success", "ready"]
    assert [t.id for t in after.steps[0].tasks] == [t.id for t in before.steps[0].tasks]
    assert [(t.role, t.party, t.position) for t in after.steps[1].tasks] == [
        (t.role, t.party, t.position) for t in before.steps[1].tasks
    ]
    assert {t.attempt for t in after.steps[1].tasks} == {2}
    centre.greet("a")
    centre.greet("b")
    centre.run()
    assert centre.states(job)[0] == "success"


def test_only_jobs_that_exist_are_locked(centre):
    job = begin(centre)
    assert centre.write(lambda tx: lock_jobs(tx, [job, "x", job])) == {job}
