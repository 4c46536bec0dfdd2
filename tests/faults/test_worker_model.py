"""The worker against thousands of random moves, then a tail without faults in which all must come to rest.

A failure names seed and step; replay it with `WorkerModel(folder, seed).run(step)` in its `given_world`.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.faults.worker_life import given_world
from tests.faults.worker_model import WEIGHTS, WorkerModel
from workers.agenda import Agenda
from workers.attempt import Attempt
from workers.journal import Journal, Leftover
from workers.runner import Runner
from workers.spool import Spool

SEEDS = 120
EPISODE = 700
pytestmark = pytest.mark.timeout(600)


def simulate(folder: Path, seed: int) -> WorkerModel:
    """One run with its tail."""
    model = WorkerModel(folder / str(seed), seed)
    with given_world(model.machine):
        try:
            model.run(EPISODE)
            model.drain()
        finally:
            model.machine.kill()
    return model


def simulate_all(folder: Path) -> None:
    """All seeds, one after the other."""
    for seed in range(SEEDS):
        simulate(folder, seed)


def test_random_faults_lose_nothing_and_leave_nothing(tmp_path):
    counts = dict.fromkeys(WEIGHTS, 0)
    ended = 0
    for seed in range(SEEDS):
        model = simulate(tmp_path, seed)
        ended += sum(row.ended_by == "report" for row in model.gateway.rows.values())
        for name, count in model.counts.items():
            counts[name] += count
    assert all(counts.values()), counts
    assert ended > 5 * SEEDS


def test_the_same_seed_makes_the_same_run(tmp_path):
    """Without it no failure could be replayed."""
    runs = [simulate(tmp_path / name, 7) for name in "ab"]
    rows = [[(row.task, row.seq, row.state, row.points) for row in run.gateway.rows.values()] for run in runs]
    assert rows[0] == rows[1]
    assert runs[0].machine.now == runs[1].machine.now


# --- guards that it must miss ---


@dataclass(frozen=True)
class Mutation:
    """A guard, and what removes it."""

    guard: str
    place: type
    name: str
    instead: Any


def stop_always(self: Agenda, key: Any, stop: Any) -> None:
    self._early_stops[key] = stop


def claim_all(self: Agenda, room: int) -> Any:
    self.slots, slots = 99, self.slots
    try:
        return TAKE_CLAIMS(self, room)
    finally:
        self.slots = slots


def note_ended(self: Journal, key: Any, pid: int, birth: int) -> None:
    self._open[key] = Leftover(*key, pid, birth)
    self._append([["pid", *key, pid, birth]])


def beat_all(self: Attempt, now: float) -> Any:
    self._sent = 0
    return MAKE_BEAT(self, now)


TAKE_CLAIMS, MAKE_BEAT = Agenda._take_claims, Attempt.make_beat
MUTATIONS = [
    Mutation("closing what gave way", Agenda, "_list_void", lambda *_: []),
    Mutation("claims of what is known", Agenda, "knows", lambda *_: False),
    Mutation("stops of claims only", Agenda, "stop_early", stop_always),
    Mutation("free slots", Agenda, "_take_claims", claim_all),
    Mutation("fenced points", Agenda, "confirm_last_words", lambda *_: None),
    Mutation("claims put back", Agenda, "put_back", lambda self: self._claiming.clear() or []),
    Mutation("batch of an unanswered beat", Attempt, "make_beat", beat_all),
    Mutation("unwanted outputs", Runner, "_drop_unwanted", lambda *_: None),
    Mutation("waking the spool's thread", Runner, "_tell_runner", lambda *_: None),
    Mutation("journal before the claim", Journal, "begin", lambda *_: None),
    Mutation("no process of what has ended", Journal, "note", note_ended),
    Mutation("journal behind a full disk", Journal, "sync", lambda *_: None),
    Mutation("report on disk", Spool, "write", lambda *_: True),
]


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.guard.replace(" ", "-"))
def test_it_notices_by_itself_that_a_guard_is_gone(mutation, tmp_path, monkeypatch):
    monkeypatch.setattr(mutation.place, mutation.name, mutation.instead)
    with pytest.raises((AssertionError, KeyError)):
        simulate_all(tmp_path)
