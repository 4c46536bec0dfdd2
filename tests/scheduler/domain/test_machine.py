"""What is due for a job: every way in which a part of it can end, and that nothing is due twice."""

from dataclasses import replace

import pytest

from scheduler.domain.errors import ConflictError, NotFoundError
from scheduler.domain.machine import TIMEOUT_GRACE_S, IllegalMoveError, choose_rerun, make_move
from scheduler.domain.model import Failure, Retry
from scheduler.domain.states import Event, Level, State
from tests.scheduler.domain.material import NOW, after, apply, make_job, make_step, make_task, settled

RETRY = Retry(attempts=3, backoff_s=2.0, cap_s=5.0, on=("lost", "interrupted"))


def moves(due):
    return [(str(move.level), move.id, str(move.event)) for move in due.moves]


def failed(party="a", kind="error", message="boom", **given):
    return make_task(party, state=State.FAILED, ended=NOW, failure=Failure(kind=kind, message=message), **given)


def test_nothing_is_due_while_all_goes_well():
    assert settled(make_job(), [make_step()], [make_task("a"), make_task("b")]).is_empty


def test_a_job_that_has_ended_is_left_alone():
    job = make_job(state=State.SUCCESS, deadline=after(-5))
    assert settled(job, [make_step()], [make_task(lease_until=after(-5))]).is_empty


def test_a_step_whose_needs_are_met_becomes_ready_and_one_whose_are_not_waits():
    steps = [
        make_step("one", state=State.SUCCESS),
        make_step("two", state=State.WAITING, needs=("one",)),
        make_step("three", state=State.WAITING, needs=("one", "two")),
    ]
    assert moves(settled(make_job(), steps, [])) == [("step", "j-two", "readied")]


def test_success_of_the_last_step_ends_the_job_with_no_reason():
    due = settled(make_job(), [make_step()], [make_task("a", state=State.SUCCESS), make_task("b", state=State.SUCCESS)])
    assert moves(due) == [("step", "j-s", "succeeded"), ("job", "j", "succeeded")]
    assert {move.reason for move in due.moves} == {""}


# --- one party fails ---


def test_siblings_of_a_failed_task_are_stopped_at_once_and_the_step_waits_for_their_end():
    due = settled(make_job(), [make_step()], [failed("a"), make_task("b")])
    [stop] = due.stops
    assert (stop.task.party, stop.kind, stop.reason) == ("b", State.CANCELED, "party a (guest) failed")
    assert due.moves == []
    assert due.stop_job is None


def test_a_sibling_that_was_only_told_of_its_task_is_canceled_and_the_failure_ends_step_and_job():
    due = settled(
        make_job(), [make_step()], [failed("a"), make_task("b", state=State.DISPATCHED, lease_until=after(30))]
    )
    assert moves(due) == [("task", "j-s-b", "canceled"), ("step", "j-s", "failed"), ("job", "j", "failed")]
    assert due.moves[1].reason == "party a (guest): boom"
    assert due.moves[2].reason == "step s: party a (guest): boom"
    assert due.stop_job.kind is State.FAILED


def test_steps_behind_a_failed_one_are_canceled_with_the_reason_of_the_failure():
    steps = [make_step("s"), make_step("t", state=State.WAITING, needs=("s",)), make_step("u", state=State.READY)]
    tasks = [failed("a"), make_task("b", state=State.SUCCESS), make_task("a", "t", state=State.WAITING)]
    due = settled(make_job(), steps, tasks)
    assert ("task", "j-t-a", "canceled") in moves(due)
    assert {("step", "j-t", "canceled"), ("step", "j-u", "canceled"), ("job", "j", "failed")} <= set(moves(due))
    assert next(move for move in due.moves if move.id == "j-t").reason == "step s: party a (guest): boom"


def test_another_running_step_of_a_failed_job_is_stopped_before_the_job_ends():
    steps = [make_step("s"), make_step("t")]
    due = settled(make_job(), steps, [failed("a"), make_task("b", "t")])
    assert [stop.task.id for stop in due.stops] == ["j-t-b"]
    assert ("job", "j", "failed") not in moves(due)


# --- retry ---


def test_a_failure_worth_another_try_makes_a_new_attempt_after_a_drawn_pause():
    step = make_step(retry=RETRY)
    tasks = [failed("a", kind="lost"), make_task("b", state=State.CANCELED, ended=NOW)]
    [new] = settled(make_job(), [step], tasks, draw=0.5).attempts
    assert (new.attempt, new.spent, new.not_before) == (2, 1, after(1.0))
    assert new.reason == "attempt 1 ended: party a (guest): boom; next try follows"


@pytest.mark.parametrize(("spent", "pause_s"), [(0, 2.0), (1, 4.0), (5, 5.0)])
def test_pauses_double_up_to_the_cap(spent, pause_s):
    step = make_step(retry=replace(RETRY, attempts=10), spent=spent)
    [new] = settled(make_job(), [step], [failed("a", kind="lost")], draw=1.0).attempts
    assert new.not_before == after(pause_s)


