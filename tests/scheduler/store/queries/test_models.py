"""Models are registered with their jobs, and count once these have succeeded."""

from datetime import timedelta

import pytest

from scheduler.domain.errors import InvalidDocumentError, NotFoundError
from scheduler.domain.messages import OutputRef
from scheduler.service.jobs import draft_clone
from scheduler.service.models import Deployment, ModelName, deploy_model
from scheduler.service.tags import tag_model
from scheduler.store.queries.models import (
    ModelFilter,
    count_tagged,
    find_model,
    find_registered,
    get_model,
    list_models,
    list_needing,
    list_parts,
)
from tests.scheduler.centre import ADMIN, Centre, chain, step

MODEL = {"model": "m#1"}


def outputs(task):
    made = [OutputRef(name="model", kind="model", size=5, sha256="ab", facts={"rows": 3})]
    return {"outputs": (*made, OutputRef(name="data", kind="table", size=1, sha256="cd"))}


def train(centre: Centre, **given) -> str:
    job = centre.submit(*chain(2), labels=MODEL, **given)
    centre.run(outputs)
    return job


def names(models):
    return [(model.model_id, model.version) for model in models]


def test_a_job_with_the_label_makes_a_model_by_its_success(centre):
    job = centre.submit(step("s"), labels=MODEL, roles={"guest": ("a",), "host": ("b",)})
    assert centre.read(lambda tx: find_model(tx, "p", "m#1", job)) is None
    assert centre.read(lambda tx: find_registered(tx, "p", "m#1", job)) == job
    with pytest.raises(NotFoundError, match="there is no model"):
        centre.read(lambda tx: get_model(tx, "p", "m#1", job))
    centre.run(outputs)
    model = centre.read(lambda tx: get_model(tx, "p", "m#1", job))
    assert (model.version, model.job, model.owner, model.project) == (job, job, "me", "p")
    assert [(member.role, member.party) for member in model.members] == [("guest", "a"), ("host", "b")]
    assert (model.is_deployed, model.imported, model.parent, model.tags) == (False, False, None, ())


def test_jobs_without_the_label_and_failed_ones_make_none(centre):
    centre.submit(step("s"))
    centre.submit(step("s"), labels=MODEL)
    centre.run(lambda task: {"outcome": "failed", "kind": "error", "message": "no"})
    assert centre.read(lambda tx: list_models(tx, ModelFilter(project="p"))).items == []


def test_a_model_is_out_of_sight_while_its_job_runs_again(centre):
    job = train(centre)
    centre.rerun(job, "s0")
    assert centre.read(lambda tx: find_model(tx, "p", "m#1", job)) is None
    centre.run(outputs)
    assert centre.read(lambda tx: find_model(tx, "p", "m#1", job)) is not None


def test_models_are_listed_newest_first_page_by_page_and_narrowed(centre):
    jobs = []
    for _ in range(3):
        jobs.append(train(centre))
        centre.wait(1)
    newest = jobs[::-1]
    first = centre.read(lambda tx: list_models(tx, ModelFilter(project="p"), limit=2))
    rest = centre.read(lambda tx: list_models(tx, ModelFilter(project="p"), after=first.next, limit=2))
    assert names(first.items) + names(rest.items) == [("m#1", job) for job in newest]
    assert rest.next is None
    with pytest.raises(InvalidDocumentError):
        centre.read(lambda tx: list_models(tx, ModelFilter(project="p"), after="x"))
    name = ModelName(project="p", model_id="m#1", version=jobs[0])
    centre.write(lambda tx: tag_model(tx, name, "good", by=ADMIN.principal, now=centre.now))
    for given, expected in (
        ({"version": jobs[1]}, [jobs[1]]),
        ({"model_id": "other"}, []),
        ({"job": jobs[2]}, [jobs[2]]),
        ({"role": "guest", "party": "a"}, newest),
        ({"role": "guest", "party": "b"}, []),
        ({"tag": "good"}, [jobs[0]]),
        ({"tag": "goo"}, []),
    ):
        found = centre.read(lambda tx, g=given: list_models(tx, ModelFilter(project="p", **g))).items
        assert [model.version for model in found] == expected, given
    assert centre.read(lambda tx: list_models(tx, ModelFilter(project="q"))).items == []


def test_models_are_counted_by_their_tags_while_their_jobs_are_successes(centre):
    first, second = train(centre), train(centre)
    for job, tag in ((first, "good"), (second, "good"), (second, "new")):
        name = ModelName(project="p", model_id="m#1", version=job)
        centre.write(lambda tx, name=name, tag=tag: tag_model(tx, name, tag, by=ADMIN.principal, now=centre.now))
    assert centre.read(lambda tx: count_tagged(tx, "p")) == {"good": 2, "new": 1}
    assert centre.read(lambda tx: count_tagged(tx, "q")) == {}
    centre.rerun(second, "s0")
    assert centre.read(lambda tx: count_tagged(tx, "p")) == {"good": 1}


def test_parts_are_the_outputs_of_kind_model_of_the_steps_that_predict(centre):
    job = train(centre)
    model = centre.read(lambda tx: get_model(tx, "p", "m#1", job))
    parts = centre.read(lambda tx: list_parts(tx, model))
    assert [(part.output.where.step, part.member.role, part.output.name) for part in parts] == [
        ("s0", "guest", "model"), ("s0", "host", "model"), ("s1", "guest", "model"), ("s1", "host", "model"),
    ]  # fmt: skip
    wish = Deployment(version="v2", components=("s1",), recipe={})
    name = ModelName(project="p", model_id="m#1", version=job)
    child = centre.write(lambda tx: deploy_model(tx, name, wish, by=ADMIN, now=centre.now + timedelta(seconds=1)))
    parts = centre.read(lambda tx: list_parts(tx, child))
    assert [(part.output.where.step, part.output.size, part.output.facts) for part in parts] == [
        ("s1", 5, {"rows": 3})
    ] * 2
    assert names(centre.read(lambda tx: list_needing(tx, job))) == [("m#1", job), ("m#1", "v2")]
    assert centre.read(lambda tx: list_needing(tx, "other")) == []


def test_steps_that_a_model_borrows_have_their_parts_in_an_earlier_job(centre):
    earlier = train(centre)
    job = centre.submit(step("s9"), labels=MODEL, borrowed={"s1": earlier})
    centre.run(outputs)
    model = centre.read(lambda tx: get_model(tx, "p", "m#1", job))
    assert model.borrowed == {"s1": earlier}
    found = [(part.output.where.step, part.output.where.task.startswith(earlier)) for part in list_all(centre, model)]
    assert found == [("s1", True)] * 2 + [("s9", False)] * 2
    assert names(centre.read(lambda tx: list_needing(tx, earlier))) == [("m#1", earlier), ("m#1", job)]
    name = ModelName(project="p", model_id="m#1", version=job)
    wish = Deployment(version="v2", components=("s1",), recipe={})
    child = centre.write(lambda tx: deploy_model(tx, name, wish, by=ADMIN, now=centre.now))
    assert [part.output.where.step for part in list_all(centre, child)] == ["s1", "s1"]
    clone = centre.read(lambda tx: draft_clone(tx, job, owner="me", org=""))
    assert clone.borrowed == {"s1": earlier}


def list_all(centre, model):
    return centre.read(lambda tx: list_parts(tx, model))
