"""Reads of credentials and of idempotency keys."""

import pytest

from scheduler.domain.access import Role
from scheduler.domain.errors import NotFoundError
from scheduler.service.jobs import forget_job
from scheduler.service.tokens import TokenWish, issue_token
from scheduler.store.queries.access import count_keys, find_submitted, find_token, get_token, list_tokens, name_keeper
from tests.scheduler.centre import step

MINE = name_keeper(project="p", org="", owner="me")


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


def test_tokens_are_listed_the_oldest_first(centre):
    one = issue(centre, "one", org="o")
    centre.wait(1)
    two = issue(centre, "two", org="q", party="a")
    assert centre.read(list_tokens) == [one, two]
    assert (one.kind, two.kind, two.party) == ("user", "worker", "a")


def test_a_key_leads_to_its_job_even_once_that_is_forgotten_if_it_is_to(centre):
    kept, gone = (centre.submit(step("s"), idempotency_key=key) for key in ("k1", "k2"))
    for other in ({"owner": "her"}, {"org": "elsewhere"}, {"project": "another"}):
        assert centre.submit(step("s"), idempotency_key="k1", **other) not in {kept, gone}
    assert centre.read(lambda tx: find_submitted(tx, MINE, "k1")) == kept
    assert centre.read(lambda tx: find_submitted(tx, MINE, "k3")) is None
    assert centre.read(lambda tx: (count_keys(tx, kept), count_keys(tx, "x"))) == (1, 0)
    for job in (kept, gone):
        centre.stop(job)
    centre.write(lambda tx: forget_job(tx, kept, keeps_keys=True))
    centre.write(lambda tx: forget_job(tx, gone))
    assert centre.read(lambda tx: (find_submitted(tx, MINE, "k1"), find_submitted(tx, MINE, "k2"))) == (kept, None)
    assert centre.submit(step("s"), idempotency_key="k1") == kept
    assert centre.submit(step("s"), idempotency_key="k2") != gone
