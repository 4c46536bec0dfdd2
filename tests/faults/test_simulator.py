"""L0: thousands of random operations on the real service, then a tail without faults in which all must end.

A failure names seed and step; replay it with `Simulator(store, seed).run(step)`.
"""

import shutil
import time
from pathlib import Path

import pytest

from scheduler.service import advance
from scheduler.store.migrate import migrate
from scheduler.store.session import Store, make_store
from tests.faults.simulator import WEIGHTS, Simulator, open_fast

BUDGET_S = 20.0
EPISODE = 700


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite file."""
    file = tmp_path_factory.mktemp("simulator") / "core.db"
    store = make_store(f"sqlite:///{file}")
    migrate(store)
    store.close()
    return file


def open_store(template: Path, folder: Path, seed: int) -> Store:
    """A copy of the template."""
    shutil.copy(template, folder / f"{seed}.db")
    return open_fast(folder / f"{seed}.db")


@pytest.mark.timeout(300)
def test_random_faults_break_nothing_and_everything_ends(template, tmp_path, capsys, monkeypatch):
    """With every other seed each pass is cut off after a few steps."""
    end = time.monotonic() + BUDGET_S
    steps = jobs = seed = 0
    counts = dict.fromkeys((*WEIGHTS, "cut"), 0)
    while time.monotonic() < end or seed < 3:
        seed += 1
        for name, size in (("PAGE", 2), ("MAX_PAGES", 2), ("MAX_EXPLAINED", 2)) if seed % 2 else ():
            monkeypatch.setattr(advance, name, size)
        store = open_store(template, tmp_path, seed)
        simulator = Simulator(store, seed)
        for _ in range(EPISODE // 10):
            simulator.run(10)
            simulator.watch.check_touched()
        simulator.drain()
        steps += simulator.steps
        jobs += len(simulator.jobs)
        for name, count in simulator.counts.items():
            counts[name] += count
        store.close()
        monkeypatch.undo()
    with capsys.disabled():
        print(f"\nsimulator: {seed} seeds, {steps} steps, {jobs} jobs, 0 violations")
    assert all(counts.values()), counts
    assert jobs > 20


def test_the_same_seed_makes_the_same_run(template, tmp_path):
    """Without it no failure could be replayed. Ids of jobs are random, so their numbers are compared."""
    logs = []
    for number in range(2):
        store = open_store(template, tmp_path, number)
        simulator = Simulator(store, 7)
        simulator.run(250)
        order = {job: str(at) for at, job in enumerate(simulator.jobs)}
        rows = simulator.centre.rows("SELECT job_id, level, event, state FROM event ORDER BY id")
        logs.append([(order[job], *rest) for job, *rest in rows])
        store.close()
    assert logs[0] == logs[1]
