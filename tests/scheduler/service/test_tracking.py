"""Forgetting metrics, of a job and of a day."""

import pytest

from scheduler.domain.access import Principal, Role
from scheduler.domain.messages import Beat, MetricPoint
from scheduler.service.tracking import forget_metrics, forget_metrics_of_day
from scheduler.store.queries.tracking import list_metrics
from tests.scheduler.centre import step


def make_lead(name="me", project="p"):
    return Principal(name=name, kind="user", role=Role.LEAD, project=project)


@pytest.fixture
def jobs(centre):
    """One job of 1 March, one of the day after, each with a point at two parties."""
    first = measure(centre)
    centre.wait(86_400)
    for party in "ab":
        centre.greet(party)
    return [first, measure(centre)]


def measure(centre):
    job = centre.submit(step("s"))
    for party, [knock] in centre.dispatch().items():
        centre.claim(party, knock)
        beat = Beat(task=knock.task, seq=knock.seq, batch=1, metrics=(MetricPoint("loss", 0, 0.5, 1.0),))
        centre.sync(party, beats=(beat,))
    return job


def counts(centre, jobs):
    return [len(centre.read(lambda tx, job=job: list_metrics(tx, job)).items) for job in jobs]


def test_the_metrics_of_a_job_are_forgotten(centre, jobs):
    assert counts(centre, jobs) == [2, 2]
    centre.write(lambda tx: forget_metrics(tx, jobs[:1]))
    assert counts(centre, jobs) == [0, 2]


def test_a_day_is_one_day(centre, jobs):
    assert centre.write(lambda tx: forget_metrics_of_day(tx, "20260302", by=make_lead())) == jobs[1:]
    assert counts(centre, jobs) == [2, 0]


@pytest.mark.parametrize("by", [make_lead("somebody"), make_lead(project="q")])
def test_only_the_callers_own_jobs_lose_theirs(centre, jobs, by):
    assert centre.write(lambda tx: forget_metrics_of_day(tx, "20260301", by=by)) == []
    assert counts(centre, jobs) == [2, 2]


@pytest.mark.parametrize("day", ["%", "2026030_", "20260305"])
def test_a_day_without_jobs(centre, jobs, day):
    assert centre.write(lambda tx: forget_metrics_of_day(tx, day, by=make_lead())) == []
