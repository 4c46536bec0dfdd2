"""Deaths of workers: how they are counted, when they are too many, and what a step of that kind may not do."""

from dataclasses import replace

import pytest

from scheduler.domain.errors import ConflictError
from scheduler.domain.messages import Report
from scheduler.domain.model import Failure, Retry
from scheduler.domain.poison import (
    LAST_WORDS,
    POISON,
    Past,
    check_rerun,
    count_deaths,
    is_poisoned,
    judge_death,
    may_retry,
)
from scheduler.domain.states import State
from tests.scheduler.domain.material import NOW, make_job, make_step, make_task, settled

DEATH = Report(task="t", seq=1, outcome="failed", kind="lost", message="gone", detail="the log", worker_died=True)
ANYTHING = Retry(attempts=100, on=("error", "lost", "unreachable", POISON))


def past(attempt, party="a", *, kind="lost", died=True):
    return Past(attempt=attempt, party=party, failure=Failure(kind=kind, message="", worker_died=died))


def poisoned(party="a", **given):
    return make_task(party, state=State.FAILED, ended=NOW, failure=Failure(kind=POISON, message="poison: so"), **given)


@pytest.mark.parametrize(
    ("pasts", "deaths"),
    [
        ([], 0),
        ([past(1), past(2)], 2),
        ([past(1), past(1)], 1),  # two tasks of one attempt at one party die with one worker
        ([past(1, "b"), past(2)], 1),
        ([past(1, died=False), past(2, kind="error", died=False)], 0),
        ([past(1), past(2, kind=POISON), past(3)], 1),
        ([past(1), past(2, "b", kind=POISON)], 0),  # an operator has given the whole step out again
    ],
)
def test_deaths_count_by_attempt_at_one_party_since_the_step_was_last_poison(pasts, deaths):
    assert count_deaths(pasts, "a") == deaths


def test_the_last_allowed_death_is_poison_in_words_and_keeps_the_log():
    log = "x" * LAST_WORDS * 2
    judged = judge_death(replace(DEATH, detail=log), party="a", before=1, allowed=2)
    assert (judged.kind, judged.outcome, judged.detail) == (POISON, "failed", log)
    assert judged.message.startswith("poison: the worker of party a died twice while it held this step")


def test_an_earlier_death_is_a_loss_as_ever_with_its_last_words():
    judged = judge_death(replace(DEATH, detail="x" * LAST_WORDS + "end"), party="a", before=0, allowed=2)
    assert (judged.kind, judged.message) == ("lost", "gone")
    assert len(judged.detail) == LAST_WORDS
    assert judged.detail.endswith("end")


@pytest.mark.parametrize(("allowed", "words"), [(1, "once"), (3, "3 times")])
def test_the_number_of_deaths_is_said(allowed, words):
    assert f"died {words} while" in judge_death(DEATH, party="a", before=allowed - 1, allowed=allowed).message


def test_no_retry_follows_poison_whatever_the_step_says():
    step = make_step(retry=ANYTHING)
    assert not may_retry(step, Failure(kind=POISON, message=""), 1)
    assert may_retry(step, Failure(kind="lost", message=""), 99)
    assert not may_retry(step, Failure(kind="lost", message=""), 100)
    assert not may_retry(step, Failure(kind="exit", message=""), 1)


def test_poison_fails_its_step_though_a_peer_failed_earlier_for_want_of_the_dead_party():
    peer = make_task(
        "b", state=State.FAILED, ended=NOW.replace(hour=1), failure=Failure(kind="unreachable", message="no answer")
    )
    due = settled(make_job(), [make_step(retry=ANYTHING)], [poisoned(), peer])
    assert due.attempts == []
    assert next((move.id, str(move.event), move.reason) for move in due.moves) == (
        "j-s", "failed", "party a (guest): poison: so",
    )  # fmt: skip


def test_a_poisoned_step_is_rerun_by_no_user():
    step, other = make_step(state=State.FAILED), make_step("t", state=State.FAILED)
    task = poisoned()
    assert is_poisoned(task)
    with pytest.raises(ConflictError, match="step s of job j is poison.*fedrota requeue j"):
        check_rerun("j", [other, step], [task])
    check_rerun("j", [other], [task])
    check_rerun("j", [step], [make_task(state=State.FAILED, failure=Failure(kind="lost", message=""))])
