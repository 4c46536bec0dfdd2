import threading
from dataclasses import replace

import pytest

from scheduler.domain.messages import BeatReply, Claim, Knock, MetricPoint, Report
from tests.workers.fakes import make_assignment
from workers.agenda import GATHER_ITEM_S, GATHER_MOST_S, Agenda
from workers.attempt import Attempt, make_stop
from workers.executors.base import Ending
from workers.spool import Record


@pytest.fixture
def agenda():
    made = Agenda(slots=2)
    made.heartbeat_s = 5.0
    return made


def make_attempt(task: str, **facts) -> Attempt:
    return Attempt(
        make_assignment(task, **facts),
        changed=threading.Condition(),
        on_started=lambda *_: None,
        on_ended=lambda *_: None,
    )


def claims_of(request) -> list[str]:
    return [claim.task for claim in request.claims] if request else []


def run(agenda, request) -> None:
    for claim in request.claims:
        agenda.claimed((claim.task, claim.seq))
        attempt = make_attempt(claim.task)
        attempt.last_beat = 1.0
        agenda.running[attempt.key] = attempt


def test_claims_fill_the_free_slots_in_the_order_of_the_knocks(agenda):
    agenda.add_knocks([Knock("a", 1), Knock("b", 1), Knock("c", 1), Knock("a", 1)])
    request = agenda.next_call(1.0, "me")
    assert claims_of(request) == ["a", "b"]
    assert agenda.next_call(1.0, "me") is None
    run(agenda, request)
    assert agenda.next_call(1.0, "me") is None
    del agenda.running["a", 1]
    assert claims_of(agenda.next_call(1.0 + GATHER_MOST_S, "me")) == ["c"]


def test_a_wide_task_takes_as_many_slots_as_its_assignment_says(agenda):
    agenda.add_knocks([Knock("wide", 1)])
    agenda.claimed((agenda.next_call(1.0, "me").claims[0].task, 1))
    wide = make_attempt("wide", slots=2)
    wide.last_beat = 1.0
    agenda.running[wide.key] = wide
    agenda.add_knocks([Knock("b", 1)])
    assert agenda.next_call(1.0 + GATHER_MOST_S, "me") is None
    del agenda.running[wide.key]
    assert claims_of(agenda.next_call(1.0 + GATHER_MOST_S, "me")) == ["b"]


def test_a_held_knock_goes_first_and_never_waits_for_a_slot(agenda):
    agenda.add_knocks([Knock("a", 1), Knock("b", 1)])
    run(agenda, agenda.next_call(1.0, "me"))
    agenda.add_knocks([Knock("c", 1), Knock("gang", 1, held=True)])
    assert claims_of(agenda.next_call(1.0, "me")) == ["gang"]


def test_of_a_tasks_knocks_only_the_latest_is_claimed_in_the_first_ones_place(agenda):
    """A task that waits for a slot is knocked anew every half minute, for hours perhaps."""
    agenda.add_knocks([Knock("a", 1), Knock("b", 1), Knock("gang", 1, held=True)])
    for seq in (2, 4, 3):
        agenda.add_knocks([Knock("b", seq), Knock("a", seq), Knock("gang", seq, held=True)])
    request = agenda.next_call(1.0, "me")
    assert [(claim.task, claim.seq) for claim in request.claims] == [("gang", 4), ("a", 4)]
    agenda.add_knocks([Knock("a", 5)])
    agenda.put_back()
    agenda.forget_knock(("a", 4))
    assert agenda.drop_knocks() == [("gang", 4), ("a", 5), ("b", 4)]


