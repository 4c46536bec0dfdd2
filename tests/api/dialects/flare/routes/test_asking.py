import asyncio

import pytest

from api.dialects.flare.command import Call
from api.dialects.flare.routes.asking import ask_party
from scheduler.domain.errors import UnreachableError
from workers.calls.serving import Answer
from workers.channel import Channel, Orders, make_url


@pytest.fixture
async def call(console):
    """A call to a gateway where 9999 answers `say` with ten bytes in two pieces."""
    url = make_url(str(console.gateway.server.make_url("/")), takes_knocks=False)
    orders = Orders(knock=lambda _knocks: None, stop=lambda *_stop: None)
    ops = {"say": lambda _args, _body: Answer(body=iter((b"01234", b"56789")))}
    channel = Channel(url, console.gateway.tokens["worker-9999"], orders=orders, ops=ops)
    running = asyncio.create_task(channel.run())
    async with asyncio.timeout(60):
        while not channel.is_connected:
            await asyncio.sleep(0.01)
    yield Call(app=console.gateway.app, by=None, words=[])
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


@pytest.mark.parametrize(("limit", "found"), [(100, b"0123456789"), (10, b"0123456789"), (7, b"0123456"), (3, b"012")])
async def test_an_answer_comes_whole_or_up_to_its_limit(call, limit, found):
    assert await ask_party(call, "9999", "say", {}, limit=limit) == found


async def test_a_party_that_is_away_is_unreachable(call):
    with pytest.raises(UnreachableError):
        await ask_party(call, "10000", "say", {}, limit=1)
