import asyncio
import os
from dataclasses import replace

import pytest

from scheduler.domain.frames import WINDOW_BYTES, pack
from tests.party_channel import FAST, Cable, Gateway, Worker, make_assignment, open_attempt, until
from workers.exchange.identity import load_identity


@pytest.fixture
async def gateway():
    gateway = await Gateway(group={}).start()
    yield gateway
    await gateway.stop()


@pytest.fixture
async def pair(gateway, tmp_path):
    workers = {
        "guest": await Worker("9999", gateway.url, tmp_path / "9999").start(),
        "host": await Worker("10000", gateway.url, tmp_path / "10000").start(),
    }
    open_attempt(workers, gateway.group)
    yield workers
    for worker in workers.values():
        await worker.stop()


async def test_a_message_arrives_by_name_and_round(pair):
    assert await pair["guest"].send("guest", "host", "w", b"second", number=2) == ""
    assert await pair["guest"].send("guest", "host", "w", b"first", number=1) == ""
    assert await pair["host"].recv("host", "guest", "w", number=1) == (b"first", "")
    assert await pair["host"].recv("host", "guest", "w", number=2) == (b"second", "")


async def test_a_receiver_may_wait_before_the_sender_sends(pair):
    waiting = asyncio.create_task(pair["guest"].recv("guest", "host", "x"))
    await asyncio.sleep(0.05)
    await pair["host"].send("host", "guest", "x", b"")
    assert await waiting == (b"", "")


async def test_both_sides_may_send_far_more_than_the_window_before_either_receives(pair):
    big = os.urandom(3 * WINDOW_BYTES)
    sent = await asyncio.gather(
        pair["guest"].send("guest", "host", "w", big), pair["host"].send("host", "guest", "w", big[::-1])
    )
    assert sent == ["", ""]
    assert await pair["host"].recv("host", "guest", "w") == (big, "")
    assert await pair["guest"].recv("guest", "host", "w") == (big[::-1], "")
    assert not list(pair["host"].folder.rglob("*.part"))


async def test_many_unread_small_messages_stop_the_sender_and_reading_lets_it_go_on(pair):
    piece = os.urandom(512 << 10)
    total = 60
    sending = asyncio.create_task(_send_many(pair["guest"], piece, total))
    await until(lambda: pair["guest"].channel._waiting_bytes == 0)
    await asyncio.sleep(0.3)
    assert not sending.done()
    for number in range(total):
        assert await pair["host"].recv("host", "guest", "p", number=number) == (piece, "")
    assert await sending == [""] * total


async def _send_many(worker, piece, total):
    return [await worker.send("guest", "host", "p", piece, number=number) for number in range(total)]


async def test_a_message_sent_before_the_peer_opened_arrives_when_it_does(gateway, pair):
    late = make_assignment("late", {"late": pair["host"], "early": pair["guest"]})
    early = make_assignment("early", {"late": pair["host"], "early": pair["guest"]})
    gateway.group.update({"late": "10000", "early": "9999"})
    pair["guest"].exchange.open(early)
    assert await pair["guest"].send("early", "late", "x", b"hello") == ""
    pair["host"].exchange.open(late)
    assert await pair["host"].recv("late", "early", "x", timeout_s=60) == (b"hello", "")


async def test_what_a_finished_task_sent_still_arrives(pair):
    await pair["guest"].send("guest", "host", "last", b"words")
    pair["guest"].exchange.close("guest", 1, "success")
    await asyncio.sleep(0.1)
    assert await pair["host"].recv("host", "guest", "last") == (b"words", "")


@pytest.mark.parametrize("outcome", ["success", "failed"])
async def test_a_receive_fails_at_once_when_the_peer_ends_without_sending(pair, outcome):
    waiting = asyncio.create_task(pair["host"].recv("host", "guest", "grad", number=3))
    await asyncio.sleep(0.05)
    pair["guest"].exchange.close("guest", 1, outcome)
    async with asyncio.timeout(60):
        _, why = await waiting
    assert why == f"message 'grad' of round 3 cannot come: guest.0 (party 9999) has ended ({outcome})"


async def test_a_receive_begun_after_the_peers_silent_end_fails_too(pair):
    pair["guest"].exchange.close("guest", 1, "failed")
    await asyncio.sleep(0.05)
    async with asyncio.timeout(60):
        _, why = await pair["host"].recv("host", "guest", "x")
    assert "has ended (failed)" in why


async def test_a_send_to_a_failed_peer_says_so_and_to_a_finished_one_passes(pair):
    await pair["host"].send("host", "guest", "a", b"1")
    pair["guest"].exchange.close("guest", 1, "failed")
    assert "has ended (failed)" in (await pair["host"].recv("host", "guest", "b"))[1]
    assert "has ended (failed)" in await pair["host"].send("host", "guest", "b", b"2")