def test_an_orderly_interruption_is_tried_again_at_once_and_does_not_count():
    step = make_step(retry=RETRY, spent=2)
    [new] = settled(make_job(), [step], [failed("a", kind="interrupted")]).attempts
    assert (new.spent, new.not_before) == (2, None)


@pytest.mark.parametrize(("kind", "spent"), [("lost", 2), ("error", 0), ("invalid", 0)])
def test_no_tries_left_or_a_failure_that_would_come_again_ends_the_job(kind, spent):
    due = settled(make_job(), [make_step(retry=RETRY, spent=spent)], [failed("a", kind=kind)])
    assert due.attempts == []
    assert ("job", "j", "failed") in moves(due)


def test_a_job_that_stops_is_not_tried_again():
    job = make_job(stop_kind=State.CANCELED, stop_reason="by me")
    due = settled(job, [make_step(retry=RETRY)], [failed("a", kind="lost")])
    assert due.attempts == []
    assert moves(due) == [("step", "j-s", "canceled"), ("job", "j", "canceled")]


def test_a_pause_keeps_the_step_waiting_until_it_is_over():
    step = make_step(state=State.WAITING, not_before=after(10), attempt=2)
    tasks = [make_task("a", state=State.WAITING)]
    assert settled(make_job(), [step], tasks, now=after(9.9)).is_empty
    assert moves(settled(make_job(), [step], tasks, now=after(10))) == [("step", "j-s", "readied")]


def test_a_failure_elsewhere_cancels_a_step_that_is_about_to_be_tried_again_only_after_its_new_attempt_is_written():
    steps = [make_step("s", retry=RETRY), make_step("t")]
    world = (make_job(), steps, [failed("a", kind="lost"), failed("b", step="t")])
    due = settled(*world)
    assert [new.step.name for new in due.attempts] == ["s"]
    assert ("step", "j-s", "canceled") not in moves(due)
    world = apply(*world, due)
    job, steps, tasks = apply(*world, settled(*world))
    assert (job.state, [step.state for step in steps]) == (State.FAILED, [State.CANCELED, State.FAILED])
    assert {task.state for task in tasks} == {State.CANCELED, State.FAILED}


# --- stop and deadline ---


def test_stop_cancels_what_waits_and_asks_what_runs():
    job = make_job(stop_kind=State.CANCELED, stop_reason="by me")
    steps = [make_step("s"), make_step("t", state=State.WAITING, needs=("s",))]
    tasks = [make_task("a"), make_task("b", state=State.DISPATCHED), make_task("a", "t", state=State.WAITING)]
    due = settled(job, steps, tasks)
    assert moves(due) == [
        ("task", "j-s-b", "canceled"), ("task", "j-t-a", "canceled"), ("step", "j-t", "canceled"),
    ]  # fmt: skip
    [stop] = due.stops
    assert (stop.task.party, stop.kind, stop.reason) == ("a", State.CANCELED, "by me")


def test_stop_of_a_job_of_which_nothing_runs_ends_it_at_once():
    job = make_job(state=State.WAITING, stop_kind=State.CANCELED, stop_reason="by me")
    due = settled(job, [make_step(state=State.READY)], [make_task("a", state=State.WAITING)])
    assert moves(due)[-1] == ("job", "j", "canceled")
    assert due.moves[-1].reason == "by me"


def test_a_stop_that_comes_too_late_changes_nothing():
    job = make_job(stop_kind=State.CANCELED, stop_reason="by me")
    due = settled(job, [make_step()], [make_task("a", state=State.SUCCESS)])
    assert moves(due) == [("step", "j-s", "succeeded"), ("job", "j", "succeeded")]


def test_a_passed_deadline_stops_the_job_as_a_timeout():
    job = make_job(deadline=after(-1))
    due = settled(job, [make_step(), make_step("t", state=State.READY)], [make_task("a")])
    assert due.stop_job.kind is State.TIMEOUT
    assert due.stop_job.reason == "the job's deadline 2026-03-01 11:59:59Z has passed"
    assert [stop.kind for stop in due.stops] == [State.TIMEOUT]
    ended = settled(replace(job, stop_kind=State.TIMEOUT, stop_reason="late"), [make_step()],
                    [make_task("a", state=State.TIMEOUT, ended=NOW)])  # fmt: skip
    assert moves(ended) == [("step", "j-s", "timed_out"), ("job", "j", "timed_out")]


def test_the_deadline_does_not_overrule_an_earlier_stop():
    job = make_job(deadline=after(-1), stop_kind=State.CANCELED, stop_reason="by me")
    assert settled(job, [make_step()], [make_task("a")]).stop_job is None


# --- silence ---


def test_a_lease_that_ran_out_is_lost_contact_and_no_end():
    due = settled(make_job(), [make_step()], [make_task("a", lease_until=NOW), make_task("b")])
    assert moves(due) == [("task", "j-s-a", "lost")]
    assert due.moves[0].reason == "no word from party a"


