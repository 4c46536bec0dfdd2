"""Credentials of signing clients: sealed in the store, opened by their app key, refused with a reason."""

import pytest

from scheduler.domain.access import Role
from scheduler.domain.errors import NotFoundError, UnauthenticatedError
from scheduler.service.clients import ClientRequest, change_role, end_client, issue_client, open_client
from scheduler.service.seal import Seal
from scheduler.store.queries.credentials import list_clients
from tests.scheduler.centre import ADMIN


@pytest.fixture
def seal(tmp_path):
    return Seal(tmp_path)


def issue(centre, seal, **given):
    wish = ClientRequest(**{"name": "me", "role": Role.LEAD, "org": "o", "project": "p", **given})
    return centre.write(lambda tx: issue_client(tx, wish, seal=seal, by=ADMIN, now=centre.now))


def open_(centre, seal, client):
    return centre.read(lambda tx: open_client(tx, client, seal=seal, now=centre.now))


def test_a_client_is_known_by_its_app_key(centre, seal):
    client, secret = issue(centre, seal)
    who, opened = open_(centre, seal, client.id)
    assert opened == secret
    assert (who.name, who.kind, who.role, who.org, who.project, who.token) == (
        "me",
        "user",
        "lead",
        "o",
        "p",
        client.id,
    )
    assert len(secret) == 32


def test_the_secret_is_nowhere_in_the_store(centre, seal):
    _, secret = issue(centre, seal)
    assert all(secret not in str(row) for row in centre.rows("SELECT * FROM client"))
    assert centre.rows("SELECT action FROM audit ORDER BY id DESC LIMIT 1")[0][0] == "issue_client"


@pytest.mark.parametrize("client", ["", "none", "a b", "\0", "ä", "' OR 1=1 --", "x" * 10**6])
def test_an_unknown_app_key_is_refused(centre, seal, client):
    issue(centre, seal)
    with pytest.raises(UnauthenticatedError, match="the app key is unknown"):
        open_(centre, seal, client)


def test_another_role_counts_from_the_next_request_on(centre, seal):
    client, _ = issue(centre, seal)
    centre.write(lambda tx: change_role(tx, client.id, Role.MEMBER, by=ADMIN, now=centre.now))
    assert open_(centre, seal, client.id)[0].role is Role.MEMBER
    with pytest.raises(NotFoundError):
        centre.write(lambda tx: change_role(tx, "none", Role.MEMBER, by=ADMIN, now=centre.now))


def test_an_expired_client_says_so(centre, seal):
    client, _ = issue(centre, seal, expires_s=10)
    centre.wait(9.9)
    assert open_(centre, seal, client.id)
    centre.wait(0.1)
    with pytest.raises(UnauthenticatedError, match="expired at 2026-03-01 12:00:10Z"):
        open_(centre, seal, client.id)


def test_a_revoked_client_says_so_and_its_secret_is_gone(centre, seal):
    client, _ = issue(centre, seal)
    centre.write(lambda tx: end_client(tx, client.id, by=ADMIN, now=centre.now))
    with pytest.raises(UnauthenticatedError, match=f"the client {client.id} was revoked"):
        open_(centre, seal, client.id)
    assert centre.rows("SELECT sealed FROM client")[0][0] == ""
    assert [each.revoked for each in centre.read(list_clients)] == [centre.now]
    with pytest.raises(NotFoundError):
        centre.write(lambda tx: end_client(tx, "none", by=ADMIN, now=centre.now))


def test_a_lost_key_is_told(centre, seal, tmp_path):
    client, _ = issue(centre, seal)
    (tmp_path / "secret.key").unlink()
    with pytest.raises(UnauthenticatedError, match="FEDROTA_SECRET_KEY_FILE"):
        open_(centre, Seal(tmp_path), client.id)