async def test_a_handshake_without_a_finite_number_does_not_end_the_other_partys_channel(pair):
    offer = b'{"seq": 1e999, "key": "", "sig": "", "answered": true}'
    pair["guest"].channel.write(pack({"t": "xfer", "src": "guest", "dst": "host", "k": "hs"}, offer))
    await pair["guest"].send("guest", "host", "a", b"1")
    async with asyncio.timeout(60):
        assert await pair["host"].recv("host", "guest", "a") == (b"1", "")


async def test_a_frame_whose_kind_is_no_text_does_not_end_the_other_partys_channel(gateway, pair):
    gateway.group["unopened"] = "10000"
    pair["guest"].channel.write(pack({"t": "xfer", "src": "guest", "dst": "unopened", "k": []}))
    await pair["guest"].send("guest", "host", "a", b"1")
    async with asyncio.timeout(60):
        assert await pair["host"].recv("host", "guest", "a") == (b"1", "")


async def test_an_unknown_peer_is_refused_at_once(pair):
    assert "not a member" in await pair["host"].send("host", "stranger", "a", b"1")
    assert "not a member" in (await pair["host"].recv("host", "stranger", "a"))[1]


async def test_a_task_that_was_never_opened_is_refused(pair):
    assert "not open" in await pair["host"].send("other", "guest", "a", b"1")


async def test_a_receive_gives_up_after_its_timeout(pair):
    _, why = await pair["host"].recv("host", "guest", "x", timeout_s=0.4)
    assert why == "message 'x' of round 0 cannot come: it did not come in time"


async def test_a_receive_fails_when_the_peers_party_stays_away(gateway, pair, tmp_path):
    impatient = Worker("3", gateway.url, tmp_path / "3", patience=replace(FAST, peer_grace_s=3.0))
    workers = {"away": pair["guest"], "alone": await impatient.start()}
    open_attempt(workers, gateway.group)
    await pair["guest"].send("away", "alone", "hello", b"1")
    await impatient.recv("alone", "away", "hello")
    await pair["guest"].stop()
    async with asyncio.timeout(60):
        _, why = await impatient.recv("alone", "away", "x")
    assert "away.0 (party 9999) has not been connected for 3 s" in why
    await impatient.stop()


async def test_a_receive_fails_when_the_peers_worker_lost_the_task(gateway, pair, tmp_path):
    await pair["guest"].send("guest", "host", "hello", b"1")
    await pair["host"].recv("host", "guest", "hello")
    await pair["guest"].stop()
    fresh = await Worker("9999", gateway.url, tmp_path / "9999").start()
    async with asyncio.timeout(60):
        _, why = await pair["host"].recv("host", "guest", "x")
    assert "has restarted and lost its side of the step" in why
    await fresh.stop()


async def _find_first_reason(*receives):
    """Why the first of them fails: who finds a cycle first breaks it, and the others wait on, in no cycle."""
    waiting = [asyncio.create_task(receive) for receive in receives]
    done, others = await asyncio.wait(waiting, timeout=60, return_when=asyncio.FIRST_COMPLETED)
    for other in others:
        other.cancel()
    _, why = done.pop().result()
    return why


async def test_a_wait_cycle_is_found_and_named(pair):
    named = await _find_first_reason(
        pair["guest"].recv("guest", "host", "x"), pair["host"].recv("host", "guest", "y", number=2)
    )
    assert "the parties wait for each other" in named
    assert "guest.0 (party 9999) waits for message 'x' of round 0 from host.0 (party 10000)" in named
    assert "host.0 (party 10000) waits for message 'y' of round 2 from guest.0 (party 9999)" in named


async def test_a_cycle_of_three_is_found(gateway, tmp_path):
    workers = {
        name: await Worker(party, gateway.url, tmp_path / party).start()
        for name, party in (("a", "1"), ("b", "2"), ("c", "3"))
    }
    open_attempt(workers, gateway.group)
    assert "wait for each other" in await _find_first_reason(
        workers["a"].recv("a", "b", "x"), workers["b"].recv("b", "c", "x"), workers["c"].recv("c", "a", "x")
    )
    for worker in workers.values():
        await worker.stop()


async def test_a_sender_blocked_by_one_who_waits_for_another_message_is_a_cycle(pair):
    flood = asyncio.create_task(_send_many(pair["guest"], bytes(1 << 20), 30))
    waiting = asyncio.create_task(pair["host"].recv("host", "guest", "never sent"))
    await asyncio.wait({flood, waiting}, timeout=60, return_when=asyncio.FIRST_COMPLETED)
    why = "".join(flood.result()) if flood.done() else waiting.result()[1]
    assert "wait for each other" in why
    assert "until host.0 (party 10000) takes what was sent to it" in why


