"""Two pairs joined by a wire that a hostile relay may cut, delay, repeat and change."""

import gc
import weakref

import pytest

from scheduler.domain.frames import WINDOW_BYTES, pack, unpack
from scheduler.domain.messages import Peer
from workers.exchange.identity import load_identity
from workers.exchange.inbox import Wait
from workers.exchange.liveness import Patience
from workers.exchange.pair import Pair, Setting


class Wire:
    def __init__(self):
        self.frames = []
        self.clock = 0.0
        self.actions = []
        self.is_connected = True

    def is_writable(self):
        return True

    def write(self, frame):
        self.frames.append(frame)

    def later(self, delay_s, action):
        self.actions.append(action)

    def now(self):
        return self.clock


class Two:
    """`left` and `right` and what is on the way between them."""

    def __init__(self, folder):
        identities = {name: load_identity(folder / name) for name in ("left", "right")}
        self.wires = {name: Wire() for name in identities}
        self.pairs = {
            name: Pair(
                name,
                1,
                Peer(task=other, role=other, party=other, position=0, identity=identities[other].public),
                Setting(identity=identities[name], wire=self.wires[name], folder=folder, patience=Patience()),
            )
            for name, other in (("left", "right"), ("right", "left"))
        }
        self.got = []

    def take(self, name):
        """The frames that `name` has sent since the last time."""
        for action in self.wires[name].actions:
            action()
        self.wires[name].actions = []
        frames, self.wires[name].frames = self.wires[name].frames, []
        return frames

    def give(self, name, frame):
        self.pairs[name].on_frame(*unpack(bytes(frame)))

    def carry(self):
        """Deliver until nothing is on the way."""
        moved = True
        while moved:
            moved = False
            for name, other in (("left", "right"), ("right", "left")):
                for frame in self.take(name):
                    self.give(other, frame)
                    moved = True

    def recv(self, name, key):
        wait = Wait(key=key, on_message=lambda *message: self.got.append(message), since=0.0, deadline=9e9)
        self.pairs[name].recv(wait)

    def tick(self, seconds):
        for name, wire in self.wires.items():
            wire.clock += seconds
            self.pairs[name].tick(wire.clock)


@pytest.fixture
def two(tmp_path):
    two = Two(tmp_path)
    two.pairs["left"].send("hello", 0, b"h", lambda _: None)
    two.carry()
    two.recv("right", ("hello", 0))
    assert two.got == [(b"h", "")]
    two.got.clear()
    return two


def send(two, *contents):
    """What `left` has put on the wire for these messages."""
    for number, content in enumerate(contents):
        two.pairs["left"].send("m", number, content, lambda _: None)
    return [frame for frame in two.take("left") if unpack(frame)[0]["k"] == "d"]


def flip(frame, position):
    changed = bytearray(frame)
    changed[position] ^= 1
    return changed


def test_a_changed_frame_is_refused_and_the_true_one_still_counts(two):
    (frame,) = send(two, b"payload")
    header, payload = unpack(frame)
    for position in (-1, len(frame) - len(payload)):
        two.give("right", flip(frame, position))
    two.give("right", pack(header | {"n": header["n"] + 1}, payload))
    two.recv("right", ("m", 0))
    assert two.got == []
    two.give("right", frame)
    assert two.got == [(b"payload", "")]


def test_a_frame_of_the_other_direction_or_of_another_kind_is_refused(two):
    (frame,) = send(two, b"payload")
    header, payload = unpack(frame)
    two.recv("left", ("m", 0))
    two.give("left", pack(header | {"src": "right", "dst": "left"}, payload))
    two.give("right", pack(header | {"k": "c", "n": 99}, payload))
    assert two.got == []
    assert not two.pairs["left"].broken
    assert not two.pairs["right"].broken


def test_repeats_and_lost_frames_change_nothing(two):
    frames = send(two, b"one", b"two", b"three")
    two.give("right", frames[0])
    two.give("right", frames[0])
    two.give("right", frames[2])  # the second is lost
    two.carry()  # asks for it, and gets it again
    for number in range(3):
        two.recv("right", ("m", number))
    assert two.got == [(b"one", ""), (b"two", ""), (b"three", "")]


