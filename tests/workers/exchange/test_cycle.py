import pytest

from scheduler.domain.messages import Peer
from workers.exchange.cycle import MAX_PATH, Blockage, CycleWatch


class FakePair:
    """A pair that carries probes to another watch, and records which waits were failed."""

    def __init__(self, peer):
        self.peer = Peer(task=peer, role=peer, party=peer, position=0)
        self.is_in_flight = False
        self.probes = []
        self.failed = []
        self.inbox = self

    def send_probe(self, probe):
        self.probes.append(probe)

    def fail_waits(self, reason, number):
        self.failed.append((number, reason))


class Ring:
    """Tasks that each wait for the next one, the last for the first."""

    def __init__(self, *names):
        self.names = names
        self.pairs, self.waits, self.watches = {}, {}, {}
        for position, name in enumerate(names):
            awaited = names[(position + 1) % len(names)]
            self.pairs.setdefault((name, awaited), FakePair(awaited))
            self.pairs.setdefault((awaited, name), FakePair(name))
            self.waits[name] = [self.wait(name, awaited, 1)]
            self.watches[name] = CycleWatch(name, names, cycle_s=2.0, list_waits=lambda name=name: self.waits[name])

    def wait(self, name, awaited, number, since=0.0):
        pair = self.pairs[name, awaited]
        return Blockage(pair=pair, number=f"m{number}", since=since, text=f"{name} waits for {awaited}")

    def run(self, now, *, only=None):
        """One round of probes, carried until none is on the way."""
        for name in only or self.names:
            self.watches[name].tick(now)
        moved = True
        while moved:
            moved = False
            for (name, other), pair in self.pairs.items():
                probes, pair.probes = pair.probes, []
                for probe in probes:
                    moved = True
                    self.watches[other].on_probe(self.pairs[other, name], _through_json(probe), now)

    @property
    def failed(self):
        return [(name, *failure) for (name, _), pair in self.pairs.items() for failure in pair.failed]


def _through_json(probe):
    import json

    return json.loads(json.dumps(probe))


@pytest.mark.parametrize("names", [("a", "b"), ("a", "b", "c"), ("a", "b", "c", "d")])
def test_a_ring_is_found_in_two_rounds_and_named(names):
    ring = Ring(*names)
    ring.run(2.5, only=["a"])
    assert ring.failed == []
    ring.run(4.0, only=["a"])
    text = ", ".join(f"{name} waits for {names[(i + 1) % len(names)]}" for i, name in enumerate(names))
    assert ring.failed == [("a", 1, f"the parties wait for each other: {text}")]


@pytest.mark.parametrize(("since", "now"), [(0.0, 1.0), (8.0, 9.9)])
def test_young_waits_start_no_search(since, now):
    ring = Ring("a", "b")
    for name, other in ("ab", "ba"):
        ring.waits[name] = [ring.wait(name, other, 1, since)]
    for name in ring.names:
        ring.watches[name].tick(now)
    assert not any(pair.probes for pair in ring.pairs.values())


def test_a_search_is_repeated_after_half_the_age_of_a_wait():
    ring = Ring("a", "b")
    sent = []
    for now in (2.0, 2.9, 3.0, 3.9, 4.0):
        ring.watches["a"].tick(now)
        sent.append(len(ring.pairs["a", "b"].probes))
    assert sent == [1, 1, 2, 2, 3]


def test_a_wait_that_changed_between_the_rounds_is_no_ring():
    ring = Ring("a", "b", "c")
    ring.run(2.5, only=["a"])
    ring.waits["b"] = [ring.wait("b", "c", 2)]
    ring.run(4.0, only=["a"])
    assert ring.failed == []
    ring.run(6.0, only=["a"])
    assert len(ring.failed) == 1


def test_something_in_flight_is_no_ring():
    ring = Ring("a", "b")
    ring.pairs["b", "a"].is_in_flight = True
    for now in (2.5, 4.0, 6.0):
        ring.run(now, only=["a"])
    assert ring.failed == []


def test_a_party_that_works_is_no_ring():
    ring = Ring("a", "b", "c")
    ring.waits["c"] = []
    for now in (2.5, 4.0, 6.0):
        ring.run(now)
    assert ring.failed == []


def test_two_rings_that_share_a_task_are_both_found():
    ring = Ring("a", "b", "c")
    ring.waits["b"].append(ring.wait("b", "a", 7))
    for now in (2.5, 4.0, 6.0):
        ring.run(now)
    assert {name for name, *_ in ring.failed} >= {"a", "b", "c"}


@pytest.mark.parametrize(
    "probe",
    [
        None,
        7,
        [],
        {},
        {"origin": "a"},
        {"origin": "a", "round": 1, "path": []},
        {"origin": 1, "round": 1, "path": [["b"]]},
        {"origin": "a", "round": 1, "path": [[1, 2, 3]]},
        {"origin": "b", "round": 1, "path": [["x", "m1", "t"]]},
    ],
)
def test_a_probe_that_is_none_is_ignored(probe):
    ring = Ring("a", "b")
    ring.watches["b"].on_probe(ring.pairs["b", "a"], probe, 9.0)
    assert not any(pair.probes for pair in ring.pairs.values())


A = ["a", "m1", "t"]


def ask_b(ring, path, number=1):
    """How many probes `b`, which waits for `c`, sends on when `a` sends it one with `path`."""
    ring.watches["b"].on_probe(ring.pairs["b", "a"], {"origin": "a", "round": number, "path": path}, 9.0)
    probes, ring.pairs["b", "c"].probes = ring.pairs["b", "c"].probes, []
    return len(probes)


def test_a_probe_is_sent_on_once_in_each_round():
    ring = Ring("a", "b", "c")
    assert [ask_b(ring, [A], number) for number in (1, 1, 2, 1)] == [1, 0, 1, 0]
    waits, ring.waits["b"] = ring.waits["b"], []
    assert ask_b(ring, [A], 3) == 0
    ring.waits["b"] = waits
    assert ask_b(ring, [A], 3) == 1


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ([A] * (MAX_PATH - 1), 1),
        ([A] * MAX_PATH, 0),
        ([A, ["c", "m1", "t"]], 0),
        ([A, ["b", "m1", "t"], A], 0),
        ([[*A, "more"]], 0),
        (["a12"], 0),
    ],
)
def test_a_probe_is_sent_on_that_came_straight_from_its_last_task_and_not_in_circles(path, sent):
    assert ask_b(Ring("a", "b", "c"), path) == sent


def test_a_round_that_is_no_number_is_ignored():
    assert ask_b(Ring("a", "b", "c"), [A], "1") == 0


@pytest.mark.parametrize(("path", "rounds"), [([["b", "m1", "t"]], (1, 2)), ([A, ["b", "m1", "t"]], (1, 1))])
def test_a_circle_needs_an_own_wait_and_two_rounds(path, rounds):
    ring = Ring("a", "b")
    for number in rounds:
        probe = {"origin": "a", "round": number, "path": path}
        ring.watches["a"].on_probe(ring.pairs["a", "b"], probe, 9.0)
    assert ring.failed == []


def test_a_probe_of_a_stranger_is_neither_sent_on_nor_remembered():
    ring = Ring("a", "b", "c")
    for number in range(5):
        origin = f"made-up-{number}"
        probe = {"origin": origin, "round": 1, "path": [[origin, "m1", "t"], ["a", "m1", "t"]]}
        ring.watches["b"].on_probe(ring.pairs["b", "a"], probe, 9.0)
    assert not any(pair.probes for pair in ring.pairs.values())
    assert not ring.watches["b"]._forwarded
