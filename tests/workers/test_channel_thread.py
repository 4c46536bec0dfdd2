import asyncio
import queue

import pytest

from tests.party_channel import Gateway, make_assignment, until
from workers.calls.serving import Answer
from workers.channel import Orders, make_url
from workers.channel_thread import ChannelThread
from workers.exchange.identity import load_identity
from workers.exchange.port import Letter


class Threaded:
    """A line as the runner uses it: from a thread that is not its own."""

    def __init__(self, party, url, folder):
        self.party = party
        self.identity = load_identity(folder)
        self.line = ChannelThread(
            make_url(url, takes_knocks=False),
            party,
            orders=Orders(knock=lambda _: None, stop=lambda *_: None),
            ops={"ping": lambda args, body: Answer(result={"pong": party})},
            identity=self.identity,
            folder=folder,
        )


@pytest.fixture
async def gateway():
    gateway = await Gateway(group={"g": "1", "h": "2"}).start()
    yield gateway
    await gateway.stop()


async def test_messages_between_two_lines_used_from_another_thread(gateway, tmp_path, monkeypatch):
    monkeypatch.setattr("workers.channel_thread.STOP_TIMEOUT_S", 60.0)
    parties = {"g": Threaded("1", gateway.url, tmp_path / "1"), "h": Threaded("2", gateway.url, tmp_path / "2")}
    got = queue.SimpleQueue()
    for task, party in parties.items():
        party.line.exchange.open(make_assignment(task, parties))  # before the start: kept until then
        party.line.start()
    parties["h"].line.exchange.recv("h", 1, Letter("g", "x"), timeout_s=60, on_message=lambda *answer: got.put(answer))
    parties["g"].line.exchange.send("g", 1, Letter("h", "x"), bytearray(b"hello"), on_done=got.put)
    await until(lambda: got.qsize() == 2)
    assert {str(got.get()), str(got.get())} == {"", str((bytearray(b"hello"), ""))}
    assert await gateway.hub.call("1", "ping", {}) == {"pong": "1"}
    for party in parties.values():
        await asyncio.to_thread(party.line.stop)
        assert not party.line._thread.is_alive()


async def test_a_stopped_line_answers_instead_of_raising(gateway, tmp_path):
    party = Threaded("1", gateway.url, tmp_path)
    party.line.start()
    await until(lambda: party.line.channel.is_connected)
    await asyncio.to_thread(party.line.stop)
    answers = []
    exchange = party.line.exchange
    exchange.close("g", 1, "failed")
    exchange.send("g", 1, Letter("h", "x"), b"", on_done=answers.append)
    exchange.recv("g", 1, Letter("h", "x"), timeout_s=1, on_message=lambda _, why: answers.append(why))
    assert answers == ["the worker stops", "the worker stops"]


async def test_a_line_that_is_asked_to_reconnect_comes_back(gateway, tmp_path):
    party = Threaded("1", gateway.url, tmp_path / "1")
    party.line.start()
    await until(lambda: party.line.channel.is_connected)
    first = gateway.hub._connections["1"]
    await asyncio.to_thread(party.line.reconnect)
    await until(lambda: gateway.hub._connections.get("1") not in {first, None})
    assert await gateway.hub.call("1", "ping", {}) == {"pong": "1"}
    await asyncio.to_thread(party.line.stop)


async def test_the_first_attempt_to_connect_is_told_whether_it_succeeds_or_not(gateway, tmp_path):
    reached = Threaded("1", gateway.url, tmp_path / "1")
    astray = Threaded("2", "http://127.0.0.1:9", tmp_path / "2")  # nobody listens there
    for party, is_connected in ((reached, True), (astray, False)):
        assert not party.line.channel.has_tried.is_set()
        party.line.start()
        await asyncio.to_thread(party.line.wait_tried, 30.0)
        assert party.line.channel.has_tried.is_set()
        assert party.line.channel.is_connected is is_connected
        await asyncio.to_thread(party.line.stop)


@pytest.mark.parametrize("proxy", ["http://127.0.0.1:9", "socks5h://127.0.0.1:9"])
async def test_a_proxy_of_the_environment_does_not_stand_in_the_way(gateway, tmp_path, monkeypatch, proxy):
    for name in ("http_proxy", "all_proxy"):
        monkeypatch.setenv(name, proxy)
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    party = Threaded("1", gateway.url, tmp_path)
    party.line.start()
    await until(lambda: party.line.channel.is_connected)
    await asyncio.to_thread(party.line.stop)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
async def test_a_channel_that_dies_is_told_of(gateway, tmp_path, monkeypatch):
    party, told = Threaded("1", gateway.url, tmp_path), []
    party.line.on_error = lambda: told.append("died")

    def refuse(*_call: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(party.line.channel._calls._threads, "submit", refuse)
    party.line.start()
    await until(lambda: party.line.channel.is_connected)
    asked = asyncio.create_task(gateway.hub.call("1", "ping", {}))
    await until(lambda: told == ["died"])
    await asyncio.to_thread(party.line._thread.join, 60)  # its exception is this test's
    asked.cancel()


async def test_a_line_that_is_stopped_has_not_died(gateway, tmp_path):
    party, told = Threaded("1", gateway.url, tmp_path), []
    party.line.on_error = lambda: told.append("died")
    party.line.start()
    await until(lambda: party.line.channel.is_connected)
    await asyncio.to_thread(party.line.stop)
    assert told == []
