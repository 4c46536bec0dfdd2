import asyncio
import json
import struct

import aiohttp
import pytest
from aiohttp.test_utils import make_mocked_request

from api.agent import channel
from api.keys import PRINCIPAL
from scheduler.domain.access import Principal
from scheduler.domain.errors import BusyError, ForbiddenError, UnauthenticatedError
from scheduler.domain.frames import CLOSE_BAD_FRAME, CLOSE_UNWELCOME, MAX_FRAME_BYTES, pack
from scheduler.domain.messages import CHANNEL_PATH
from tests.party_channel import Gateway, Worker, open_attempt, until


@pytest.fixture
async def gateway():
    gateway = await Gateway(group={}).start()
    yield gateway
    await gateway.stop()


@pytest.fixture
async def dial(gateway):
    """A raw WebSocket to the channel, as a hostile worker would have it."""
    async with aiohttp.ClientSession() as session:

        async def dial(party="666"):
            headers = {"Authorization": f"Bearer {party}"}
            return await session.ws_connect(gateway.url + CHANNEL_PATH, headers=headers, max_msg_size=0)

        yield dial


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"\0\0",
        b"\0\0\0\xffx",
        struct.pack(">I", 0xFFFFFFFF) + b"{}",
        struct.pack(">I", 2) + b"[]",
        struct.pack(">I", 3) + b"\xff\xfe\xfd",
        struct.pack(">I", 40_000) + b"[" * 40_000,
        pack({"t": "call", "id": "x", "op": "y", "args": {}}),
        pack({"t": "nonsense"}),
        pack({"t": "xfer"}),
        pack({"t": "xfer", "src": 1, "dst": []}),
        pack({"t": "reply", "id": 7}),
        bytes(MAX_FRAME_BYTES + 10),
    ],
    ids=range(13),
)
async def test_a_malformed_frame_ends_that_connection_only(gateway, dial, tmp_path, message):
    bystander = await Worker("9999", gateway.url, tmp_path / "9999").start()
    socket = await dial()
    await socket.send_bytes(message)
    async with asyncio.timeout(60):
        answer = await socket.receive()
    assert answer.type in {aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED}
    assert socket.close_code in {CLOSE_BAD_FRAME, 1009}
    assert bystander.channel.is_connected
    await bystander.stop()


async def test_a_text_message_ends_the_connection(dial):
    socket = await dial()
    await socket.send_str("hello")
    assert (await socket.receive()).data == CLOSE_BAD_FRAME


async def test_answers_to_calls_of_others_are_ignored(gateway, dial, tmp_path):
    """A party cannot answer a call that went to another party, although it guesses its number."""
    victim = await dial("9999")
    waiting = asyncio.create_task(gateway.hub.call("9999", "log.read", {}, timeout_s=60))
    call = json.loads((await victim.receive_bytes())[4:])
    forger = await dial("666")
    forged = pack({"t": "reply", "id": call["id"], "ok": True}, b'{"who": "forger"}')
    await forger.send_bytes(forged)
    await forger.send_bytes(forged.replace(call["id"].encode(), b"0123456789abcdef.1"[: len(call["id"])]))
    await asyncio.sleep(0.1)
    assert not waiting.done()
    await victim.send_bytes(pack({"t": "reply", "id": call["id"], "ok": True}, b'{"who": "victim"}'))
    assert await waiting == {"who": "victim"}


async def test_a_call_without_a_token_is_refused(gateway):
    async with aiohttp.ClientSession() as session, session.get(gateway.url + CHANNEL_PATH) as answer:
        assert answer.status == 401


@pytest.mark.parametrize(
    ("bound", "path", "said"),
    [
        ("", "/", "belongs to a user"),
        ("", "/?party=", "belongs to a user"),
        ("1", "/?party=2", "that of party 1, but the worker is set up as party 2"),
        ("1", "/?party=", "set up as party"),
    ],
)
def test_a_channel_is_opened_only_for_the_party_of_the_token(bound, path, said):
    request = make_mocked_request("GET", path)
    request[PRINCIPAL] = Principal(name="w", kind="worker" if bound else "user", party=bound)
    with pytest.raises(ForbiddenError, match=said):
        channel.get_party(request)


async def test_a_party_that_does_not_read_hurts_nobody(gateway, dial, tmp_path):
    """The queue of a party that takes nothing stays bounded, and the sender can still talk to others."""
    lazy = await dial("10000")
    workers = {
        "guest": await Worker("9999", gateway.url, tmp_path / "9999").start(),
        "other": await Worker("1", gateway.url, tmp_path / "1").start(),
    }
    open_attempt(workers, gateway.group)
    gateway.group["lazy"] = "10000"
    piece = pack({"t": "xfer", "src": "guest", "dst": "lazy", "k": "d", "n": 1}, bytes(1 << 20))
    for _ in range(60):
        workers["guest"].channel.write(piece)
    await until(lambda: workers["guest"].channel._waiting_bytes == 0)
    await workers["guest"].send("guest", "other", "x", b"through")
    assert await workers["other"].recv("other", "guest", "x") == (b"through", "")
    assert gateway.hub._connections["10000"]._waiting_bytes <= 12 << 20
    lazy._response.connection.transport.abort()
    for worker in workers.values():
        await worker.stop()


@pytest.mark.parametrize("is_revoked", [True, False])
async def test_the_channel_of_a_token_that_is_no_longer_good_ends_and_others_stay(dial, monkeypatch, is_revoked):
    async def admit(_request, _access):
        asked.append(1)
        if is_revoked:
            raise UnauthenticatedError("the token was revoked")
        raise BusyError("not now")

    asked = []
    monkeypatch.setattr(channel, "TOKEN_CHECK_S", 0.01)
    second = await Gateway(group={}, admit=admit).start()
    async with aiohttp.ClientSession() as session:
        headers = {"Authorization": "Bearer 9999"}
        socket = await session.ws_connect(second.url + CHANNEL_PATH, headers=headers)
        if is_revoked:
            async with asyncio.timeout(60):
                assert (await socket.receive()).data == CLOSE_UNWELCOME
        else:
            await until(lambda: len(asked) > 3)
            assert not socket.closed
    await second.stop()