def test_a_knock_about_what_is_known_is_dropped(agenda):
    agenda.slots = 9
    assert agenda.add_knocks([Knock("a", 1), Knock("b", 1)]) == []
    request = agenda.next_call(1.0, "me")
    agenda.add_knocks([Knock("a", 1)])
    assert agenda.next_call(2.0, "me") is None
    run(agenda, request)
    agenda.add_due([Record(report=Report(task="ended", seq=1, outcome="success"))])
    agenda.add_knocks([Knock("a", 1), Knock("ended", 1)])
    assert claims_of(agenda.next_call(2.0, "me")) == []
    agenda.add_knocks([Knock("a", 2)])
    assert claims_of(agenda.next_call(2.0 + GATHER_MOST_S, "me")) == ["a"]


def test_a_knock_that_gave_way_is_told_unless_it_is_still_known(agenda):
    agenda.add_knocks([Knock("a", 2)])
    assert agenda.add_knocks([Knock("a", 3)]) == [("a", 2)]
    assert agenda.add_knocks([Knock("a", 1)]) == [("a", 1)]
    agenda.unsaved.append(Record(report=Report(task="a", seq=3, outcome="success")))
    assert agenda.add_knocks([Knock("a", 4)]) == []


def test_a_stop_that_comes_while_the_attempt_is_claimed_is_kept_for_it_alone(agenda):
    stop = make_stop("canceled")
    agenda.stop_early(("a", 1), stop)
    agenda.add_knocks([Knock("a", 1)])
    agenda.next_call(1.0, "me")
    agenda.stop_early(("a", 1), stop)
    assert agenda.take_early_stop(("b", 1)) is None
    assert agenda.take_early_stop(("a", 1)) is stop
    assert agenda.take_early_stop(("a", 1)) is None


def test_an_ended_attempt_is_known_and_the_worker_not_quiet_until_its_report_is_delivered(agenda):
    record = Record(report=Report(task="a", seq=1, outcome="success"))
    assert agenda.is_quiet
    agenda.unsaved.append(record)
    assert (agenda.knows(("a", 1)), agenda.knows(("a", 2)), agenda.is_quiet) == (True, False, False)
    agenda.add_due([record])
    assert agenda.unsaved == []
    assert (agenda.knows(("a", 1)), agenda.is_quiet) == (True, False)
    agenda.delivered(("a", 1))
    agenda.delivered(("a", 1))
    assert (agenda.knows(("a", 1)), agenda.is_quiet) == (False, True)
    agenda.add_knocks([Knock("b", 1)])
    request = agenda.next_call(1.0, "me")
    assert not agenda.is_quiet
    run(agenda, request)
    assert (agenda.knows(("b", 1)), agenda.is_quiet) == (True, False)


def test_while_attempts_run_calls_are_gathered_and_what_comes_alone_goes_at_once(agenda):
    agenda.add_knocks([Knock("a", 1), Knock("b", 1), Knock("c", 1)])
    run(agenda, agenda.next_call(1.0, "me"))
    del agenda.running["a", 1]
    agenda.add_due([Record(report=Report(task="a", seq=1, outcome="success"))])
    assert agenda.next_call(1.001, "me") is None
    assert agenda.wait_s(1.001) == pytest.approx(2 * GATHER_ITEM_S - 0.001)  # two claims went before
    del agenda.running["b", 1]
    agenda.add_due([Record(report=Report(task="b", seq=1, outcome="success"))])
    alone = agenda.next_call(1.001, "me")
    assert ([report.task for report in alone.reports], claims_of(alone)) == (["a", "b"], ["c"])


def test_behind_a_large_call_the_next_one_gathers_longer_but_never_for_long(agenda):
    agenda.slots = 100
    agenda.add_knocks([Knock(f"t{number}", 1) for number in range(100)])
    run(agenda, agenda.next_call(1.0, "me"))
    del agenda.running["t0", 1]
    agenda.add_due([Record(report=Report(task="t0", seq=1, outcome="success"))])
    assert agenda.next_call(1.0 + GATHER_MOST_S - 0.001, "me") is None
    assert len(agenda.next_call(1.0 + GATHER_MOST_S, "me").reports) == 1
    # That one carried a single item: who comes now hardly waits.
    agenda.add_knocks([Knock("later", 1)])
    assert claims_of(agenda.next_call(1.0 + GATHER_MOST_S + GATHER_ITEM_S, "me")) == ["later"]


