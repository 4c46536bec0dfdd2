"""Sessions by certificate: tokens that every gateway checks, and that end everywhere at once."""

import json

import pytest
from redis.asyncio import Redis

from api.dialects.flare.routes.sessions import SESSION_S, Sessions
from api.nonces import Nonces
from scheduler.domain.errors import UnauthenticatedError
from scheduler.service.seal import Seal

ANN = {"subject": ((("commonName", "ann@hq"),),)}


@pytest.fixture
def sessions(tmp_path, clock):
    return Sessions(Seal(tmp_path), Nonces(None), clock=clock)


async def is_open(sessions, token):
    try:
        await sessions.read(token)
    except UnauthenticatedError:
        return False
    return True


async def test_a_token_stands_for_its_certificate_for_a_time(sessions, clock):
    token, expires = sessions.open(ANN, 255)
    found = await sessions.read(token)
    assert (found.serial, found.expires, expires) == (255, expires, clock.at + SESSION_S)
    assert found.subject == {"subject": [[["commonName", "ann@hq"]]]}
    clock.at += SESSION_S - 1
    assert await is_open(sessions, token)
    clock.at += 1
    assert not await is_open(sessions, token)


async def test_a_session_ends_with_its_certificate(sessions, clock):
    token, expires = sessions.open(ANN, 1, until=clock.at + 5)
    assert expires == clock.at + 5
    clock.at += 5
    assert not await is_open(sessions, token)


async def test_a_token_of_the_future_is_none(sessions, clock):
    token, _ = sessions.open(ANN, 1)
    clock.at -= 61
    assert not await is_open(sessions, token)


async def test_what_was_sealed_for_something_else_opens_nothing(sessions, tmp_path):
    seal = Seal(tmp_path)
    for token in ("", "x", "\u00e4", seal.close("[]"), seal.close("flare 1 5"),
                  seal.close(json.dumps({"kind": "flare challenge", "since": 0}))):  # fmt: skip
        assert not await is_open(sessions, token)
        await sessions.end(token)


async def test_a_logout_at_one_gateway_is_one_at_all(tmp_path, broker_url, clock):
    async with Redis.from_url(broker_url) as redis:
        one, other = (Sessions(Seal(tmp_path), Nonces(redis, prefix="ended"), clock=clock) for _ in range(2))
        token, _ = one.open(ANN, 1)
        kept, _ = one.open(ANN, 1)
        assert await is_open(other, token)
        await one.end(token)
        assert not await is_open(one, token)
        assert not await is_open(other, token)
        assert await is_open(other, kept)


async def test_another_installation_knows_nothing_of_it(sessions, tmp_path, clock):
    (tmp_path / "other").mkdir()
    token, _ = sessions.open(ANN, 1)
    assert not await is_open(Sessions(Seal(tmp_path / "other"), Nonces(None), clock=clock), token)
