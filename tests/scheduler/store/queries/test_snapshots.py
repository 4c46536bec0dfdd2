"""What the sweep finds: what time has made due, and what a missed write would leave."""

import pytest

from scheduler.domain.messages import Knock
from scheduler.domain.model import Retry
from scheduler.store.queries.snapshots import find_snapshot, list_due_jobs, list_unsettled_jobs
from tests.scheduler.centre import chain, step


def due(centre):
    return centre.read(lambda tx: list_due_jobs(tx, now=centre.now, offline_grace_s=centre.patience.offline_grace_s))


def unsettled(centre):
    return centre.read(list_unsettled_jobs)


def begin(centre, *steps, **given):
    job = centre.submit(*steps, **given)
    for party, items in centre.dispatch().items():
        centre.claim(party, items[0])
    return job


def force(centre, statement):
    """Write past all guards, as a defect would."""
    with centre.store.engine.begin() as connection:
        connection.exec_driver_sql(statement)


def test_a_snapshot_has_the_present_attempt_in_the_order_of_the_plan(centre):
    job = centre.submit(*chain(2))
    centre.run(lambda task: {"outcome": "failed"})
    centre.rerun(job)
    found, steps, tasks = centre.read(lambda tx: find_snapshot(tx, job))
    assert (found.id, [item.name for item in steps]) == (job, ["s0", "s1"])
    assert {(task.step, task.attempt) for task in tasks} == {("s0", 2), ("s1", 2)}
    assert centre.read(lambda tx: find_snapshot(tx, "x")) is None


def test_a_healthy_job_is_never_due(centre):
    begin(centre, *chain(2), deadline_s=100)
    assert (due(centre), unsettled(centre)) == ([], [])


def test_a_lease_that_ran_out_is_due_once_and_again_after_the_grace(centre):
    job = begin(centre, step("s"))
    centre.wait(60)
    assert due(centre) == [job]
    centre.settle()
    assert due(centre) == []
    centre.wait(centre.patience.offline_grace_s)
    assert due(centre) == [job]


def test_a_timeout_with_its_grace_is_due(centre):
    job = begin(centre, step("s", timeout_s=10))
    centre.wait(39.9)
    assert due(centre) == []
    centre.wait(0.1)
    assert due(centre) == [job]
    centre.settle()
    assert due(centre) == []


def test_a_deadline_is_due_once(centre):
    job = begin(centre, step("s"), deadline_s=30)
    centre.wait(30)
    assert due(centre) == [job]
    centre.settle()
    assert due(centre) == []


def test_a_pause_is_due_when_it_is_over(centre, monkeypatch):
    monkeypatch.setattr("random.random", lambda: 0.5)
    job = centre.submit(step("s", retry=Retry(attempts=2, backoff_s=10)), roles={"guest": ("a",)})
    centre.run(lambda task: {"outcome": "failed", "kind": "lost"})
    assert centre.states(job)[1] == {"s": "waiting"}
    centre.wait(4.9)
    assert due(centre) == []
    centre.wait(0.2)
    assert due(centre) == [job]
    centre.settle()
    assert centre.states(job)[1] == {"s": "ready"}


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE task SET state = 'success' WHERE state = 'running'",
        "UPDATE task SET state = 'success' WHERE state = 'running'; UPDATE step SET state = 'success' WHERE position = 0",
        "UPDATE step SET state = 'success'",
        "UPDATE job SET stop_kind = 'canceled', stop_reason = 'x'",
    ],
)
def test_a_missed_write_is_found_and_repaired(centre, damage):
    job = begin(centre, *chain(2))
    for statement in damage.split("; "):
        force(centre, statement)
    assert unsettled(centre) == [job]
    assert centre.settle() == 1
    for party, items in centre.dispatch().items():
        for knock in items:
            centre.claim(party, knock)
            centre.report(party, knock)
    for party, task, seq, kind in centre.rows("SELECT party_id, id, seq, 'canceled' FROM task WHERE state = 'running'"):
        centre.report(party, Knock(task, seq), kind)
    assert centre.states(job)[0] in {"success", "canceled"}
    assert unsettled(centre) == []


def test_jobs_that_have_ended_are_never_unsettled(centre):
    job = centre.submit(*chain(2))
    centre.run()
    other = centre.submit(step("s"))
    centre.stop(other)
    assert unsettled(centre) == []
    assert {centre.states(item)[0] for item in (job, other)} == {"success", "canceled"}
