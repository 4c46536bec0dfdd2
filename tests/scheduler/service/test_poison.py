"""Steps that cost workers their lives, from the first death to the operator's requeue; on both databases."""

import pytest

from scheduler.domain.errors import ConflictError
from scheduler.domain.messages import Claim
from scheduler.domain.model import Retry
from tests.scheduler.centre import step

EAGER = Retry(attempts=50, backoff_s=0.0, on=("lost", "unreachable"))
ALONE = {"guest": ("a",)}


def take(centre):
    """Dispatch, and let each party claim what it is knocked for; the knocks by party."""
    knocks = centre.dispatch()
    for party, mine in knocks.items():
        replies = centre.sync(party, claims=tuple(Claim(knock.task, knock.seq) for knock in mine)).claims
        assert all(reply.assignment for reply in replies)
    return knocks


def die(centre, party, knocks):
    """The party's worker dies with all it holds, and its next life says so."""
    for knock in knocks:
        centre.report(party, knock, "failed", kind="lost", message="restarted", detail="bang", worker_died=True)


def die_over(centre, party="a"):
    """One attempt in which the worker dies; whether there was one."""
    knocks = take(centre)
    die(centre, party, knocks.get(party, ()))
    return bool(knocks)


def task_of(centre, job, name="s", party="a"):
    return next(
        task
        for each in centre.detail(job).steps
        if each.step.name == name
        for task in each.tasks
        if task.party == party
    )


def test_a_step_is_not_given_out_a_third_time_whatever_its_retry_says(centre):
    job = centre.submit(step("s", retry=EAGER), roles=ALONE)
    assert die_over(centre)
    assert centre.job(job).state == "running"
    assert die_over(centre)
    task = task_of(centre, job)
    assert (centre.states(job)[0], task.state, task.attempt) == ("failed", "failed", 2)
    assert task.reason.startswith("poison: the worker of party a died twice")
    assert (task.failure.kind, task.failure.detail) == ("poison", "bang")
    assert "step s: party a (guest): poison:" in centre.job(job).reason
    assert centre.dispatch() == {}
    centre.settle()
    assert centre.dispatch() == {}


def test_a_step_whose_process_dies_alone_is_tried_as_often_as_it_says(centre):
    job = centre.submit(step("s", retry=EAGER), roles=ALONE)
    for _ in range(4):
        [knock] = take(centre)["a"]
        centre.report("a", knock, "failed", kind="lost", message="SIGSEGV")
    assert (centre.job(job).state, task_of(centre, job).attempt) == ("running", 5)


def test_deaths_at_different_parties_are_not_one_partys(centre):
    job = centre.submit(step("s", retry=EAGER))
    for party, other in (("a", "b"), ("b", "a")):
        knocks = take(centre)
        die(centre, party, knocks[party])
        [stopped] = knocks[other]
        centre.report(other, stopped, "canceled", kind="stopped")
    assert (centre.job(job).state, task_of(centre, job).attempt) == ("running", 3)


def test_a_step_that_was_not_held_at_both_deaths_is_untouched(centre):
    first = centre.submit(step("s", retry=EAGER), roles=ALONE)
    assert die_over(centre)
    second = centre.submit(step("s", retry=EAGER), roles=ALONE)
    assert die_over(centre)
    assert [centre.job(job).state for job in (first, second)] == ["failed", "running"]
    centre.run()
    assert centre.job(second).state == "success"


def test_a_repeated_report_of_one_death_is_one_death(centre):
    job = centre.submit(step("s", retry=EAGER), roles=ALONE)
    [knock] = take(centre)["a"]
    for _ in range(3):
        die(centre, "a", [knock])
    assert (centre.job(job).state, task_of(centre, job).attempt) == ("running", 2)


def test_a_death_that_is_told_after_the_task_was_given_up_counts_too(centre):
    """The peers end an attempt at once; a worker that is slow to come back finds its task canceled."""
    job = centre.submit(step("s", retry=EAGER))
    knocks = take(centre)
    centre.report("b", knocks["b"][0], "failed", kind="unreachable")
    centre.wait(centre.patience.lease_s + 1)
    centre.settle()
    die(centre, "a", knocks["a"])
    assert task_of(centre, job).attempt == 2
    centre.greet("a")
    centre.greet("b")
    again = take(centre)
    die(centre, "a", again["a"])
    centre.report("b", again["b"][0], "canceled", kind="stopped")
    assert (centre.job(job).state, task_of(centre, job).failure.kind) == ("failed", "poison")


def test_only_an_operators_requeue_gives_it_out_again_and_deaths_count_anew(centre):
    job = centre.submit(step("s", retry=EAGER), step("t", needs=("s",)), roles=ALONE)
    while die_over(centre):
        pass
    with pytest.raises(ConflictError, match="step s of job .* is poison"):
        centre.rerun(job)
    assert centre.job(job).state == "failed"
    assert centre.requeue(job).state == "waiting"
    assert [row[0] for row in centre.rows("SELECT action FROM audit WHERE action = 'requeue_job'")] == ["requeue_job"]
    assert die_over(centre)
    assert centre.job(job).state == "running"
    centre.run()
    assert centre.states(job)[:2] == ("success", {"s": "success", "t": "success"})


def test_after_a_requeue_two_more_deaths_are_poison_again(centre):
    job = centre.submit(step("s", retry=EAGER), roles=ALONE)
    for _ in range(2):
        while die_over(centre):
            pass
        assert (centre.job(job).state, task_of(centre, job).failure.kind) == ("failed", "poison")
        centre.requeue(job)
    assert task_of(centre, job).attempt == 5


def test_a_users_rerun_between_two_deaths_does_not_begin_the_count_anew(centre):
    job = centre.submit(step("s", retry=Retry(attempts=1)), roles=ALONE)
    assert die_over(centre)
    centre.rerun(job)
    assert die_over(centre)
    assert task_of(centre, job).failure.kind == "poison"


def test_what_is_not_poison_is_not_requeued(centre):
    job = centre.submit(step("s"))
    with pytest.raises(ConflictError, match="no step of job .* is poison: use a rerun"):
        centre.requeue(job)
