"""New jobs with all that belongs to them."""

from scheduler.domain.model import Retry
from tests.scheduler.centre import chain, step


def test_a_job_is_stored_with_steps_dependencies_and_tasks(centre):
    job = centre.submit(*chain(2), roles={"guest": ("a",), "host": ("b", "a")}, priority=3, labels={"team": "x"})
    detail = centre.detail(job)
    assert (detail.job.state, detail.job.priority, detail.job.labels) == ("waiting", 3, {"team": "x"})
    assert detail.job.created == centre.now
    assert [(item.step.name, item.step.state, item.step.needs) for item in detail.steps] == [
        ("s0", "ready", ()), ("s1", "waiting", ("s0",)),
    ]  # fmt: skip
    members = [(task.role, task.party, task.position) for task in detail.steps[0].tasks]
    assert members == [("guest", "a", 0), ("host", "b", 0), ("host", "a", 1)]
    assert {(task.seq, task.attempt, task.state) for item in detail.steps for task in item.tasks} == {(0, 1, "waiting")}
    assert centre.rows("SELECT needs, step_id FROM dep") == [(f"{job}-0", f"{job}-1")]


def test_a_submission_is_one_event_and_ready_work(centre):
    job = centre.submit(step("s"))
    assert [(event.level, event.event, event.state) for event in centre.events(job)] == [
        ("job", "submitted", "waiting")
    ]
    assert centre.effects.has_ready_work
    assert centre.effects.changed_jobs == {job}


def test_what_a_step_says_comes_back_as_it_was(centre):
    retry = Retry(attempts=5, backoff_s=0.5, cap_s=9.0, on=("lost", "error"))
    job = centre.submit(
        step("s", retry=retry, timeout_s=30, slots=2, gang=True, params={"x": 1}, overrides={"host": {"x": 2}},
             services=("host",)),
        deadline_s=60,
    )  # fmt: skip
    found = centre.detail(job)
    kept = found.steps[0].step
    assert (kept.retry, kept.timeout_s, kept.slots, kept.gang) == (retry, 30.0, 2, True)
    assert (kept.params, kept.overrides) == ({"x": 1}, {"host": {"x": 2}})
    assert [task.service for task in found.steps[0].tasks] == [False, True]
    assert (found.job.deadline - centre.now).total_seconds() == 60


def test_many_jobs_at_once_keep_apart(centre):
    jobs = centre.submit_all([centre.plan(step("s"))] * 50)
    assert len(set(jobs)) == 50
    assert centre.run() == 100
    assert {centre.states(job)[0] for job in jobs} == {"success"}
