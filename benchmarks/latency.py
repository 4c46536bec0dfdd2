"""How long one job takes on an idle system, and each further step of a chain."""

import time

from benchmarks.client import PARTIES, Load, epoch, noop_job
from benchmarks.figures import Figure, median, percentile
from benchmarks.system import System

DRAINED = "c"
STEPS_A_JOB = 500
WARM_UP = 10
GOALS = {"embedded": ("8 / 40 ms", "15 / 50 ms", "8 ms"), "postgres": ("12 / 40 ms", "25 / 60 ms", "15 ms")}


async def measure_latency(system: System, load: Load, *, jobs: int = 100) -> list[Figure]:
    """Submit to RUNNING and to SUCCESS: from the client's POST to the commit's own time, same clock."""
    running, success = await _time_jobs(load, jobs)
    goals = GOALS[system.profile]
    how = f"{jobs} jobs of one no-op step at 2 parties, one after the other"
    return [
        Figure(name=f"submit -> {state}, {name}", profile=system.profile, value=value, unit="ms", goal=goal, detail=how)
        for state, values, goal in (("RUNNING", running, goals[0]), ("SUCCESS", success, goals[1]))
        for name, value in (("p50", median(values)), ("p99", percentile(values, 0.99)))
    ]


async def measure_backlog(system: System, load: Load, *, steps: int = 10_000, jobs: int = 50) -> list[Figure]:
    """What work that waits for a party without room costs the jobs of others: both in one run, one after the other."""
    alone = median((await _time_jobs(load, jobs))[1])
    await load.drain(DRAINED)
    waiting = noop_job(steps=STEPS_A_JOB, parties=(PARTIES[0], DRAINED))
    for _ in range(steps // STEPS_A_JOB):
        await load.submit(waiting)
    beside = median((await _time_jobs(load, jobs))[1])
    return [
        Figure(
            name="submit -> SUCCESS beside a drained party's queue",
            profile=system.profile,
            value=beside / alone,
            unit="x",
            detail=f"p50 of {jobs} jobs: {alone:.1f} ms alone, {beside:.1f} ms beside {steps:,} ready steps",
        )
    ]


async def _time_jobs(load: Load, jobs: int) -> tuple[list[float], list[float]]:
    """Submit to RUNNING and to SUCCESS in ms, one job after the other, after some that warm up."""
    running, success = [], []
    document = noop_job()
    for number in range(jobs + WARM_UP):
        begin = time.time()
        job = await load.await_end(await load.submit(document))
        if number >= WARM_UP:
            running.append((epoch(job["started"]) - begin) * 1000)
            success.append((epoch(job["ended"]) - begin) * 1000)
    return running, success


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
