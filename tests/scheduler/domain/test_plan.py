"""Drafts: every fault is named with its place, a sound draft becomes a plan in an order that respects the needs."""

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler.domain import plan
from scheduler.domain.errors import MAX_PROBLEMS, InvalidDocumentError
from scheduler.domain.model import Component
from scheduler.domain.plan import (
    MAX_STEPS,
    Catalogue,
    Draft,
    StepDraft,
    find_read_table,
    make_submission,
    merge_params,
    nearest,
    number_members,
)
from scheduler.domain.references import find_reference
from scheduler.service.catalogue import check_params

SCHEMA = {
    "type": "object",
    "properties": {"rounds": {"type": "integer", "minimum": 1}, "rate": {"type": "number"}},
    "additionalProperties": False,
}
READER = Component(name="reader", params={"type": "object"}, outputs={"data": "table"})
TRAIN = Component(
    name="train", params=SCHEMA, inputs={"data": "table"}, outputs={"model": "model"}, exchange=True,
    roles=("guest", "host"),
)  # fmt: skip
OFFERS = {"reader": READER, "train": TRAIN}
CATALOGUE = Catalogue(
    parties=frozenset({"a", "b", "new"}), offers={"a": OFFERS, "b": OFFERS}, check_params=check_params
)


def reader(name="read", **given):
    return StepDraft(name=name, run={"component": "reader"}, **given)


def train(name="train", **given):
    return StepDraft(name=name, run={"component": "train"}, **{"inputs": {"data": "read.data"}, **given})


def draft(*steps, roles=None, **given):
    roles = {"guest": ("a",), "host": ("b",)} if roles is None else roles
    return Draft(name="j", owner="me", project="p", roles=roles, steps=steps, **given)


def problems(*steps, **given):
    """{where: the sentence} of what is wrong."""
    with pytest.raises(InvalidDocumentError) as wrong:
        make_submission(draft(*steps, **given), CATALOGUE)
    return {item.where: f"{item.message} {item.hint}".strip() for item in wrong.value.problems}


@pytest.mark.parametrize(
    ("roles", "where", "text"),
    [
        ({}, "parties", "name at least one role"),
        ({"guest": ()}, "parties.guest", "the role has no party"),
        ({"guest": ("a", "a")}, "parties.guest", "stands in the list twice"),
        ({"1!": ("a",)}, "parties.1!", "letters, digits"),
        ({"guest": ("a", "bb")}, "parties.guest.1", "party 'bb' is not registered. Did you mean 'b'?"),
    ],
)
def test_faults_of_the_parties(roles, where, text):
    assert text in problems(reader(), roles=roles)[where]


def test_faults_of_the_shape():
    assert problems()["steps"] == "a job needs at least one step"
    many = [reader(f"s{n}") for n in range(MAX_STEPS + 1)]
    assert "1001 steps are more than the limit of 1000" in problems(*many)["steps"]
    wide = {"guest": tuple(f"p{n}" for n in range(101))}
    catalogue = replace(CATALOGUE, parties=frozenset(wide["guest"]))
    with pytest.raises(InvalidDocumentError, match="exceed the limit of 10000 tasks"):
        make_submission(draft(*many[:100], roles=wide), catalogue)
    found = problems(reader("_x"), reader("two"), reader("two"))
    assert "'_x' is no step name" in found["steps.0.name"]
    assert found["steps.2.name"] == "step 'two' is there already, as steps.1"


