"""What users change of jobs that exist."""

import pytest

from scheduler.domain.access import Principal, Role
from scheduler.domain.errors import ConflictError, NotFoundError
from scheduler.domain.messages import Beat, MetricPoint, OutputRef
from scheduler.domain.model import Retry
from scheduler.service.amend import (
    forget_curves,
    forget_metrics,
    forget_metrics_of_day,
    forget_models,
    forget_results,
    label_job,
    replan_job,
)
from scheduler.store.queries.jobs import get_job, get_job_detail, get_origin
from scheduler.store.queries.tracking import list_metrics, list_outputs, list_summaries
from tests.scheduler.centre import chain, step


def steps_of(centre, *steps):
    return {each.name: each for each in centre.plan(*steps).steps}


def test_a_label_is_set_beside_the_others_whatever_the_state(centre):
    job = centre.submit(step("s"), labels={"team": "risk", "notes": "old"})
    centre.write(lambda tx: label_job(tx, job, {"notes": "new"}))
    assert centre.read(lambda tx: get_job(tx, job)).labels == {"team": "risk", "notes": "new"}
    with pytest.raises(NotFoundError):
        centre.write(lambda tx: label_job(tx, "nope", {"notes": "new"}))


def test_an_ended_jobs_next_run_uses_what_was_changed(centre):
    job = centre.submit(*chain(2))
    changed = steps_of(centre, *chain(2, params={"x": 3}, retry=Retry(attempts=7), overrides={"guest": {"x": 4}}))
    with pytest.raises(ConflictError, match="stop it first"):
        centre.write(lambda tx: replan_job(tx, job, changed, {"n": 9}))
    centre.stop(job)
    centre.write(lambda tx: replan_job(tx, job, changed, {"n": 9}))
    detail = centre.read(lambda tx: get_job_detail(tx, job))
    for each in detail.steps:
        assert (each.step.params, each.step.overrides) == ({"x": 3}, {"guest": {"x": 4}})
        assert each.step.retry == Retry(attempts=7)
    assert centre.read(lambda tx: get_origin(tx, job)) == {"n": 9}


def test_a_job_does_not_change_its_steps(centre):
    job = centre.submit(*chain(2))
    centre.stop(job)
    with pytest.raises(ConflictError, match=r"would have other steps \(s1, s2\)"):
        centre.write(lambda tx: replan_job(tx, job, steps_of(centre, step("s0"), step("s2")), {}))


def test_results_are_forgotten_but_for_models(centre):
    job = centre.submit(step("s"))
    outputs = tuple(OutputRef(name=kind, kind=kind, size=1, sha256="ab") for kind in ("table", "model"))
    centre.run(lambda _task: {"outputs": outputs, "summary": {"rows": 1}})
    assert len(centre.read(lambda tx: list_outputs(tx, job))) == 4
    assert centre.write(lambda tx: forget_results(tx, job, step="s", role="guest")) == 1
    assert len(centre.read(lambda tx: list_summaries(tx, job))) == 1
    assert centre.write(lambda tx: forget_results(tx, job)) == 2
    assert {output.kind for output in centre.read(lambda tx: list_outputs(tx, job))} == {"model"}
    assert centre.read(lambda tx: list_summaries(tx, job)) == []
    assert centre.write(lambda tx: forget_results(tx, job, party="nope")) == 0


def test_one_tasks_models_or_curves_are_forgotten_alone(centre):
    job = centre.submit(step("s"))
    outputs = tuple(OutputRef(name=kind, kind=kind, size=1, sha256="ab") for kind in ("table", "model"))
    centre.run(lambda _task: {"outputs": outputs, "summary": {"rows": 1}})
    guest = {"step": "s", "role": "guest", "party": ""}
    assert centre.write(lambda tx: forget_curves(tx, job, **guest)) == 1
    assert len(centre.read(lambda tx: list_summaries(tx, job))) == 2
    assert centre.write(lambda tx: forget_models(tx, job, **guest)) == 1
    left = [(output.where.role, output.kind) for output in centre.read(lambda tx: list_outputs(tx, job))]
    assert sorted(left) == [("guest", "table"), ("host", "model"), ("host", "table")]
    assert centre.write(lambda tx: forget_models(tx, job, **guest)) == 0


def test_an_open_job_keeps_its_results(centre):
    job = centre.submit(step("s"))
    for forget in (forget_curves, forget_models):
        with pytest.raises(ConflictError, match="stop it first"):
            centre.write(lambda tx, forget=forget: forget(tx, job, step="s", role="guest", party=""))
    with pytest.raises(ConflictError, match="stop it first"):
        centre.write(lambda tx: forget_results(tx, job))
    with pytest.raises(NotFoundError):
        centre.write(lambda tx: forget_results(tx, "nope"))


def test_what_an_open_job_is_still_to_read_is_not_forgotten(centre):
    """It would start, and find its input gone."""
    alone = {"guest": ("a",)}
    made = centre.submit(step("s"), step("t"), roles=alone)
    outputs = tuple(OutputRef(name=kind, kind=kind, size=1, sha256="ab") for kind in ("table", "model"))
    centre.run(lambda _task: {"outputs": outputs})
    model = {"role": "guest", "party": "a"}
    reader = centre.submit(step("r", inputs={"data": f"{made}:s.table"}), roles=alone)
    with pytest.raises(ConflictError, match="output table of step s is still to be read"):
        centre.write(lambda tx: forget_results(tx, made))
    assert centre.write(lambda tx: forget_results(tx, made, step="t")) == 1
    assert centre.write(lambda tx: forget_models(tx, made, step="s", **model)) == 1
    centre.stop(reader)
    assert centre.write(lambda tx: forget_results(tx, made)) == 2
    centre.submit(step("r", inputs={"data": f"{made}:t.model"}), roles=alone)
    with pytest.raises(ConflictError, match="output model of step t is still to be read"):
        centre.write(lambda tx: forget_models(tx, made, step="t", **model))


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
