"""Tokens and the credentials of signing clients."""

import pytest

from scheduler.domain.errors import NotFoundError
from scheduler.service.tokens import TokenRequest, issue_token
from scheduler.store.queries.credentials import ClientView, find_client, get_token
from scheduler.store.writes.credentials import (
    insert_client,
    mark_used,
    revoke_client,
    revoke_token,
    update_client_role,
)
from tests.scheduler.centre import ADMIN


def test_a_token_is_revoked_once_and_its_use_is_noted(centre):
    token, _ = centre.write(lambda tx: issue_token(tx, TokenRequest(name="me"), by=ADMIN, now=centre.now))
    first = centre.now
    centre.write(lambda tx: revoke_token(tx, token.id, centre.now))
    centre.wait(5)
    centre.write(lambda tx: revoke_token(tx, token.id, centre.now))
    centre.write(lambda tx: mark_used(tx, [token.id, "x"], centre.now))
    found = centre.read(lambda tx: get_token(tx, token.id))
    assert (found.revoked, found.last_used) == (first, centre.now)
    with pytest.raises(NotFoundError):
        centre.write(lambda tx: revoke_token(tx, "x", centre.now))


def test_a_client_gets_another_role_and_is_revoked_once_with_its_secret(centre):
    client = ClientView(
        id="c1", name="flow", role="lead", org="o", project="p", created=centre.now, expires=None, revoked=None
    )
    first = centre.now
    centre.write(lambda tx: insert_client(tx, client, "sealed"))
    centre.write(lambda tx: update_client_role(tx, "c1", "member"))
    found, sealed = centre.read(lambda tx: find_client(tx, "c1"))
    assert (found.role, sealed) == ("member", "sealed")
    for _ in range(2):
        centre.write(lambda tx: revoke_client(tx, "c1", centre.now))
        centre.wait(5)
    found, sealed = centre.read(lambda tx: find_client(tx, "c1"))
    assert (found.revoked, sealed) == (first, "")
    for change in (lambda tx: revoke_client(tx, "x", first), lambda tx: update_client_role(tx, "x", "lead")):
        with pytest.raises(NotFoundError, match="client"):
            centre.write(change)