def test_a_full_worker_does_not_look_again_and_again_at_what_waits(agenda):
    agenda.add_knocks([Knock(name, 1) for name in "abc"])
    run(agenda, agenda.next_call(1.0, "me"))
    assert agenda.wait_s(2.0) > 1.0


def test_a_worker_with_a_free_slot_looks_soon_at_what_waits(agenda):
    agenda.add_knocks([Knock("a", 1)])
    run(agenda, agenda.next_call(1.0, "me"))
    agenda.add_knocks([Knock("b", 1)])
    assert agenda.wait_s(1.0) <= GATHER_MOST_S


def test_a_closing_worker_does_not_look_again_and_again_at_what_it_will_not_claim(agenda):
    agenda.add_knocks([Knock(name, 1) for name in "abc"])
    run(agenda, agenda.next_call(1.0, "me"))
    agenda.is_closing = True
    del agenda.running["a", 1]
    assert agenda.next_call(2.0, "me") is None
    assert agenda.wait_s(2.0) > 1.0


@pytest.mark.parametrize("is_held", [False, True])
def test_claims_of_a_lost_call_come_first_again(agenda, is_held):
    agenda.call_items = 2
    agenda.add_knocks([Knock(name, 1, is_held) for name in "abcd"])
    agenda.next_call(1.0, "me")
    agenda.put_back()
    assert claims_of(agenda.next_call(1.0, "me")) == ["a", "b"]


@pytest.mark.parametrize("is_held", [False, True])
def test_an_old_knock_that_comes_again_does_not_replace_the_claim_of_a_lost_call(agenda, is_held):
    """The gateway may have granted it: asked for no more, it would be held there until its lease has run out."""
    agenda.add_knocks([Knock("a", 2, is_held)])
    assert agenda.next_call(1.0, "me").claims == (Claim("a", 2),)
    agenda.add_knocks([Knock("a", 1, is_held)])
    assert agenda.put_back() == []
    assert agenda.next_call(1.0, "me").claims == (Claim("a", 2),)


def test_nothing_is_said_until_a_heartbeat_is_due(agenda):
    assert agenda.next_call(10.0, "me") is not None
    assert agenda.next_call(14.9, "me") is None
    assert agenda.wait_s(14.0) == 1.0
    assert agenda.next_call(15.0, "me") is not None


def test_a_running_attempt_beats_in_time_and_sooner_with_news(agenda):
    agenda.add_knocks([Knock("a", 1)])
    run(agenda, agenda.next_call(1.0, "me"))
    assert agenda.next_call(1.1, "me") is None
    agenda.running["a", 1].measured((MetricPoint("m", 1, 0.5, 1.0),))
    assert agenda.next_call(1.1, "me") is None
    assert 0.0 < agenda.wait_s(1.1) <= 0.11
    (beat,) = agenda.next_call(1.2, "me").beats
    assert (beat.task, beat.batch, [point.value for point in beat.metrics]) == ("a", 1, [0.5])


def test_a_report_follows_all_points_of_its_attempt(agenda):
    points = tuple(MetricPoint("m", number, 0.0, 0.0) for number in range(1200))
    agenda.add_due([Record(report=Report(task="a", seq=1, outcome="success"), batch=4, metrics=points)])
    first = agenda.next_call(1.0, "me")
    assert ([beat.batch for beat in first.beats], first.reports) == ([4], ())
    agenda.confirm_last_words(BeatReply(task="a", seq=1, verdict="go", batch=4))
    second = agenda.next_call(1.0, "me")
    assert [(beat.batch, len(beat.metrics)) for beat in second.beats] == [(5, 200)]
    assert [report.task for report in second.reports] == ["a"]


