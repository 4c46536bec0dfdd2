import threading

import pytest

from scheduler.domain.messages import MetricPoint, OutputRef
from tests.workers.fakes import make_assignment
from workers.agenda import Agenda
from workers.attempt import Attempt, make_stop
from workers.executors.base import Ending


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


def nest(levels: int) -> dict:
    document: dict = {"a": 1}
    for _ in range(levels):
        document = {"a": document}
    return document


@pytest.mark.parametrize("wrong", [nest(200), "x" * (5 << 20)])
def test_figures_that_no_call_could_carry_are_left_out_of_the_report(wrong):
    attempt = make_attempt("a")
    attempt.summed({"loss": 0.5, "wrong": wrong})
    output = OutputRef(name="model", kind="file", size=1, sha256="", facts={"rows": 3, "wrong": wrong})
    report = attempt.make_record(Ending(outcome="success", outputs=(output,))).report
    assert report.summary == {"loss": 0.5}
    assert report.outputs[0].facts == {"rows": 3}


def test_of_too_many_figures_as_many_are_kept_as_fit():
    attempt = make_attempt("a")
    attempt.summed({f"k{number}": "x" * (1 << 20) for number in range(30)})
    assert list(attempt.make_record(Ending(outcome="success")).report.summary) == ["k0", "k1", "k2"]


def test_points_of_a_curve_with_an_endless_name_are_dropped():
    attempt = make_attempt("a")
    attempt.measured((MetricPoint("x" * 1001, 1, 0.0, 0.0), MetricPoint("loss", 1, 0.0, 0.0)))
    assert [point.name for point in attempt.make_beat(0.0).metrics] == ["loss"]
