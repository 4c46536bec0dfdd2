import pytest

from scheduler.domain.messages import Peer
from workers.exchange.cycle import Blockage, CycleWatch


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


def test_young_waits_start_no_search():
    ring = Ring("a", "b")
    ring.run(1.0)
    assert not any(pair.probes for pair in ring.pairs.values())


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


def test_a_probe_of_a_stranger_is_neither_sent_on_nor_remembered():
    ring = Ring("a", "b", "c")
    for number in range(5):
        origin = f"made-up-{number}"
        probe = {"origin": origin, "round": 1, "path": [[origin, "m1", "t"], ["a", "m1", "t"]]}
        ring.watches["b"].on_probe(ring.pairs["b", "a"], probe, 9.0)
    assert not any(pair.probes for pair in ring.pairs.values())
    assert not ring.watches["b"]._forwarded
