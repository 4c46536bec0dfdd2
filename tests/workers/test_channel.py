import asyncio

import pytest
from structlog.testing import capture_logs

from scheduler.domain.frames import pack
from scheduler.domain.messages import Knock
from tests.party_channel import Cable, Gateway, Worker, until
from workers.channel import make_url


@pytest.fixture
async def gateway():
    gateway = await Gateway(group={}).start()
    yield gateway
    await gateway.stop()


@pytest.mark.parametrize(
    ("gateway_url", "takes_knocks", "url"),
    [
        ("http://h:1", False, "ws://h:1/fedrota/v1/agent/channel"),
        ("https://h/", True, "wss://h/fedrota/v1/agent/channel?knocks=1"),
        ("https://h/behind/proxy", False, "wss://h/behind/proxy/fedrota/v1/agent/channel"),
    ],
)
def test_the_address_follows_the_gateways(gateway_url, takes_knocks, url):
    assert make_url(gateway_url, takes_knocks=takes_knocks) == url


def test_the_address_says_whom_the_worker_takes_itself_for():
    assert make_url("http://h", takes_knocks=True, party="9").endswith("/channel?knocks=1&party=9")


async def test_a_cut_connection_comes_back_by_itself(gateway, tmp_path):
    async with Cable(gateway.port).laid() as cable:
        worker = await Worker("9999", cable.url, tmp_path).start()
        for _ in range(3):
            cable.cut()
            await until(lambda: not worker.channel.is_connected)
            await until(lambda: worker.channel.is_connected, timeout_s=60)
        await gateway.hub.stop("9999", "t", 1, "canceled")
        await until(lambda: bool(worker.stops))
        await worker.stop()


async def test_a_gateway_that_is_down_is_tried_again_until_it_is_up(gateway, tmp_path):
    worker = await Worker("9999", gateway.url, tmp_path).start()
    await gateway.stop()
    await until(lambda: not worker.channel.is_connected)
    await asyncio.sleep(0.3)
    again = await Gateway(group={}, port=gateway.port).start()
    await until(lambda: worker.channel.is_connected, timeout_s=60)
    await worker.stop()
    await again.stop()


async def test_without_a_connection_frames_are_lost_and_nothing_piles_up(gateway, tmp_path):
    worker = await Worker("9999", gateway.url, tmp_path).start()
    await worker.stop()
    assert not worker.channel.is_connected
    assert not worker.channel.is_writable()
    worker.channel.write(pack({"t": "xfer", "src": "a", "dst": "b"}, bytes(100)))
    assert worker.channel._waiting_bytes == 0


async def test_a_replaced_worker_waits_long_before_it_comes_again(gateway, tmp_path):
    older = await Worker("9999", gateway.url, tmp_path / "1").start()
    newer = await Worker("9999", gateway.url, tmp_path / "2").start()
    await until(lambda: not older.channel.is_connected)
    await asyncio.sleep(0.5)
    assert newer.channel.is_connected
    assert not older.channel.is_connected
    await older.stop()
    await newer.stop()


async def test_a_worker_with_a_refused_token_keeps_trying_gently(gateway, tmp_path):
    worker = Worker("", gateway.url, tmp_path)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5):
            await worker.start()
    assert not worker.task.done()
    await worker.stop()


async def test_knocks_that_are_none_end_the_connection(gateway, tmp_path):
    worker = await Worker("9999", gateway.url, tmp_path, takes_knocks=True).start()
    with capture_logs() as lines:
        await gateway.hub.knock("9999", [Knock("t", 0)])
        await until(lambda: not worker.channel.is_connected)
    assert worker.knocks == []
    assert [line["reason"] for line in lines if line["event"] == "channel_frame_refused"]
    assert not worker.task.done()
    await worker.stop()