def test_a_party_out_of_reach_is_given_up_after_the_grace():
    lost = make_task("a", state=State.LOST_CONTACT, lease_until=after(-3600))
    step = make_step(retry=Retry(attempts=1))
    assert settled(make_job(), [step], [replace(lost, lease_until=after(-3599))]).is_empty
    due = settled(make_job(), [step], [lost])
    assert moves(due) == [("task", "j-s-a", "failed"), ("step", "j-s", "failed"), ("job", "j", "failed")]
    assert due.moves[0].failure == Failure(kind="lost", message="party a was out of reach for 3600 s")


@pytest.mark.parametrize("state", [State.RUNNING, State.LOST_CONTACT])
def test_a_stop_that_the_party_does_not_confirm_within_its_lease_is_believed(state):
    task = make_task("a", state=state, lease_until=after(-1), stop_kind=State.CANCELED, reason="by me")
    job = make_job(stop_kind=State.CANCELED, stop_reason="by me")
    due = settled(job, [make_step()], [task])
    assert moves(due) == [("task", "j-s-a", "canceled"), ("step", "j-s", "canceled"), ("job", "j", "canceled")]
    assert due.moves[0].reason == "by me; party a did not confirm it"


@pytest.mark.parametrize("state", [State.RUNNING, State.LOST_CONTACT])
def test_stopping_a_job_whose_party_is_silent_can_be_written_down(state):
    """The stop and the move of one task are due together: they must fit each other."""
    job = make_job(stop_kind=State.CANCELED, stop_reason="by me")
    before = (job, [make_step()], [make_task("a", state=state, lease_until=after(-1))])
    job, _, _ = apply(*before, settled(*before))
    assert job.state is State.CANCELED


def test_an_overdue_task_is_stopped_as_a_timeout_once_the_party_had_time_to_do_it_itself():
    step = make_step(timeout_s=10.0)
    tasks = [make_task("a", started=NOW)]
    late = after(10.0 + TIMEOUT_GRACE_S)
    assert settled(make_job(), [step], tasks, now=late - (late - NOW) / 100).is_empty
    [stop] = settled(make_job(), [step], tasks, now=late).stops
    assert (stop.kind, stop.reason) == (State.TIMEOUT, "the step's timeout of 10 s has passed")


def test_a_timed_out_task_ends_step_and_job_as_timeouts():
    step = make_step(retry=RETRY)
    due = settled(make_job(), [step], [make_task("a", state=State.TIMEOUT, ended=NOW, reason="too long")])
    assert moves(due) == [("step", "j-s", "timed_out"), ("job", "j", "timed_out")]
    assert due.moves[1].reason == "step s: party a (guest): too long"


# --- members that only serve ---


def test_a_serving_member_is_ended_when_the_others_have_succeeded():
    tasks = [make_task("a", state=State.SUCCESS), make_task("b", service=True)]
    [stop] = settled(make_job(), [make_step()], tasks).stops
    assert (stop.task.party, stop.kind) == ("b", State.SUCCESS)
    assert settled(make_job(), [make_step()], [make_task("a"), make_task("b", service=True)]).is_empty


def test_a_serving_member_that_failed_breaks_the_attempt():
    tasks = [make_task("a"), failed("b", service=True)]
    [stop] = settled(make_job(), [make_step()], tasks).stops
    assert (stop.task.party, stop.kind) == ("a", State.CANCELED)


# --- moves and rerun ---


def test_an_illegal_move_is_a_defect_of_the_caller():
    with pytest.raises(IllegalMoveError, match="job j is success: claimed is not possible"):
        make_move(Level.JOB, make_job(state=State.SUCCESS), Event.CLAIMED)


def rerun_steps():
    return [
        make_step("read", state=State.SUCCESS),
        make_step("train", state=State.FAILED, needs=("read",)),
        make_step("test", state=State.CANCELED, needs=("train",)),
        make_step("other", state=State.SUCCESS),
    ]


@pytest.mark.parametrize(
    ("from_step", "names"),
    [
        (None, ["train", "test"]),
        ("train", ["train", "test"]),
        ("read", ["read", "train", "test"]),
        ("other", ["train", "test", "other"]),
        (["read", "other"], ["read", "train", "test", "other"]),
        ([], ["train", "test"]),
    ],
)
def test_a_rerun_makes_anew_what_failed_and_what_depends_on_the_named_step(from_step, names):
    job = make_job(state=State.FAILED)
    assert [step.name for step in choose_rerun(job, rerun_steps(), from_step)] == names


def test_a_rerun_says_why_it_is_not_possible():
    done = [make_step("read", state=State.SUCCESS)]
    with pytest.raises(ConflictError, match="job j is running: stop it first, or wait"):
        choose_rerun(make_job(), done, None)
    with pytest.raises(NotFoundError, match="there is no step 'nope'"):
        choose_rerun(make_job(state=State.SUCCESS), done, "nope")
    with pytest.raises(ConflictError, match="every step of job j succeeded: name the step"):
        choose_rerun(make_job(state=State.SUCCESS), done, None)
    assert choose_rerun(make_job(state=State.SUCCESS), done, "read") == done
