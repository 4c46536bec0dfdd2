"""The audit trail."""

from scheduler.domain.access import Principal, Role
from scheduler.service.audit import Actor, note


def test_a_note_says_who_did_what_from_where_with_which_token(centre):
    actor = Actor(Principal(name="me", kind="user", role=Role.LEAD, token="t1"), address="10.0.0.1")
    centre.write(lambda tx: note(tx, actor, "stop_job", "j1", now=centre.now, outcome="refused"))
    [row] = centre.rows(
        "SELECT who, token_id, address, action, object, outcome, at FROM audit ORDER BY id DESC LIMIT 1"
    )
    assert row == ("me", "t1", "10.0.0.1", "stop_job", "j1", "refused", centre.now.timestamp())


def test_a_note_is_undone_with_its_transaction(centre):
    before = len(centre.rows("SELECT id FROM audit"))
    actor = Actor(Principal(name="me", kind="user"))
    try:
        with centre.store.write() as tx:
            note(tx, actor, "do", "x", now=centre.now)
            raise LookupError
    except LookupError:
        pass
    assert len(centre.rows("SELECT id FROM audit")) == before
