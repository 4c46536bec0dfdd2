"""Whom a credential stands for, and when it is good for nothing."""

from dataclasses import replace
from datetime import timedelta

import pytest

from scheduler.domain.access import Role
from scheduler.domain.errors import UnauthenticatedError
from scheduler.service.credentials import make_principal
from scheduler.store.queries.credentials import ClientView, TokenView
from tests.scheduler.centre import START

TOKEN = TokenView(
    id="t1", kind="worker", name="w", role="", org="o", project="p", party="a", created=START, expires=None,
    last_used=None, revoked=None,
)  # fmt: skip
CLIENT = ClientView(id="c1", name="flow", role="lead", org="o", project="p", created=START, expires=None, revoked=None)


def test_a_token_stands_for_a_worker_or_user_and_a_client_for_a_user():
    worker, user = make_principal(TOKEN, now=START), make_principal(CLIENT, now=START)
    assert (worker.kind, worker.role, worker.party, worker.token) == ("worker", None, "a", "t1")
    assert (user.kind, user.role, user.party, user.token, user.name) == ("user", Role.LEAD, None, "c1", "flow")


@pytest.mark.parametrize(("credential", "word"), [(TOKEN, "token t1"), (CLIENT, "client c1")])
def test_what_was_revoked_or_has_expired_stands_for_nobody(credential, word):
    with pytest.raises(UnauthenticatedError, match=f"the {word} was revoked"):
        make_principal(replace(credential, revoked=START), now=START)
    late = replace(credential, expires=START + timedelta(seconds=1))
    assert make_principal(late, now=START).name == credential.name
    with pytest.raises(UnauthenticatedError, match=f"the {word} expired at 2026-03-01 12:00:01Z"):
        make_principal(late, now=START + timedelta(seconds=1))
