"""Workers with a real channel, whose answers the tests choose."""

import asyncio

import pytest

from workers.channel import Channel, Orders, make_url


@pytest.fixture
async def connect(console):
    """Connects the worker of a party, which then does these operations; all leave at the end."""
    running = []

    async def start(party, ops):
        url = make_url(str(console.gateway.server.make_url("/")), takes_knocks=False)
        orders = Orders(knock=lambda _knocks: None, stop=lambda *_stop: None)
        channel = Channel(url, console.gateway.tokens[f"worker-{party}"], orders=orders, ops=ops)
        running.append(asyncio.create_task(channel.run()))
        async with asyncio.timeout(60):
            while not channel.is_connected:
                await asyncio.sleep(0.01)

    yield start
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
