import random

import pytest

from scheduler.domain.errors import ConflictError, InvalidDocumentError, NotFoundError
from scheduler.service import models as service
from scheduler.service.jobs import forget_job
from scheduler.service.models import Arrival, Deployment, ModelName, Relabeling
from scheduler.service.tags import tag_model
from scheduler.store.queries.models import find_model, get_model
from scheduler.store.sql import make_sql
from tests.scheduler.centre import ADMIN, Centre, step


@pytest.fixture
def made(centre: Centre) -> ModelName:
    """A model that a job of the parties a (guest) and b (host) has made."""
    job = centre.submit(step("s"), labels={"model": "m"})
    centre.run()
    return ModelName(project="p", model_id="m", version=job)


def get(centre, name):
    return centre.read(lambda tx: get_model(tx, name.project, name.model_id, name.version))


def deploy(centre, name, version="v2"):
    wish = Deployment(version=version, components=("s",), recipe={"dsl": 1})
    centre.wait(1)
    return centre.write(lambda tx: service.deploy_model(tx, name, wish, by=ADMIN, now=centre.now))


def arrive(centre, name, job, *, replaces=False, members=(("guest", "a"),)):
    arrival = Arrival(name=name, job=job, members=members, components=("s",), recipe={"x": 1}, parent=("m", "0"))
    return centre.write(lambda tx: service.receive_model(tx, arrival, replaces=replaces, by=ADMIN, now=centre.now))


def test_deploying_makes_a_child_and_leaves_the_parent(centre, made):
    centre.write(lambda tx: service.note_load(tx, made, [("guest", "a")], by=ADMIN, now=centre.now))
    child = deploy(centre, made)
    assert (child.version, child.components, child.recipe, child.parent) == (
        "v2",
        ("s",),
        {"dsl": 1},
        ("m", made.version),
    )
    assert (child.job, [member.loaded for member in child.members]) == (made.version, [0, 0])
    parent = get(centre, made)
    assert (parent.is_deployed, parent.recipe, parent.members[0].loaded) == (False, None, 1)
    with pytest.raises(ConflictError, match="there is a model m v2 already"):
        deploy(centre, made)


def test_unknown_models_are_refused_everywhere(centre, made):
    other = ModelName(project="q", model_id="m", version=made.version)
    for use in (
        lambda tx: service.deploy_model(tx, other, Deployment(version="2", components=(), recipe={}), by=ADMIN, now=centre.now),
        lambda tx: service.note_load(tx, other, [], by=ADMIN, now=centre.now),
        lambda tx: service.bind_service(tx, other, "x", by=ADMIN, now=centre.now),
        lambda tx: service.forget_model(tx, other, by=ADMIN, now=centre.now),
    ):  # fmt: skip
        with pytest.raises(NotFoundError, match=r"there is no model"):
            centre.write(use)


def test_relabelling_renames_members_and_keeps_where_the_parts_lie(centre, made):
    new = ModelName(project="p", model_id="n", version="9")
    moves = {("guest", "a"): ("guest", "99"), ("host", "b"): ("host", "100")}
    wish = Relabeling(name=new, members=moves, recipe={"r": 1})
    model = centre.write(lambda tx: service.relabel_model(tx, made, wish, by=ADMIN, now=centre.now))
    assert [(each.party, each.source_party) for each in model.members] == [("99", "a"), ("100", "b")]
    assert (model.parent, model.recipe, model.job) == (("m", made.version), {"r": 1}, made.version)
    wrong = Relabeling(name=new, members={("guest", "zz"): ("guest", "1")}, recipe=None)
    with pytest.raises(NotFoundError, match="guest zz of model m"):
        centre.write(lambda tx: service.relabel_model(tx, made, wrong, by=ADMIN, now=centre.now))


def test_loads_are_counted_for_the_named_members_only(centre, made):
    for _ in range(2):
        centre.write(lambda tx: service.note_load(tx, made, [("host", "b")], by=ADMIN, now=centre.now))
    assert [member.loaded for member in get(centre, made).members] == [0, 2]


def test_a_service_answers_with_the_model_bound_last(centre, made):
    child = ModelName(project="p", model_id="m", version=deploy(centre, made).version)
    centre.write(lambda tx: service.bind_service(tx, made, "credit", by=ADMIN, now=centre.now))
    assert get(centre, made).services == ("credit",)
    centre.write(lambda tx: service.bind_service(tx, child, "credit", by=ADMIN, now=centre.now))
    assert (get(centre, made).services, get(centre, child).services) == ((), ("credit",))
    noted = centre.read(lambda tx: tx.run(make_sql("SELECT action FROM audit WHERE action = 'bind_model'")))
    assert noted == [("bind_model",)] * 2


