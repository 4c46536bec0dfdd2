import threading

import pytest

from scheduler.domain.messages import Beat, MetricPoint, OutputRef
from tests.workers.fakes import make_assignment
from workers.agenda import Agenda
from workers.attempt import FENCED, Attempt, make_stop
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


@pytest.mark.parametrize(
    ("stop", "outcome", "told"),
    [
        (None, "failed", ("failed", "crash", "why", "trace")),
        (make_stop("timeout"), "failed", ("timeout", "stopped", "stopped on request", "")),
        (make_stop("success"), "failed", ("success", "", "", "")),
        (FENCED, "failed", ("canceled", "stopped", "", "")),
        (make_stop("canceled"), "success", ("success", "crash", "why", "trace")),
    ],
)
def test_a_stop_tells_how_an_attempt_ended_unless_it_had_succeeded(stop, outcome, told):
    attempt = make_attempt("a")
    attempt.stop = stop
    report = attempt.make_record(Ending(outcome=outcome, kind="crash", message="why", detail="trace")).report
    assert (report.outcome, report.kind, report.message, report.detail) == told


def test_a_beat_tells_progress_once_as_news():
    attempt = make_attempt("a")
    assert not attempt.has_news
    attempt.progressed(0.5)
    assert attempt.has_news
    assert attempt.make_beat(7.0) == Beat(task="a", seq=1, progress=0.5, log_size=0, batch=0, metrics=())
    assert (attempt.last_beat, attempt.has_news) == (7.0, False)
    attempt.confirm(0)
    assert not attempt.has_news


def test_the_record_goes_on_where_the_beats_ended():
    attempt = make_attempt("a")
    point, ending = MetricPoint("m", 1, 0.0, 0.0), Ending(outcome="success")

    def number():
        record = attempt.make_record(ending)
        return record.batch, record.sent, len(record.metrics)

    assert number() == (0, 0, 0)
    attempt.measured((point,))
    assert number() == (1, 0, 1)
    attempt.make_beat(1.0)
    attempt.measured((point,))
    assert number() == (1, 1, 2)
    attempt.confirm(1)
    assert number() == (2, 0, 1)


def test_an_attempt_is_full_beyond_the_points_that_may_wait(monkeypatch):
    monkeypatch.setattr("workers.attempt.POINTS_WAITING", 2)
    attempt = make_attempt("a")
    filled = []
    for number in range(3):
        attempt.measured((MetricPoint("m", number, 0.0, 0.0),))
        filled.append(attempt.is_full())
    assert filled == [False, False, True]


def test_of_endless_figures_the_first_are_kept(monkeypatch):
    monkeypatch.setattr("workers.attempt.SUMMARY_KEYS", 2)
    attempt = make_attempt("a")
    for name in "abca":
        attempt.summed({name: name, "b": 2})
    assert attempt.make_record(Ending(outcome="success")).report.summary == {"a": "a", "b": 2}


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
