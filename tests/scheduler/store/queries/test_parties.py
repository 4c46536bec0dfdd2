"""Reads of parties."""

import pytest

from scheduler.domain.errors import NotFoundError
from scheduler.domain.messages import ComponentOffer
from scheduler.service.parties import create_party
from scheduler.store.queries.parties import (
    Load,
    find_group,
    get_party,
    list_components,
    list_parties,
    read_loads,
    read_offers,
)
from tests.scheduler.centre import ADMIN, NOOP, chain, step


def test_parties_come_by_id_with_what_their_worker_said(centre):
    assert [party.id for party in centre.read(list_parties)] == ["a", "b"]
    party = centre.read(lambda tx: get_party(tx, "a"))
    assert (party.org, party.slots, party.agent, party.version, party.last_seen) == (
        "org-a",
        8,
        "agent-a",
        "1",
        centre.now,
    )
    assert party.facts == {"executors": ["component"]}
    with pytest.raises(NotFoundError, match="no party 'z'"):
        centre.read(lambda tx: get_party(tx, "z"))


def test_the_load_counts_what_waits_what_is_knocked_and_what_runs(centre):
    assert centre.read(read_loads) == {}
    centre.submit(step("gang", gang=True, slots=3))
    centre.claim("a", centre.dispatch()["a"][0])
    centre.wait(5)
    centre.submit_all([centre.plan(step("s"))] * 2)
    loads = centre.read(read_loads)
    assert loads["a"] == Load(waiting=2, dispatched=0, running=1, in_use=3, oldest=centre.now)
    assert loads["b"] == Load(waiting=2, dispatched=1, running=0, in_use=3, oldest=centre.now)


def test_offers_are_known_from_the_first_hello_on(centre):
    centre.write(lambda tx: create_party(tx, "new", org="o", slots=1, by=ADMIN, now=centre.now))
    centre.greet("b", components=(NOOP, ComponentOffer(name="x", params={}, roles=("host",), exchange=True)))
    offers = centre.read(read_offers)
    assert set(offers) == {"a", "b"}
    assert offers["b"]["x"].roles == ("host",)
    assert offers["b"]["x"].exchange
    assert offers["a"]["noop"].inputs == {"data": "table"}
    assert [(view.component.name, view.parties) for view in centre.read(list_components)] == [
        ("noop", ("a", "b")), ("x", ("b",)),
    ]  # fmt: skip
    centre.greet("b", components=())
    assert centre.read(read_offers)["b"] == {}


def test_a_group_is_the_attempt_of_the_step(centre):
    job = centre.submit(*chain(2))
    assert centre.read(lambda tx: find_group(tx, f"{job}-0-1-0")) == {f"{job}-0-1-0": "a", f"{job}-0-1-1": "b"}
    assert centre.read(lambda tx: find_group(tx, "x")) == {}
    centre.run(lambda task: {"outcome": "failed"})
    centre.rerun(job)
    assert set(centre.read(lambda tx: find_group(tx, f"{job}-0-2-0"))) == {f"{job}-0-2-0", f"{job}-0-2-1"}
