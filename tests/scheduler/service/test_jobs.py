"""What users do with jobs."""

from datetime import timedelta

import pytest

from scheduler.domain.errors import BusyError, ConflictError, NotFoundError
from scheduler.domain.messages import OutputRef
from scheduler.domain.plan import make_submission
from scheduler.service import attachments, jobs
from scheduler.service.catalogue import load_catalogue
from scheduler.service.jobs import Submitted
from scheduler.service.open_jobs import OpenJobs
from scheduler.store.queries.tracking import list_outputs
from scheduler.store.work import complete
from tests.scheduler.centre import chain, step


def submit(centre, *wishes, limit=100):
    return centre.write(lambda tx: complete(jobs.submit_jobs(tx, wishes, now=centre.now, open_jobs=OpenJobs(limit))))


# --- submit ---


def test_a_key_finds_the_job_of_the_first_submit(centre):
    wish = centre.plan(step("s"), idempotency_key="k")
    [first] = submit(centre, wish)
    assert first.is_new
    assert submit(centre, wish) == [Submitted(first.job, is_new=False)]
    assert submit(centre, wish, wish) == [Submitted(first.job, is_new=False)] * 2
    assert centre.rows("SELECT COUNT(*) FROM job") == [(1,)]


def test_two_submits_with_one_key_in_one_group_are_one_job(centre):
    wish = centre.plan(step("s"), idempotency_key="k")
    first, second = submit(centre, wish, wish)
    assert (first.is_new, second) == (True, Submitted(first.job, is_new=False))


def test_a_key_for_another_document_is_a_conflict_that_harms_nobody_else(centre):
    [first] = submit(centre, centre.plan(step("s"), idempotency_key="k"))
    other = centre.plan(step("s"), idempotency_key="k", origin={"n": 2})
    answers = submit(centre, other, centre.plan(step("s")))
    assert isinstance(answers[0], ConflictError)
    assert answers[0].message.startswith(f"the idempotency key 'k' belongs to job {first.job}, submitted with another")
    assert answers[1].is_new


def test_a_key_is_the_owners_own_and_survives_the_end_of_the_job(centre):
    mine = centre.plan(step("s"), idempotency_key="k")
    hers = centre.plan(step("s"), idempotency_key="k", owner="her")
    first, second = submit(centre, mine, hers)
    assert first.job != second.job
    centre.run()
    assert submit(centre, mine) == [Submitted(first.job, is_new=False)]


def test_too_many_open_jobs_are_refused_one_by_one(centre):
    wish = centre.plan(step("s"))
    answers = submit(centre, *[wish] * 3, centre.plan(step("s"), owner="her"), limit=2)
    assert [isinstance(answer, Submitted) for answer in answers] == [True, True, False, True]
    assert isinstance(answers[2], BusyError)
    assert answers[2].message == "me has 2 open jobs, which is the limit: wait for some to end"
    centre.run()
    assert isinstance(submit(centre, wish, limit=2)[0], Submitted)


def test_a_namesake_of_another_organisation_or_project_uses_up_nobody_else_s_limit(centre):
    wish = centre.plan(step("s"), org="hq")
    namesakes = [centre.plan(step("s"), org="lab"), centre.plan(step("s"), org="hq", project="q")]
    assert all(isinstance(answer, Submitted) for answer in submit(centre, *[wish] * 2, *namesakes, limit=2))
    answers = submit(centre, wish, *namesakes, *namesakes, limit=2)
    assert [isinstance(answer, Submitted) for answer in answers] == [False, True, True, False, False]


def test_ids_are_in_the_order_of_the_second_they_were_made_in(centre):
    made = []
    for _ in range(3):
        made.append(centre.submit(step("s")))
        centre.wait(1)
    assert made == sorted(made)
    assert all(job.isalnum() for job in made)


# --- stop ---


def test_stop_answers_whether_the_end_is_reached(centre):
    waiting = centre.submit(step("s"))
    stopped = centre.stop(waiting, "not needed")
    assert (stopped.state, stopped.reason) == ("canceled", "not needed")
    running = centre.submit(step("s"))
    for party, [knock] in centre.dispatch().items():
        centre.claim(party, knock)
    stopping = centre.stop(running, "enough")
    assert (stopping.state, stopping.reason) == ("running", "stopping: enough")
    assert {stop[0] for stop in centre.effects.stops} == {"a", "b"}
    centre.stop(running, "again")
    assert centre.effects.stops == []


@pytest.mark.parametrize("end", ["success", "failed", "canceled"])
def test_stop_of_an_ended_job_is_a_conflict(centre, end):
    job = centre.submit(step("s"))
    centre.run(lambda task: {"outcome": end})
    with pytest.raises(ConflictError, match=f"job {job} has ended already, as {end}"):
        centre.stop(job)
    with pytest.raises(NotFoundError, match="no job 'x'"):
        centre.stop("x")


# --- rerun ---


def test_a_rerun_from_a_step_keeps_the_outputs_before_it(centre):
    job = centre.submit(*chain(3))
    output = (OutputRef(name="data", kind="table", size=1, sha256="x"),)
    centre.run(lambda task: {"outputs": output})
    assert centre.rerun(job, "s1").state == "waiting"
    assert centre.states(job)[1] == {"s0": "success", "s1": "ready", "s2": "waiting"}
    centre.run(lambda task: {"outputs": output})
    found = centre.read(lambda tx: list_outputs(tx, job))
    assert [(o.where.step, o.where.attempt) for o in found] == [
        ("s0", 1), ("s0", 1), ("s1", 2), ("s1", 2), ("s2", 2), ("s2", 2),
    ]  # fmt: skip


