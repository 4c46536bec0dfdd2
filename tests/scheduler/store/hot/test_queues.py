"""Queues: as many parties as one likes, on every database."""

import uuid

from scheduler.service.parties import PartyPatch, change_party
from scheduler.store.hot.queues import LONGEST, name_queue, parse_queue
from tests.scheduler.centre import ADMIN, Centre, step


def test_a_queues_name_tells_its_parties_whatever_their_order():
    assert name_queue(["b", "a", "b"]) == name_queue("ab") == '["a","b"]'
    assert parse_queue('["a","b"]') == {"a", "b"}


def test_a_name_is_never_longer_than_a_key_may_be():
    wide = [f"party-{number:04}" for number in range(500)]
    assert len(name_queue(wide)) <= LONGEST
    assert name_queue(wide) == name_queue(wide[::-1]) != name_queue(wide[1:])
    assert parse_queue(name_queue(wide)) == frozenset()


def test_a_step_of_a_hundred_parties_starts_also_from_behind_the_first_page(store, monkeypatch):
    """PostgreSQL refused the submit, and a report that made such a step ready, as if it were away."""
    monkeypatch.setattr("scheduler.service.advance.PAGE", 2)
    centre = Centre(store, {str(uuid.uuid4()): 4 for _ in range(100)})
    first, *_ = names = tuple(sorted(centre.slots))
    centre.submit_all([centre.plan(step("s", slots=9), roles={"host": (first,)})] * 3)
    wide = centre.submit(step("s0"), step("s1", needs=("s0",)), roles={"host": names}, priority=-5)
    drained = [PartyPatch(drained=is_drained) for is_drained in (True, False)]
    centre.write(lambda tx: change_party(tx, names[-1], drained[0], by=ADMIN, now=centre.now))
    assert centre.dispatch() == {}
    centre.write(lambda tx: change_party(tx, names[-1], drained[1], by=ADMIN, now=centre.now))
    assert centre.run() == 200
    assert centre.states(wide)[0] == "success"