def test_the_last_frame_lost_is_found_out_by_asking(two):
    send(two, b"lost")
    two.recv("right", ("m", 0))
    two.tick(0.5)
    two.carry()
    assert two.got == [(b"lost", "")]


def test_what_was_on_the_way_when_the_connection_broke_is_sent_again(two):
    send(two, b"one", b"two")
    two.pairs["left"].on_connected()
    two.carry()
    two.recv("right", ("m", 1))
    assert two.got == [(b"two", "")]


def test_a_forged_handshake_changes_nothing(two, tmp_path):
    forger = Two(tmp_path / "forger")
    forger.pairs["left"].send("x", 0, b"forged", lambda _: None)
    for frame in forger.take("left"):
        two.give("right", frame)
    assert not two.pairs["right"].broken
    (frame,) = send(two, b"true")
    two.give("right", frame)
    two.recv("right", ("m", 0))
    assert two.got == [(b"true", "")]


def test_a_peer_that_was_started_again_is_noticed(two):
    again = Two.__new__(Two)
    again.wires = {"left": Wire()}
    peer = two.pairs["left"].peer
    setting = Setting(
        identity=two.pairs["left"]._link._identity,
        wire=again.wires["left"],
        folder=two.pairs["left"].inbox._folder,
        patience=Patience(),
    )
    again.pairs = {"left": Pair("left", 2, peer, setting)}
    again.pairs["left"].send("x", 0, b"", lambda _: None)
    two.recv("right", ("m", 0))
    for frame in again.take("left"):
        two.give("right", frame)
    assert "left.0 (party left) was started again" in two.got[0][1]


def test_a_sender_without_an_answer_keeps_at_most_a_window(two):
    done = []
    for number in range(20):
        two.pairs["left"].send("m", number, bytes(1 << 20), lambda why, number=number: done.append(number))
    sent = [frame for frame in two.take("left") if unpack(frame)[0]["k"] == "d"]
    assert sum(map(len, sent)) <= WINDOW_BYTES + 20_000
    assert done == list(range(len(done)))
    assert len(done) == 7


def test_an_absent_peer_fails_waits_and_sends_after_the_grace(two):
    done = []
    two.recv("left", ("m", 0))
    for number in range(20):
        two.pairs["left"].send("m", number, bytes(1 << 20), done.append)
    two.pairs["left"].on_gone("offline", "party right is not connected")
    two.tick(14.0)
    assert two.got == []
    two.tick(2.0)
    assert two.got[0][1].endswith("right.0 (party right) has not been connected for 15 s")
    assert done[-1] == "right.0 (party right) has not been connected for 15 s"


def test_a_busy_way_makes_the_frames_go_again(two):
    send(two, b"one")
    two.recv("right", ("m", 0))
    two.pairs["left"].on_gone("busy", "")
    two.carry()
    assert two.got == [(b"one", "")]


@pytest.mark.parametrize("code", ["over", "forbidden"])
def test_a_way_that_is_closed_for_good_fails_at_once(two, code):
    two.recv("left", ("m", 0))
    two.pairs["left"].on_gone(code, "the step's attempt has ended")
    assert "the gateway does not forward to right.0 (party right): the step's attempt has ended" in two.got[0][1]


def test_names_are_not_readable_on_the_wire(two):
    frames = send(two, b"visible?" * 10)
    two.pairs["left"].send("secret-name", 41, b"x", lambda _: None)
    wire = b"".join(frames + two.take("left"))
    assert b"secret-name" not in wire
    assert b"visible?" not in wire


def test_a_discarded_pair_leaves_the_memory_without_a_collection(tmp_path):
    two = Two(tmp_path)
    pair = two.pairs.pop("left")
    gc.disable()
    try:
        pair.discard()
        two.take("left")
        gone = weakref.ref(pair)
        del pair
        assert gone() is None
    finally:
        gc.enable()