@pytest.mark.parametrize(
    ("wrong", "where", "text"),
    [
        (train(needs=("raed",)), "steps.1.needs.0", "there is no step 'raed'. Did you mean 'read'?"),
        (train(inputs={"data": "read"}), "steps.1.inputs.data", "does not say step.output"),
        (train(inputs={"data": "read."}), "steps.1.inputs.data", "does not say step.output"),
        (train(inputs={"data": "nope.data"}), "steps.1.inputs.data", "there is no step 'nope'. Known: read, train."),
        (train(inputs={"data": "read.model"}), "steps.1.inputs.data", "has no output 'model'; it has: data"),
        (train(inputs={"dta": "read.data"}), "steps.1.inputs.dta", "has no input 'dta'. Did you mean 'data'?"),
        (train(roles=()), "steps.1.roles", "name at least one role"),
        (train(roles=("gest",)), "steps.1.roles.0", "the job has no role 'gest'. Did you mean 'guest'?"),
        (train(overrides={"host.1": {}}), "steps.1.overrides.host.1", "'host.1' is no role or role.position"),
        (train(params={"rounds": 0}), "steps.1.params.rounds", "0 is less than the minimum of 1"),
        (train(params={"round": 3}), "steps.1.params.round", "no such parameter. Did you mean 'rounds'?"),
        (train(params={"rate": math.nan}), "steps.1.params.rate", "not a finite number"),
        (train(params={"rate": [1, {"x": math.inf}]}), "steps.1.params.rate.1.x", "not a finite number"),
        (train(overrides={"host": {"rate": -math.inf}}), "steps.1.overrides.host.rate", "not a finite number"),
        (train(overrides={"host": {"rounds": "x"}}), "steps.1.params.rounds", "'x' is not of type 'integer'"),
        (train(services=("guest", "host")), "steps.1.services", "at least one must do the work"),
        (replace(train(), run={"component": "trian"}), "steps.1.component", "offers no component 'trian'. Did you mean"),
    ],
)  # fmt: skip
def test_faults_of_a_step_name_their_place(wrong, where, text):
    assert text in problems(reader(), wrong)[where]


def test_a_role_that_the_component_does_not_know():
    found = problems(reader(), train(), roles={"guest": ("a",), "arbiter": ("b",)})
    assert found == {"steps.1.roles": "component 'train' knows no role 'arbiter'. Known: guest, host."}


def test_every_fault_is_told_at_once_and_each_only_once():
    found = problems(reader(needs=("x",)), train(params={"rounds": 0, "foo": 1}), train("t2", inputs={"data": "y.z"}))
    assert set(found) == {"steps.0.needs.0", "steps.1.params.rounds", "steps.1.params.foo", "steps.2.inputs.data"}


def test_of_many_faults_the_first_are_told_and_the_others_not_looked_for(monkeypatch):
    looked_up = []
    monkeypatch.setattr(plan, "nearest", lambda word, known: looked_up.append(word) or nearest(word, known))
    with pytest.raises(InvalidDocumentError) as wrong:
        make_submission(draft(*(reader(f"s{n}", needs=(f"no{n}",)) for n in range(MAX_STEPS))), CATALOGUE)
    *first, last = wrong.value.problems
    assert [item.where for item in first] == [f"steps.{n}.needs.0" for n in range(MAX_PROBLEMS)]
    assert (last.where, last.message) == ("body", f"only the first {MAX_PROBLEMS} problems are listed.")
    assert len(looked_up) == MAX_PROBLEMS + 1
    assert len(problems(*(reader(f"s{n}", needs=(f"no{n}",)) for n in range(MAX_PROBLEMS)))) == MAX_PROBLEMS


def test_steps_that_wait_for_each_other_in_a_circle_are_named():
    found = problems(reader(), reader("x", needs=("y",)), reader("y", needs=("x",)), reader("z", needs=("y",)))
    assert found["steps"] == "these steps wait for each other in a circle: x, y, z"
    assert "circle: read" in problems(reader(needs=("read",)))["steps"]


def test_the_longest_chain_is_planned_without_looking_at_all_steps_for_each(monkeypatch):
    looked_at = []
    monkeypatch.setattr(plan, "find_reference", lambda text: looked_at.append(text) or find_reference(text))
    chain = [train(f"s{n}", inputs={"data": f"s{n - 1}.data"}) for n in range(1, MAX_STEPS)]
    source = StepDraft(name="s0", run={"command": ["sh"], "outputs": {"data": "table"}})
    offers = {"train": replace(TRAIN, outputs={"data": "table"})}
    catalogue = replace(CATALOGUE, offers={"a": offers, "b": offers})
    planned = make_submission(draft(*reversed([source, *chain])), catalogue)
    assert [step.name for step in planned.steps] == [f"s{n}" for n in range(MAX_STEPS)]
    assert len(looked_at) < 3 * MAX_STEPS


