"""1,000 party tasks against raw Celery's 1,000 no-ops, and accepted submits per second."""

import asyncio
import time

from benchmarks.client import SLOTS, Load, noop_job
from benchmarks.figures import Figure, median
from benchmarks.raw_celery import run_raw
from benchmarks.submits import submit_all
from benchmarks.system import System

GOALS = {"embedded": ("1 x", "2,000 /s"), "postgres": ("1.5 x", "1,000 /s")}


async def measure_throughput(system: System, load: Load, *, repeats: int = 3) -> list[Figure]:
    """Submit to last report, as a ratio to raw Celery beside it on the same broker."""
    raws, many, one = [], [], []
    for _ in range(repeats):
        raws += await asyncio.to_thread(run_raw, system.broker_url(), tasks=1000, repeats=1)
        many.append(await _run_many(system, load, jobs=500))
        one.append(await _run_one(load, steps=500))
    goal = GOALS[system.profile][0]
    ratios_many = [ours / raw for ours, raw in zip(many, raws, strict=True)]
    ratios_one = [ours / raw for ours, raw in zip(one, raws, strict=True)]
    return [
        Figure(name="raw Celery, 1,000 no-ops, 2 workers", profile=system.profile, value=median(raws), unit="s"),
        _figure(system, "1,000 party tasks, 500 jobs", median(ratios_many), goal, f"{median(many):.2f} s"),
        _figure(system, "1,000 party tasks, one job of 500 steps", median(ratios_one), goal, f"{median(one):.2f} s"),
    ]


def _figure(system: System, name: str, ratio: float, goal: str, seconds: str) -> Figure:
    detail = f"submit to last report {seconds}; ratio to raw Celery in the same run; {SLOTS} slots a party"
    return Figure(name=name, profile=system.profile, value=ratio, unit="x", goal=goal, detail=detail)


async def _run_many(system: System, load: Load, *, jobs: int) -> float:
    begin = time.time()
    await submit_all(system, noop_job(), jobs, connections=32)
    await load.await_idle()
    return await load.last_end(jobs) - begin


async def _run_one(load: Load, *, steps: int) -> float:
    begin = time.time()
    await load.submit(noop_job(steps=steps))
    await load.await_idle()
    return await load.last_end(1) - begin


async def measure_submits(system: System, load: Load, *, jobs: int = 4000) -> list[Figure]:
    """Accepted submits per second, 32 connections, while scheduler and workers are at work."""
    begin = time.perf_counter()
    await submit_all(system, noop_job(), jobs, connections=32)
    rate = jobs / (time.perf_counter() - begin)
    await load.await_idle()
    return [
        Figure(
            name="accepted submits per second",
            profile=system.profile,
            value=rate,
            unit="/s",
            goal=GOALS[system.profile][1],
            detail=f"{jobs} submits over 32 connections, workers busy with them",
        )
    ]