def test_what_arrives_is_marked_and_refused_a_second_time(centre, made):
    job = centre.submit(step("s"))
    centre.run()
    name = ModelName(project="p", model_id="x", version="1")
    model = arrive(centre, name, job)
    assert (model.imported, model.job, model.components, model.parent) == (True, job, ("s",), ("m", "0"))
    with pytest.raises(ConflictError, match="there is a model x 1 already"):
        arrive(centre, name, job)


@pytest.mark.parametrize("model_id", ["x" * 1000, "本" * 500])
def test_a_long_name_is_taken(centre, model_id):
    job = centre.submit(step("s"))
    centre.run()
    assert arrive(centre, ModelName(project="p", model_id=model_id, version="字" * 200), job).model_id == model_id


def test_a_name_whose_bytes_no_index_holds_is_refused_with_the_reason(centre, made):
    letters = random.Random(1)  # of equal letters, the database would keep but one
    wide = "".join(chr(letters.randrange(0x20000, 0x2A000)) for _ in range(1000))
    text = "the model's id has 4000 bytes as UTF-8 and may have 1500: shorten it"
    with pytest.raises(InvalidDocumentError, match=text):
        arrive(centre, ModelName(project="p", model_id=wide, version="1"), centre.submit(step("s")))
    renamed = Relabeling(name=ModelName(project="p", model_id=wide, version="1"), members={}, recipe=None)
    with pytest.raises(InvalidDocumentError, match=text):
        centre.write(lambda tx: service.relabel_model(tx, made, renamed, by=ADMIN, now=centre.now))
    with pytest.raises(InvalidDocumentError, match="the service's name has 4000 bytes"):
        centre.write(lambda tx: service.bind_service(tx, made, wide, by=ADMIN, now=centre.now))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"version": "7" * 3000}, "has 3000 characters and may have 200"),
        ({"model_id": "m" * 1001}, "has 1001 characters and may have 1000"),
        ({"party": "10 000"}, "'10 000' can be no party's id"),
        ({"party": ""}, "'' can be no party's id"),
    ],
)
def test_a_name_that_no_archive_holds_is_given_to_no_model(centre, made, changes, message):
    named = {"model_id": "n", "version": "9", **{key: value for key, value in changes.items() if key != "party"}}
    moves = {("guest", "a"): ("guest", changes.get("party", "99"))}
    wish = Relabeling(name=ModelName(project="p", **named), members=moves, recipe=None)
    with pytest.raises(InvalidDocumentError, match=message):
        centre.write(lambda tx: service.relabel_model(tx, made, wish, by=ADMIN, now=centre.now))


def test_a_replaced_model_keeps_tags_services_and_counts(centre, made):
    centre.write(lambda tx: tag_model(tx, made, "good", by=ADMIN.principal, now=centre.now))
    centre.write(lambda tx: service.bind_service(tx, made, "credit", by=ADMIN, now=centre.now))
    centre.write(lambda tx: service.note_load(tx, made, [("guest", "a")], by=ADMIN, now=centre.now))
    job = centre.submit(step("s"))
    centre.run()
    model = arrive(centre, made, job, replaces=True, members=(("guest", "a"), ("host", "c")))
    assert (model.job, model.tags, model.services) == (job, ("good",), ("credit",))
    assert [(member.party, member.loaded) for member in model.members] == [("a", 1), ("c", 0)]
    centre.write(lambda tx: forget_job(tx, made.version))
    assert get(centre, made).job == job


def test_a_name_whose_job_runs_again_is_taken_all_the_same(centre, made):
    centre.rerun(made.version, "s")
    assert centre.read(lambda tx: find_model(tx, "p", "m", made.version)) is None
    other = centre.submit(step("s"))
    with pytest.raises(ConflictError):
        arrive(centre, made, other)


def test_a_job_that_holds_a_models_parts_is_not_deleted(centre, made):
    deploy(centre, made)
    with pytest.raises(ConflictError, match=f"holds the parts of model m {made.version}, m v2: delete the model first"):
        centre.write(lambda tx: forget_job(tx, made.version))
    for version in (made.version, "v2"):
        name = ModelName(project="p", model_id="m", version=version)
        centre.write(lambda tx, name=name: service.forget_model(tx, name, by=ADMIN, now=centre.now))
    centre.write(lambda tx: forget_job(tx, made.version))


def test_a_failed_job_is_deleted_with_what_it_would_have_made(centre):
    job = centre.submit(step("s"), labels={"model": "m"})
    centre.run(lambda task: {"outcome": "failed", "kind": "error", "message": "no"})
    centre.write(lambda tx: forget_job(tx, job))
