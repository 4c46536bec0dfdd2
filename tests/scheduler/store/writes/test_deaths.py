"""Deaths that are told too late."""

from dataclasses import replace

from scheduler.domain.messages import Claim, Report
from scheduler.store.queries.jobs import get_task
from scheduler.store.writes.deaths import note_death
from tests.scheduler.centre import step


def run_to(centre, outcome):
    centre.submit(step("s"), roles={"guest": ("a",)})
    [knock] = centre.dispatch()["a"]
    centre.sync("a", claims=(Claim(knock.task, knock.seq),))
    if outcome:
        centre.report("a", knock, outcome, kind="error", message="so")
    return Report(task=knock.task, seq=knock.seq, outcome="failed", kind="lost", worker_died=True)


def died(centre, report, party="a"):
    centre.write(lambda tx: note_death(tx, report, party))
    task = centre.read(lambda tx: get_task(tx, report.task))
    return task.state, task.failure is not None and task.failure.worker_died


def test_a_task_that_ended_badly_keeps_its_state_and_reason_and_the_death(centre):
    report = run_to(centre, "failed")
    assert died(centre, report) == ("failed", True)
    failure = centre.read(lambda tx: get_task(tx, report.task)).failure
    assert (failure.kind, failure.message) == ("error", "so")


def test_other_dispatches_foreign_parties_and_open_or_good_tasks_are_left_alone(centre):
    report = run_to(centre, "failed")
    assert died(centre, replace(report, seq=report.seq + 1)) == ("failed", False)
    assert died(centre, report, "b") == ("failed", False)
    assert died(centre, run_to(centre, "success")) == ("success", False)
    assert died(centre, run_to(centre, "")) == ("running", False)
    centre.write(lambda tx: note_death(tx, replace(report, task="none"), "a"))
