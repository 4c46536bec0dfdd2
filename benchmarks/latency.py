"""How long one job takes on an idle system, and each further step of a chain."""

import time

from benchmarks.client import Load, epoch, noop_job
from benchmarks.figures import Figure, median, percentile
from benchmarks.system import System

GOALS = {"embedded": ("8 / 40 ms", "15 / 50 ms", "8 ms"), "postgres": ("12 / 40 ms", "25 / 60 ms", "15 ms")}


async def measure_latency(system: System, load: Load, *, jobs: int = 100) -> list[Figure]:
    """Submit to RUNNING and to SUCCESS: from the client's POST to the commit's own time, same clock."""
    running, success = [], []
    document = noop_job()
    for number in range(jobs + 10):
        begin = time.time()
        job = await load.await_end(await load.submit(document))
        if number >= 10:
            running.append((epoch(job["started"]) - begin) * 1000)
            success.append((epoch(job["ended"]) - begin) * 1000)
    goals = GOALS[system.profile]
    how = f"{jobs} jobs of one no-op step at 2 parties, one after the other"
    return [
        Figure(name=f"submit -> {state}, {name}", profile=system.profile, value=value, unit="ms", goal=goal, detail=how)
        for state, values, goal in (("RUNNING", running, goals[0]), ("SUCCESS", success, goals[1]))
        for name, value in (("p50", median(values)), ("p99", percentile(values, 0.99)))
    ]


async def measure_chain(system: System, load: Load, *, steps: int = 20, repeats: int = 5) -> list[Figure]:
    """What each further step of a chain adds."""
    added = []
    for _ in range(repeats):
        job = await load.await_end(await load.submit(noop_job(steps=steps, is_chain=True)))
        ends = sorted(epoch(step["ended"]) for step in job["steps"])
        added.append((ends[-1] - ends[0]) * 1000 / (steps - 1))
    return [
        Figure(
            name="each further step of a chain",
            profile=system.profile,
            value=median(added),
            unit="ms",
            goal=GOALS[system.profile][2],
            detail=f"median of {repeats} chains of {steps} steps",
        )
    ]
