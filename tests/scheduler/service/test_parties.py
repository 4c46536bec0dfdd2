"""What operators do with parties, each with its row in the audit trail."""

import pytest

from scheduler.domain.errors import ConflictError, InvalidDocumentError, NotFoundError
from scheduler.service.parties import PartyPatch, change_party, create_party, remove_party
from tests.scheduler.centre import ADMIN, step


def audit(centre):
    return centre.rows("SELECT who, action, object, outcome FROM audit ORDER BY id")[2:]


def create(centre, party, **given):
    return centre.write(
        lambda tx: create_party(tx, party, **{"org": "o", "slots": None, "by": ADMIN, "now": centre.now, **given})
    )


@pytest.mark.parametrize("party", ["", ".x", "-x", "a b", "a/b", "../x", "ä", "x" * 65, "a\n"])
def test_an_id_that_cannot_be_a_name_of_a_queue_or_folder_is_refused(centre, party):
    with pytest.raises(InvalidDocumentError, match="is no party id"):
        create(centre, party)


@pytest.mark.parametrize("party", ["9999", "hospital-1", "a.b_c", "x" * 64])
def test_a_party_is_registered_once(centre, party):
    assert create(centre, party).slots == 4
    with pytest.raises(ConflictError, match="is registered already"):
        create(centre, party)
    assert audit(centre) == [("root", "create_party", party, "done")]


@pytest.mark.parametrize("slots", [0, -3, 1025])
def test_a_number_of_slots_with_which_nothing_would_run_is_refused(centre, slots):
    with pytest.raises(InvalidDocumentError, match=f"slots: {slots} is no number of slots"):
        create(centre, "c", slots=slots)
    with pytest.raises(InvalidDocumentError):
        centre.write(lambda tx: change_party(tx, "a", PartyPatch(slots=slots), by=ADMIN, now=centre.now))


def test_changes_and_removal_are_noted(centre):
    changed = centre.write(lambda tx: change_party(tx, "a", PartyPatch(slots=2, org="x"), by=ADMIN, now=centre.now))
    assert (changed.slots, changed.org, changed.drained) == (2, "x", False)
    centre.write(lambda tx: remove_party(tx, "a", by=ADMIN, now=centre.now))
    assert [row[1] for row in audit(centre)] == ["change_party", "remove_party"]


def test_what_is_refused_is_not_noted_as_done(centre):
    centre.submit(step("s"))
    with pytest.raises(ConflictError):
        centre.write(lambda tx: remove_party(tx, "a", by=ADMIN, now=centre.now))
    with pytest.raises(NotFoundError):
        centre.write(lambda tx: change_party(tx, "x", PartyPatch(slots=2), by=ADMIN, now=centre.now))
    assert audit(centre) == []
