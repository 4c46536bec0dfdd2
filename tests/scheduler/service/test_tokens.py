"""Credentials: issued once, kept as digests, refused with a reason."""

import pytest

from scheduler.domain.access import Role
from scheduler.domain.errors import UnauthenticatedError
from scheduler.service.tokens import TokenRequest, authenticate, issue_token
from scheduler.store.writes.credentials import revoke_token
from tests.scheduler.centre import ADMIN


def issue(centre, **given):
    return centre.write(lambda tx: issue_token(tx, TokenRequest(**{"name": "me", **given}), by=ADMIN, now=centre.now))


def who(centre, text):
    return centre.read(lambda tx: authenticate(tx, text, now=centre.now))


def test_a_user_is_known_by_their_token(centre):
    token, text = issue(centre, role=Role.LEAD, org="o", project="p")
    found = who(centre, text)
    assert (found.name, found.kind, found.role, found.org, found.project) == ("me", "user", Role.LEAD, "o", "p")
    assert (found.party, found.token) == (None, token.id)


def test_a_worker_is_bound_to_its_party_and_has_no_role(centre):
    found = who(centre, issue(centre, party="a")[1])
    assert (found.kind, found.party, found.role) == ("worker", "a", None)


def test_the_secret_is_nowhere_in_the_store(centre):
    _, text = issue(centre)
    secret = text.split("_", 2)[2]
    assert len(secret) >= 43
    assert all(secret not in str(row) for row in centre.rows("SELECT * FROM token"))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: "",
        lambda text: text[:-1],
        lambda text: text + "x",
        lambda text: text.upper(),
        lambda text: text.replace("frt_", "abc_", 1),
        lambda text: "_".join(text.split("_")[:2]),
        lambda text: f"frt_{text}",
        lambda text: text + "\udcff",
        lambda text: "frt_\udcff\udcfe_x",
        lambda text: "frt_\0_x",
        lambda text: "frt__",
        lambda text: "frt_' OR 1=1 --_x",
        lambda text: "x" * 10**6,
    ],
)
def test_anything_else_is_refused_in_the_same_words(centre, spoil):
    _, text = issue(centre)
    with pytest.raises(UnauthenticatedError, match="the token is unknown: check that it was copied whole"):
        who(centre, spoil(text))


def test_an_expired_token_says_so(centre):
    token, text = issue(centre, expires_s=10)
    centre.wait(9.9)
    assert who(centre, text).token == token.id
    centre.wait(0.1)
    with pytest.raises(UnauthenticatedError, match=f"the token {token.id} expired at 2026-03-01 12:00:10Z"):
        who(centre, text)


def test_a_revoked_token_says_so(centre):
    token, text = issue(centre)
    centre.write(lambda tx: revoke_token(tx, token.id, centre.now))
    with pytest.raises(UnauthenticatedError, match=f"the token {token.id} was revoked"):
        who(centre, text)


def test_the_reason_is_told_only_to_the_bearer_of_the_secret(centre):
    token, text = issue(centre, expires_s=0)
    with pytest.raises(UnauthenticatedError, match="unknown"):
        who(centre, f"frt_{token.id}_{'x' * 43}")
    with pytest.raises(UnauthenticatedError, match="expired"):
        who(centre, text)