def test_a_sound_draft_becomes_a_plan():
    made = make_submission(
        draft(
            train(needs=("clean",), overrides={"host.0": {"rounds": 2}}, params={"rounds": 5}),
            reader(),
            StepDraft(name="clean", run={"command": ["sh"], "outputs": {"data": "table"}}, roles=("host",)),
            priority=7,
            labels={"team": "x"},
        ),
        CATALOGUE,
    )
    assert [step.name for step in made.steps] == ["read", "clean", "train"]
    read, clean, fit = made.steps
    assert fit.needs == ("clean", "read")
    assert fit.members == (("guest", "a"), ("host", "b"))
    assert clean.members == (("host", "b"),)
    assert (fit.gang, read.gang, clean.gang) == (True, False, False)
    assert (made.priority, made.labels) == (7, {"team": "x"})


def test_what_a_party_offers_that_never_connected_is_taken_on_trust():
    made = make_submission(draft(StepDraft(name="s", run={"component": "x"}), roles={"guest": ("new",)}), CATALOGUE)
    assert made.steps[0].members == (("guest", "new"),)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_any_order_of_writing_gives_an_order_that_respects_the_needs(data):
    names = [f"s{n}" for n in range(data.draw(st.integers(1, 8)))]
    steps = [
        reader(name, needs=tuple(data.draw(st.sets(st.sampled_from(names[:at])))) if at else ())
        for at, name in enumerate(names)
    ]
    made = make_submission(draft(*data.draw(st.permutations(steps))), CATALOGUE)
    assert {step.name for step in made.steps} == set(names)
    seen = set()
    for step in made.steps:
        assert set(step.needs) <= seen
        seen.add(step.name)


def test_own_parameters_win_over_the_roles_and_those_over_the_steps():
    overrides = {"host": {"x": 2, "y": 2}, "host.1": {"y": 3}}
    params = {"x": 1, "y": 1, "z": {"deep": 1}}
    assert merge_params(params, overrides, "host", 1) == {"x": 2, "y": 3, "z": {"deep": 1}}
    assert merge_params(params, overrides, "host", 0) == {"x": 2, "y": 2, "z": {"deep": 1}}
    assert merge_params(params, overrides, "guest", 0) == params
    assert merge_params(params, {}, "host", 0) is params


def test_a_table_is_read_by_its_name_within_a_namespace():
    assert find_read_table({"table": "t"}) == ("default", "t")
    assert find_read_table({"table": "t", "namespace": "n"}) == ("n", "t")
    assert [find_read_table(params) for params in ({}, {"table": 1}, {"table": "t", "namespace": None})] == [None] * 3


def test_members_are_numbered_within_their_role():
    members = [("host", "a"), ("guest", "b"), ("host", "b")]
    assert list(number_members(members)) == [("host", "a", 0), ("guest", "b", 0), ("host", "b", 1)]


def test_hints_name_the_closest_or_all_of_a_few():
    assert nearest("raeder", {"reader", "train"}) == "Did you mean 'reader'?"
    assert nearest("retries", {"retry", "services"}) == "Did you mean 'retry'?"
    assert nearest("zzz", {"reader", "train"}) == "Known: reader, train."
    assert nearest("zzz", [str(n) for n in range(21)]) == ""
    assert nearest("zzz", ()) == ""


def test_faults_of_the_parties_do_not_hide_those_of_the_steps():
    found = problems(reader(), reader(), train(inputs={"data": "raed.data"}), roles={"guest": ("a",), "host": ("zz",)})
    assert set(found) == {"parties.host.0", "steps.1.name", "steps.2.inputs.data"}
