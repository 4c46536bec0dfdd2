"""Heartbeats: leases, metrics once, and what the task is told."""

from datetime import timedelta

import pytest

from scheduler.domain.messages import STEPS, Beat, MetricPoint, SyncRequest
from scheduler.store.queries.tracking import list_metrics
from tests.scheduler.centre import START, step


def point(value, at=0):
    return MetricPoint("loss", at, value, START.timestamp())


@pytest.fixture
def knock(centre):
    """The claimed task of party a."""
    centre.submit(step("s"))
    knocks = centre.dispatch()
    centre.claim("b", knocks["b"][0])
    centre.claim("a", knocks["a"][0])
    return knocks["a"][0]


def task(centre):
    return centre.detail(centre.rows("SELECT id FROM job")[0][0]).steps[0].tasks[0]


def metrics(centre):
    job = centre.rows("SELECT id FROM job")[0][0]
    return [(item.name, item.x, item.value) for item in centre.read(lambda tx: list_metrics(tx, job)).items]


def test_a_beat_extends_the_lease_and_brings_news(centre, knock):
    centre.wait(50)
    reply = centre.beat("a", knock, progress=0.5, log_size=9)
    assert (reply.verdict, reply.stop_kind) == ("go", "")
    found = task(centre)
    assert (found.progress, found.log_size, found.lease_until) == (0.5, 9, centre.now + timedelta(seconds=60))
    centre.beat("a", knock, log_size=10)
    assert (task(centre).progress, task(centre).log_size) == (0.5, 10)
    assert centre.rows("SELECT last_seen FROM party WHERE id = 'a'") == [(centre.now.timestamp(),)]


def test_each_batch_of_metrics_is_stored_once_however_often_it_comes(centre, knock):
    for _ in range(2):
        reply = centre.beat("a", knock, batch=1, metrics=(point(0.5), point(0.4, 1)))
        assert reply.batch == 1
    assert centre.beat("a", knock, batch=3, metrics=(point(0.3, 2),)).batch == 3
    assert centre.beat("a", knock, batch=2, metrics=(point(9.0, 9),)).batch == 3
    assert centre.beat("a", knock).batch == 3
    assert metrics(centre) == [("loss", 0, 0.5), ("loss", 1, 0.4), ("loss", 2, 0.3)]


@pytest.mark.parametrize("at", [STEPS.start, 1 << 31, 1_700_000_000_000, STEPS.stop - 1])
def test_a_point_may_be_at_any_step_that_a_worker_may_send(centre, knock, at):
    centre.beat("a", knock, batch=1, metrics=(point(0.5, at),))
    assert metrics(centre) == [("loss", at, 0.5)]


def test_a_batch_that_comes_twice_in_one_group_is_stored_once(centre, knock):
    """A call whose connection broke is repeated while the first one is still in the queue."""
    beats = [Beat(task=knock.task, seq=1, batch=batch, metrics=(point(0.1 * batch, batch),)) for batch in (2, 1, 2, 3)]
    calls = [("a", SyncRequest(agent="agent-a", beats=(beat,))) for beat in beats]
    assert [reply.beats[0].batch for reply in centre.sync_all(*calls)] == [2, 2, 2, 3]
    assert [x for _, x, _ in metrics(centre)] == [2, 3]


@pytest.mark.parametrize(
    ("party", "agent", "seq"), [("b", "agent-b", 1), ("b", "agent-a", 1), ("a", "another", 1), ("a", "agent-a", 2)]
)
def test_whoever_does_not_hold_the_task_is_fenced(centre, knock, party, agent, seq):
    beat = Beat(task=knock.task, seq=seq, progress=0.9, batch=1, metrics=(point(1.0),))
    centre.wait(5)
    before = task(centre)
    assert centre.sync(party, agent=agent, beats=(beat,)).beats[0].verdict == "fenced"
    assert task(centre) == before
    assert metrics(centre) == []


def test_a_task_that_has_ended_or_never_was_is_fenced(centre, knock):
    centre.report("a", knock)
    assert centre.beat("a", knock).verdict == "fenced"
    assert centre.sync("a", beats=(Beat(task="nope", seq=1),)).beats[0].verdict == "fenced"


def test_a_stopped_task_is_told_so_until_it_ends(centre, knock):
    centre.stop(centre.rows("SELECT id FROM job")[0][0])
    for _ in range(2):
        reply = centre.beat("a", knock)
        assert (reply.verdict, reply.stop_kind) == ("stop", "canceled")


def test_a_party_that_comes_back_regains_its_task(centre, knock):
    centre.wait(61)
    centre.settle()
    assert task(centre).state == "lost_contact"
    assert centre.beat("a", knock).verdict == "go"
    found = task(centre)
    assert (found.state, found.reason) == ("running", "")
    assert centre.events(found.job_id)[-1].event == "regained"
    assert centre.events(found.job_id)[-1].state == "running"


def test_a_repeated_claim_after_a_lost_lease_does_not_strand_the_task(centre, knock):
    """The grant was lost on its way; the same agent may ask again, and its first beat regains the task."""
    centre.wait(61)
    centre.settle()
    assert centre.claim("a", knock).assignment is not None
    assert centre.claim("a", knock, agent="another").assignment is None
    assert centre.beat("a", knock).verdict == "go"
    assert task(centre).state == "running"


def test_a_beat_and_the_report_of_one_call_both_count(centre, knock):
    from scheduler.domain.messages import Report

    beat = Beat(task=knock.task, seq=1, batch=1, metrics=(point(0.5),))
    reply = centre.sync("a", beats=(beat,), reports=(Report(task=knock.task, seq=1, outcome="success"),))
    assert (reply.beats[0].verdict, reply.reports[0].accepted) == ("go", True)
    assert metrics(centre) == [("loss", 0, 0.5)]
