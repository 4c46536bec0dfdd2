"""Reads of credentials."""

import pytest

from scheduler.domain.access import Role
from scheduler.domain.errors import NotFoundError
from scheduler.service.tokens import TokenRequest, issue_token
from scheduler.store.queries.credentials import (
    ClientView,
    find_client,
    find_token,
    get_client,
    get_token,
    list_clients,
    list_tokens,
)
from scheduler.store.writes.credentials import insert_client
from tests.scheduler.centre import ADMIN


def issue(centre, name, **given):
    return centre.write(lambda tx: issue_token(tx, TokenRequest(name=name, **given), by=ADMIN, now=centre.now))[0]


def test_tokens_are_found_by_their_public_part(centre):
    token = issue(centre, "me", role=Role.LEAD, org="o", project="p", expires_s=60)
    assert centre.read(lambda tx: get_token(tx, token.id)) == token
    found, digest = centre.read(lambda tx: find_token(tx, token.id))
    assert (found, len(digest)) == (token, 64)
    assert centre.read(lambda tx: find_token(tx, "x")) is None
    with pytest.raises(NotFoundError, match="no token 'x'"):
        centre.read(lambda tx: get_token(tx, "x"))


def test_tokens_are_listed_the_oldest_first(centre):
    one = issue(centre, "one", org="o")
    centre.wait(1)
    two = issue(centre, "two", org="q", party="a")
    assert centre.read(list_tokens) == [one, two]
    assert (one.kind, two.kind, two.party) == ("user", "worker", "a")


def add_client(centre, name, client):
    view = ClientView(
        id=client, name=name, role="lead", org="o", project="p", created=centre.now, expires=None, revoked=None
    )
    centre.write(lambda tx: insert_client(tx, view, f"sealed-{client}"))
    return view


def test_clients_are_found_by_id_and_listed_the_oldest_first(centre):
    first = add_client(centre, "one", "c1")
    centre.wait(1)
    second = add_client(centre, "two", "c2")
    assert centre.read(lambda tx: find_client(tx, "c1")) == (first, "sealed-c1")
    assert centre.read(lambda tx: find_client(tx, "c3")) is None
    assert centre.read(list_clients) == [first, second]
    assert centre.read(lambda tx: get_client(tx, "c2")) == second
    with pytest.raises(NotFoundError, match="there is no client 'c3'"):
        centre.read(lambda tx: get_client(tx, "c3"))