def test_points_that_nobody_wants_do_not_hold_up_the_report(agenda):
    points = (MetricPoint("m", 1, 0.0, 0.0),) * 1200
    agenda.add_due([Record(report=Report(task="a", seq=1, outcome="success"), batch=1, metrics=points)])
    agenda.confirm_last_words(BeatReply(task="a", seq=1, verdict="fenced"))
    assert len(agenda.next_call(1.0, "me").reports) == 1


def test_a_call_is_bounded(agenda):
    agenda.add_due([Record(report=Report(task=str(number), seq=1, outcome="success")) for number in range(300)])
    request = agenda.next_call(1.0, "me")
    assert len(request.reports) == 256
    agenda.call_items = 1
    assert len(agenda.next_call(1.0, "me").reports) == 1


@pytest.mark.parametrize(
    ("room", "items"), [(1, (1, 0, 0)), (2, (1, 0, 1)), (3, (1, 1, 1)), (4, (1, 1, 2)), (5, (1, 2, 2)), (9, (1, 2, 4))]
)
def test_all_that_is_said_shares_the_room_of_a_call(agenda, room, items):
    agenda.slots = 3
    agenda.call_items = room
    for name in ("r1", "r2"):
        agenda.running[name, 1] = make_attempt(name)
    agenda.add_knocks([Knock("c", 1)])
    metrics = (MetricPoint("m", 1, 0.0, 0.0),)
    agenda.add_due(
        [Record(report=Report(task=name, seq=1, outcome="success"), batch=1, metrics=metrics) for name in ("d1", "d2")]
    )
    request = agenda.next_call(9.0, "me")
    assert (len(request.claims), len(request.reports), len(request.beats)) == items


def test_an_answer_about_points_of_a_report_that_was_delivered_changes_nothing(agenda):
    agenda.confirm_last_words(BeatReply(task="a", seq=1, verdict="go", batch=1))
    assert agenda.is_quiet


def test_a_closing_worker_claims_nothing(agenda):
    agenda.add_knocks([Knock("a", 1)])
    agenda.is_closing = True
    assert claims_of(agenda.next_call(1.0, "me")) == []
    assert agenda.drop_knocks() == [("a", 1)]


def test_points_never_join_a_batch_that_was_sent_before(agenda):
    """The gateway takes a batch's number for all of it: what joined a repeat would be dropped as stored."""
    attempt = make_attempt("a")
    points = tuple(MetricPoint("m", number, 0.0, 0.0) for number in range(5))
    attempt.measured(points[:2])
    sent = attempt.make_beat(0.0)
    attempt.measured(points[2:])
    record = attempt.make_record(Ending(outcome="success"))
    agenda.add_due([record])
    again = agenda.next_call(1.0, "me")
    assert ([(beat.batch, beat.metrics) for beat in again.beats], again.reports) == ([(1, sent.metrics)], ())
    agenda.confirm_last_words(BeatReply(task="a", seq=1, verdict="go", batch=1))
    last = agenda.next_call(1.0, "me")
    assert [(beat.batch, beat.metrics) for beat in last.beats] == [(2, points[2:])]
    assert [report.task for report in last.reports] == ["a"]


def test_what_is_known_is_all_that_may_still_be_claimed_runs_or_has_ended_here(agenda):
    agenda.slots = 1
    agenda.add_knocks([Knock("runs", 1)])
    run(agenda, agenda.next_call(1.0, "me"))
    agenda.add_knocks([Knock("waits", 2), Knock("asked", 3, held=True)])
    assert claims_of(agenda.next_call(1.0 + GATHER_MOST_S, "me")) == ["asked"]
    report = Report(task="ended", seq=4, outcome="success")
    agenda.add_due([Record(report=report)])
    agenda.unsaved.append(Record(report=replace(report, task="unsaved")))
    assert sorted(agenda.list_known()) == [("asked", 3), ("ended", 4), ("runs", 1), ("unsaved", 4), ("waits", 2)]
