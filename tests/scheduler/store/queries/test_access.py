"""Reads of credentials."""

import pytest

from scheduler.domain.access import Role
from scheduler.domain.errors import NotFoundError
from scheduler.service.tokens import TokenWish, issue_token
from scheduler.store.queries.access import find_token, get_token, list_tokens


def issue(centre, name, **given):
    return centre.write(lambda tx: issue_token(tx, TokenWish(name=name, **given), now=centre.now))[0]


def test_tokens_are_found_by_their_public_part(centre):
    token = issue(centre, "me", role=Role.LEAD, org="o", project="p", expires_s=60)
    assert centre.read(lambda tx: get_token(tx, token.id)) == token
    found, digest = centre.read(lambda tx: find_token(tx, token.id))
    assert (found, len(digest)) == (token, 64)
    assert centre.read(lambda tx: find_token(tx, "x")) is None
    with pytest.raises(NotFoundError, match="no token 'x'"):
        centre.read(lambda tx: get_token(tx, "x"))


def test_tokens_are_listed_the_oldest_first_by_organisation(centre):
    one = issue(centre, "one", org="o")
    centre.wait(1)
    two = issue(centre, "two", org="q", party="a")
    assert centre.read(list_tokens) == [one, two]
    assert centre.read(lambda tx: list_tokens(tx, org="q")) == [two]
    assert (one.kind, two.kind, two.party) == ("user", "worker", "a")
