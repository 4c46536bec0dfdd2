"""Writes about parties."""

import pytest

from scheduler.domain.errors import ConflictError, NotFoundError
from scheduler.service.parties import create_party
from scheduler.store.queries.parties import get_party
from scheduler.store.writes.parties import delete_party, introduce_party, update_party
from tests.scheduler.centre import ADMIN, hello, step


def party(centre, name="a"):
    return centre.read(lambda tx: get_party(tx, name))


def test_a_worker_says_its_slots_unless_an_operator_fixed_them(centre):
    centre.write(lambda tx: create_party(tx, "free", org="o", slots=None, by=ADMIN, now=centre.now))
    assert party(centre, "free").slots == 4
    said = hello("x", slots=9)
    assert centre.write(lambda tx: introduce_party(tx, "free", said, {}, now=centre.now)) == 9
    assert centre.write(lambda tx: introduce_party(tx, "a", said, {}, now=centre.now)) == 8
    centre.write(lambda tx: update_party(tx, "free", slots=2))
    assert centre.write(lambda tx: introduce_party(tx, "free", said, {}, now=centre.now)) == 2


def test_only_what_is_given_changes_and_the_scheduler_looks_again(centre):
    changed = centre.write(lambda tx: update_party(tx, "a", drained=True))
    assert (changed.drained, changed.slots, changed.org) == (True, 8, "org-a")
    assert centre.effects.has_ready_work
    assert not centre.write(lambda tx: update_party(tx, "a", drained=False)).drained


def test_a_party_with_open_tasks_stays(centre):
    job = centre.submit(step("s"))
    with pytest.raises(ConflictError, match="party 'a' has open tasks: stop their jobs"):
        centre.write(lambda tx: delete_party(tx, "a"))
    centre.stop(job)
    centre.write(lambda tx: delete_party(tx, "a"))
    assert centre.rows("SELECT party_id FROM component") == [("b",)]
    with pytest.raises(NotFoundError):
        party(centre)
    for use_case in (lambda tx: delete_party(tx, "a"), lambda tx: update_party(tx, "a")):
        with pytest.raises(NotFoundError, match="no party 'a'"):
            centre.write(use_case)


def test_a_party_that_went_away_keeps_a_rerun_waiting_with_the_reason(centre):
    job = centre.submit(step("s"))
    centre.stop(job)
    centre.write(lambda tx: delete_party(tx, "a"))
    centre.rerun(job)
    assert centre.dispatch() == {}
    assert centre.job(job).reason == "step s: party a is not registered"
