from datetime import UTC, datetime

import pytest

from api.auth import Gate, require
from api.bridge import Reader
from api.throttle import ADDRESS_FAILURES, TOKEN_FAILURES
from scheduler.domain.access import Action, Principal, Role, Subject
from scheduler.domain.errors import BusyError, ForbiddenError, NotFoundError, UnauthenticatedError
from scheduler.service.tokens import TokenRequest, issue_token
from scheduler.store.writes.credentials import revoke_token
from tests.scheduler.centre import ADMIN

HOME = "127.0.0.1"


@pytest.fixture
def gate(store, clock):
    reader = Reader(store)
    yield Gate(reader, clock=clock)
    reader.close()


def issue(store, **given):
    with store.write() as tx:
        return issue_token(
            tx, TokenRequest(name="ann", role=Role.LEAD, project="p1", **given), by=ADMIN, now=datetime.now(UTC)
        )


async def test_a_token_names_its_bearer(gate, store):
    token, text = issue(store)
    principal = await gate.identify(f"Bearer {text}", HOME)
    assert (principal.name, principal.role, principal.token) == ("ann", Role.LEAD, token.id)
    assert gate.take_used() == {token.id}
    assert gate.take_used() == set()


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer  ", "Basic abc", "frt_a_b"])
async def test_a_missing_token_is_said_so(gate, header):
    with pytest.raises(UnauthenticatedError, match="carries no token"):
        await gate.identify(header, HOME)


@pytest.mark.parametrize("text", ["frt_a_b", "nonsense", "frt_\x00_x", "frt_ä_x", "frt_a_b " + "x" * 5000])
async def test_an_unknown_token_is_refused(gate, text):
    with pytest.raises(UnauthenticatedError):
        await gate.identify(f"Bearer {text}", HOME)


@pytest.mark.parametrize("text", ["frt_\x00_x", "frt_ä_x"])
async def test_a_text_that_no_token_can_be_counts_as_a_wrong_one_and_is_not_looked_up(store, clock, text):
    reader = Reader(store)
    reader.close()
    gate = Gate(reader, clock=clock)
    for _ in range(TOKEN_FAILURES):
        with pytest.raises(UnauthenticatedError, match="malformed"):
            await gate.identify(f"Bearer {text}", HOME)
    with pytest.raises(BusyError):
        await gate.identify(f"Bearer {text}", HOME)


async def test_of_more_tokens_than_are_kept_the_oldest_is_looked_up_again(gate, store, monkeypatch):
    monkeypatch.setattr("api.auth.CACHED", 1)
    (old, old_text), (new, new_text) = issue(store), issue(store)
    for text in (old_text, new_text):
        await gate.identify(f"Bearer {text}", HOME)
    with store.write() as tx:
        for token in (old, new):
            revoke_token(tx, token.id, datetime.now(UTC))
    assert await gate.identify(f"Bearer {new_text}", HOME)
    with pytest.raises(UnauthenticatedError, match="revoked"):
        await gate.identify(f"Bearer {old_text}", HOME)


async def test_an_expired_token_is_refused(gate, store):
    _, text = issue(store, expires_s=-1.0)
    with pytest.raises(UnauthenticatedError, match="expired"):
        await gate.identify(f"Bearer {text}", HOME)


async def test_a_revoked_token_ends_within_seconds(gate, store, clock):
    token, text = issue(store)
    await gate.identify(f"Bearer {text}", HOME)
    with store.write() as tx:
        revoke_token(tx, token.id, datetime.now(UTC))
    assert await gate.identify(f"Bearer {text}", HOME)
    clock.at += 3.1
    with pytest.raises(UnauthenticatedError, match="revoked"):
        await gate.identify(f"Bearer {text}", HOME)


async def test_a_token_revoked_here_ends_at_once(gate, store):
    token, text = issue(store)
    await gate.identify(f"Bearer {text}", HOME)
    with store.write() as tx:
        revoke_token(tx, token.id, datetime.now(UTC))
    gate.forget_all()
    with pytest.raises(UnauthenticatedError):
        await gate.identify(f"Bearer {text}", HOME)


async def fail(gate, *texts, address=HOME):
    for text in texts:
        with pytest.raises(UnauthenticatedError):
            await gate.identify(f"Bearer {text}", address)


async def test_an_address_that_tries_many_tokens_is_shut_out_for_a_minute(gate, store, clock):
    _, text = issue(store)
    await fail(gate, *(f"frt_id{number}_x" for number in range(ADDRESS_FAILURES)))
    with pytest.raises(BusyError) as refused:
        await gate.identify(f"Bearer {text}", HOME)
    assert 50 < refused.value.retry_after_s <= 60
    assert await gate.identify(f"Bearer {text}", "10.0.0.9")
    clock.at += 61
    assert await gate.identify(f"Bearer {text}", HOME)


async def test_who_tries_secrets_for_one_token_shuts_out_that_token_alone(gate, store):
    token, text = issue(store)
    _, other = issue(store)
    await fail(gate, *(f"frt_{token.id}_{number}" for number in range(TOKEN_FAILURES)))
    with pytest.raises(BusyError):
        await gate.identify(f"Bearer {text}", HOME)
    assert await gate.identify(f"Bearer {other}", HOME)


async def test_one_wrong_token_again_and_again_shuts_out_itself_alone(gate, store):
    _, text = issue(store)
    await fail(gate, *["frt_a_old"] * TOKEN_FAILURES)
    with pytest.raises(BusyError):
        await gate.identify("Bearer frt_a_old", HOME)
    assert await gate.identify(f"Bearer {text}", HOME)


async def test_a_request_that_is_let_in_learns_of_a_revoked_token_however_often_that_fails(gate, store):
    token, text = issue(store)
    await gate.identify(f"Bearer {text}", HOME)
    with store.write() as tx:
        revoke_token(tx, token.id, datetime.now(UTC))
    gate.forget_all()
    await fail(gate, *[text] * TOKEN_FAILURES)
    with pytest.raises(BusyError):
        await gate.identify(f"Bearer {text}", HOME)
    with pytest.raises(UnauthenticatedError, match="revoked"):
        await gate.identify(f"Bearer {text}", HOME, is_admitted=True)


async def test_a_token_that_was_good_stays_so_whatever_else_its_address_sends(gate, store, clock):
    """Behind a proxy that is not known as one, all clients have one address."""
    token, text = issue(store)
    await gate.identify(f"Bearer {text}", HOME)
    clock.at += 10
    await fail(gate, *(f"frt_id{number}_x" for number in range(ADDRESS_FAILURES)))
    assert await gate.identify(f"Bearer {text}", HOME)
    clock.at += 10
    with store.write() as tx:
        revoke_token(tx, token.id, datetime.now(UTC))
    await fail(gate, text)
    with pytest.raises(BusyError):
        await gate.identify(f"Bearer {text}", HOME)


def test_a_foreign_thing_is_not_there_and_ones_own_may_be_forbidden():
    ann = Principal(name="ann", kind="user", role=Role.LEAD, org="hq", project="p1")
    with pytest.raises(NotFoundError, match="no job 'j1'"):
        require(ann, Action.READ_JOB, Subject(owner="bob", org="hq", project="p2"), kind="job", identity="j1")
    with pytest.raises(ForbiddenError, match=r"ann, lead, may not control job here \(job 'j1'\)"):
        require(ann, Action.CONTROL_JOB, Subject(owner="bob", org="hq", project="p1"), kind="job", identity="j1")
    require(ann, Action.CONTROL_JOB, Subject(owner="ann", org="hq", project="p1"), kind="job", identity="j1")
