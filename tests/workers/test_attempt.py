import threading

import pytest

from scheduler.domain.messages import MetricPoint
from tests.workers.fakes import make_assignment
from workers.agenda import Agenda
from workers.attempt import Attempt, make_stop


@pytest.fixture
def agenda():
    made = Agenda(slots=2)
    made.heartbeat_s = 5.0
    return made


def make_attempt(task: str) -> Attempt:
    return Attempt(
        make_assignment(task), changed=threading.Condition(), on_started=lambda *_: None, on_ended=lambda *_: None
    )


def claims_of(request) -> list[str]:
    return [claim.task for claim in request.claims] if request else []


def run(agenda, request) -> None:
    for claim in request.claims:
        agenda.claimed((claim.task, claim.seq))
        attempt = make_attempt(claim.task)
        attempt.last_beat = 1.0
        agenda.running[attempt.key] = attempt


def test_an_unanswered_batch_is_sent_again_under_its_number_and_later_points_wait(agenda):
    attempt = make_attempt("a")
    points = [MetricPoint("m", number, 0.0, 0.0) for number in range(1500)]
    attempt.measured(tuple(points[:2]))
    assert attempt.make_beat(0.0).batch == 1
    attempt.measured(tuple(points[2:]))
    again = attempt.make_beat(1.0)
    assert (again.batch, len(again.metrics)) == (1, 2)
    attempt.confirm(0)
    assert len(attempt.make_beat(2.0).metrics) == 2
    attempt.confirm(1)
    assert attempt.has_news
    third = attempt.make_beat(3.0)
    assert (third.batch, len(third.metrics), third.metrics[0].step) == (2, 1000, 2)


def test_a_task_that_only_served_ends_as_a_success_when_it_is_stopped_as_one():
    assert (make_stop("success").outcome, make_stop("success").kind) == ("success", "")
    assert [make_stop(kind).outcome for kind in ("failed", "timeout", "canceled")] == ["failed", "timeout", "canceled"]