async def test_a_long_wait_without_a_cycle_is_left_alone(pair):
    waiting = asyncio.create_task(pair["guest"].recv("guest", "host", "x"))
    await asyncio.sleep(3.5 * FAST.cycle_s)
    await pair["host"].send("host", "guest", "x", b"late")
    assert await waiting == (b"late", "")


async def test_a_changed_identity_is_refused_in_words(gateway, pair, tmp_path):
    await pair["guest"].send("guest", "host", "hello", b"1")
    await pair["host"].recv("host", "guest", "hello")
    workers = {"guest2": pair["guest"], "host2": pair["host"]}
    pair["guest"].identity = load_identity(tmp_path / "impostor")
    gateway.group.update({"guest2": "9999", "host2": "10000"})
    pair["host"].exchange.open(make_assignment("host2", workers))
    _, why = await pair["host"].recv("host2", "guest2", "x")
    assert "the identity of party 9999 has changed" in why
    assert "known_parties.json" in why


async def test_a_peer_without_identity_is_refused_in_words(gateway, pair):
    assignment = make_assignment("h3", {"g3": pair["guest"], "h3": pair["host"]})
    assignment = replace(assignment, peers=tuple(replace(peer, identity="") for peer in assignment.peers))
    pair["host"].exchange.open(assignment)
    assert "no public key" in await pair["host"].send("h3", "g3", "x", b"1")


async def test_two_tasks_at_one_party_may_talk(gateway, pair):
    workers = {"one": pair["guest"], "two": pair["guest"]}
    open_attempt(workers, gateway.group)
    await pair["guest"].send("one", "two", "x", b"self")
    assert await pair["guest"].recv("two", "one", "x") == (b"self", "")


async def test_cut_cables_in_mid_transfer_lose_and_double_nothing(gateway, tmp_path):
    async with Cable(gateway.port).laid() as left, Cable(gateway.port).laid() as right:
        workers = {
            "guest": await Worker("9999", left.url, tmp_path / "9999").start(),
            "host": await Worker("10000", right.url, tmp_path / "10000").start(),
        }
        open_attempt(workers, gateway.group)
        messages = [os.urandom(700_000 + 100_000 * number) for number in range(30)]
        cutter = asyncio.create_task(_cut_often(left, right))
        sending = asyncio.create_task(_send_all(workers["guest"], messages))
        async with asyncio.timeout(100):
            for number, message in enumerate(messages):
                assert await workers["host"].recv("host", "guest", "m", number=number) == (message, "")
            assert await sending == [""] * len(messages)
            await cutter
        for worker in workers.values():
            await worker.stop()


async def _send_all(worker, messages):
    return [await worker.send("guest", "host", "m", m, number=n) for n, m in enumerate(messages)]


async def _cut_often(*cables):
    """Six cuts, each after another three megabytes."""
    for turn in range(6):
        carried = cables[turn % 2].bytes_carried
        await until(lambda before=carried, turn=turn: cables[turn % 2].bytes_carried > before + 3_000_000)
        cables[turn % 2].cut()


async def test_a_gateway_that_dies_and_comes_back_loses_nothing(gateway, pair):
    big = os.urandom(20 << 20)
    sending = asyncio.create_task(pair["guest"].send("guest", "host", "w", big))
    waiting = asyncio.create_task(pair["host"].recv("host", "guest", "w"))
    await asyncio.sleep(0.03)
    await gateway.stop()
    again = await Gateway(group=gateway.group, port=gateway.port).start()
    async with asyncio.timeout(100):
        assert await sending == ""
        assert await waiting == (big, "")
    await again.stop()


async def test_the_relay_sees_neither_payload_nor_name(gateway, tmp_path):
    async with Cable(gateway.port).laid() as cable:
        cable.record = bytearray()
        workers = {
            "guest": await Worker("9999", cable.url, tmp_path / "9999").start(),
            "host": await Worker("10000", cable.url, tmp_path / "10000").start(),
        }
        open_attempt(workers, gateway.group)
        secret = b"".join(number.to_bytes(8, "little") for number in range(4096))
        await workers["guest"].send("guest", "host", "secret_gradient", secret, number=77)
        assert await workers["host"].recv("host", "guest", "secret_gradient", number=77) == (secret, "")
        for worker in workers.values():
            await worker.stop()
    # A client masks what it sends; the gateway's copies to the receiver are not masked.
    assert b'"k":"d"' in cable.record
    assert b"secret_gradient" not in cable.record
    assert all(secret[start : start + 16] not in cable.record for start in range(0, len(secret), 16))
