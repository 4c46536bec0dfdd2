"""Reads of what jobs leave behind."""

import pytest

from scheduler.domain.errors import InvalidDocumentError, NotFoundError
from scheduler.domain.messages import Beat, MetricPoint, OutputRef
from scheduler.store.queries.paging import render_cursor
from scheduler.store.queries.tracking import (
    MetricFilter,
    get_output,
    list_events,
    list_metrics,
    list_outputs,
    list_summaries,
)
from tests.scheduler.centre import chain


@pytest.fixture
def job(centre):
    """A job of two steps, done once, then done again from its second step."""
    job = centre.submit(*chain(2))

    def outcome(task):
        output = OutputRef(name="data", kind="table", size=task.attempt, sha256="x")
        return {"outputs": (output,), "summary": {"attempt": task.attempt, "at": task.party}}

    centre.run(outcome)
    centre.rerun(job, "s1")
    centre.run(outcome)
    return job


def test_events_resume_after_the_last_one_seen(centre, job):
    every = centre.read(lambda tx: list_events(tx, job, after=0, limit=1000))
    assert [event.id for event in every] == sorted({event.id for event in every})
    seen, after = [], 0
    while page := centre.read(lambda tx, after=after: list_events(tx, job, after=after, limit=3)):
        seen += page
        after = page[-1].id
    assert seen == every


def test_events_name_step_party_and_attempt(centre, job):
    last = [event for event in centre.events(job) if event.level == "task"][-1]
    assert (last.event, last.state, last.step, last.attempt, last.job) == ("succeeded", "success", "s1", 2, job)
    assert {last.role, last.party} in ({"guest", "a"}, {"host", "b"})
    assert (centre.events(job)[0].step, centre.events(job)[0].party) == (None, None)


def test_outputs_are_those_of_the_present_attempts(centre, job):
    found = centre.read(lambda tx: list_outputs(tx, job))
    assert [(o.where.step, o.where.party, o.where.attempt, o.size) for o in found] == [
        ("s0", "a", 1, 1), ("s0", "b", 1, 1), ("s1", "a", 2, 2), ("s1", "b", 2, 2),
    ]  # fmt: skip
    assert [o.where.party for o in centre.read(lambda tx: list_outputs(tx, job, step="s1", party="b"))] == ["b"]
    every = centre.read(lambda tx: list_outputs(tx, job, step="s1", is_every_attempt=True))
    assert [(o.where.party, o.where.attempt) for o in every] == [("a", 1), ("a", 2), ("b", 1), ("b", 2)]
    old = f"{job}-1-1-0"
    assert centre.read(lambda tx: get_output(tx, old, "data")).where.attempt == 1
    with pytest.raises(NotFoundError, match="no output"):
        centre.read(lambda tx: get_output(tx, old, "nope"))


def test_summaries_are_those_of_the_present_attempts(centre, job):
    found = centre.read(lambda tx: list_summaries(tx, job))
    assert [(s.where.step, s.values) for s in found] == [
        ("s0", {"attempt": 1, "at": "a"}), ("s0", {"attempt": 1, "at": "b"}),
        ("s1", {"attempt": 2, "at": "a"}), ("s1", {"attempt": 2, "at": "b"}),
    ]  # fmt: skip
    assert len(centre.read(lambda tx: list_summaries(tx, job, party="a"))) == 2


def test_curves_come_in_pages_and_narrow(centre):
    job = centre.submit(*chain(1))
    for party, [knock] in centre.dispatch().items():
        centre.claim(party, knock)
        points = tuple(MetricPoint(name, x, x / 10, 0.5) for x in range(3) for name in ("loss", "auc"))
        centre.sync(party, beats=(Beat(task=knock.task, seq=1, batch=1, metrics=points),))
    every = centre.read(lambda tx: list_metrics(tx, job)).items
    assert len(every) == 12
    seen, after = [], None
    while True:
        page = centre.read(lambda tx, after=after: list_metrics(tx, job, after=after, limit=5))
        seen += page.items
        after = page.next
        if after is None:
            break
    assert seen == every
    narrow = centre.read(lambda tx: list_metrics(tx, job, MetricFilter(step="s0", name="auc", party="b"))).items
    assert [(item.where.party, item.name, item.x, item.value) for item in narrow] == [
        ("b", "auc", x, x / 10) for x in range(3)
    ]
    with pytest.raises(InvalidDocumentError):
        centre.read(lambda tx: list_metrics(tx, job, after=render_cursor(["x"])))