def test_every_rerun_and_a_clone_have_the_time_that_the_job_was_given(centre):
    job = centre.submit(step("s"), deadline_s=60)
    for _ in range(3):
        centre.run(lambda task: {"outcome": "failed"})
        centre.wait(86_400)
        centre.greet("a")
        centre.greet("b")
        assert centre.rerun(job).deadline == centre.now + timedelta(seconds=60)
    assert centre.read(lambda tx: jobs.draft_clone(tx, job, owner="me", org="")).deadline_s == 60


def test_a_rerun_of_an_open_or_unknown_job_is_refused(centre):
    job = centre.submit(step("s"))
    with pytest.raises(ConflictError, match="stop it first"):
        centre.rerun(job)
    with pytest.raises(NotFoundError):
        centre.rerun("x")
    centre.run()
    with pytest.raises(NotFoundError, match="no step 'x'"):
        centre.rerun(job, "x")


def test_a_job_can_be_run_again_many_times(centre):
    job = centre.submit(step("s"))
    for attempt in range(1, 4):
        centre.run(lambda task: {"outcome": "failed", "message": "boom"})
        assert centre.detail(job).steps[0].step.attempt == attempt
        assert centre.job(job).reason.startswith("step s: party ")
        centre.rerun(job)
    centre.run()
    assert centre.states(job)[0] == "success"
    assert centre.job(job).reason == ""


# --- delete and clone ---


def test_an_ended_job_can_be_forgotten_an_open_one_not(centre):
    job = centre.submit(step("s"))
    with pytest.raises(ConflictError, match=f"job {job} is waiting: stop it first"):
        centre.write(lambda tx: jobs.forget_job(tx, job))
    centre.run()
    centre.write(lambda tx: jobs.forget_job(tx, job))
    for use_case in (lambda tx: jobs.forget_job(tx, job), lambda tx: jobs.draft_clone(tx, job, owner="me", org="")):
        with pytest.raises(NotFoundError):
            centre.write(use_case)


def test_a_job_whose_outputs_are_still_to_be_read_is_not_forgotten(centre):
    table = (OutputRef(name="data", kind="table", size=1, sha256="x"),)
    alone = {"guest": ("a",)}
    made = centre.submit(step("s"), roles=alone)
    centre.run(lambda _task: {"outputs": table})
    reader = centre.submit(step("r", inputs={"data": f"{made}:s.data"}), roles=alone)
    with pytest.raises(ConflictError, match="an open job is still to read"):
        centre.write(lambda tx: jobs.forget_job(tx, made))
    centre.run()
    assert centre.states(reader)[0] == "success"
    centre.write(lambda tx: jobs.forget_job(tx, made))


def test_a_clone_is_the_same_job_with_other_parameters(centre):
    steps = (
        step("read", roles=("guest",), slots=2, timeout_s=9.0),
        step("fit", needs=("read",), params={"x": 1}, overrides={"host": {"x": 2}}, gang=True, services=("host",)),
    )
    job = centre.submit(*steps, priority=3, deadline_s=60, labels={"a": "b"})
    centre.wait(5)

    def clone(tx, **given):
        return jobs.draft_clone(tx, job, owner="her", org="o", **given)

    same = centre.read(clone)
    assert (same.owner, same.org, same.name, same.priority, same.deadline_s, same.labels) == (
        "her",
        "o",
        "job",
        3,
        60.0,
        {"a": "b"},
    )
    assert same.origin == {"n": 2}
    catalogue = centre.read(load_catalogue)
    plan = make_submission(same, catalogue)
    original = centre.plan(*steps)
    assert plan.steps == original.steps
    changed = centre.read(lambda tx: clone(tx, name="n2", params={"fit": {"x": 7}}))
    assert changed.name == "n2"
    assert (changed.steps[1].params, changed.steps[1].overrides) == ({"x": 7}, {"host": {"x": 7}})
    with pytest.raises(NotFoundError, match="no step 'nope'"):
        centre.read(lambda tx: clone(tx, params={"nope": {}}))


def upload(centre, digest):
    def store(tx):
        blob = attachments.begin_blob(tx, owner="me", project="p", now=centre.now)
        attachments.end_blob(tx, blob, size=1, sha256=digest)
        return blob

    return centre.write(store)


def test_a_repeat_with_the_same_files_uploaded_anew_is_a_repeat_and_one_with_others_is_not(centre):
    def attach(digest):
        blob = upload(centre, digest)
        wish = centre.plan(
            step("s"), idempotency_key="k", attachments={"f": blob}, origin={"name": "n", "attachments": {"f": blob}}
        )
        return submit(centre, wish)[0]

    first, again, other = (attach(digest) for digest in ("aa", "aa", "bb"))
    assert (again.job, again.is_new) == (first.job, False)
    assert isinstance(other, ConflictError)


def test_a_fingerprint_stands_for_files_whose_bytes_differ_each_time(centre):
    def attach(digest, fingerprint):
        wish = centre.plan(
            step("s"), idempotency_key="k", attachments={"f": upload(centre, digest)}, fingerprint=fingerprint
        )
        return submit(centre, wish)[0]

    first, again, other = attach("aa", "same"), attach("bb", "same"), attach("aa", "other")
    assert (again.job, again.is_new) == (first.job, False)
    assert isinstance(other, ConflictError)
