"""FATE's interface: accepted submits, queries of one job, and a small job from submit to its end."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import orjson

from benchmarks.figures import Figure, median, percentile
from benchmarks.system import System

PARTIES = ("9999", "10000")
"""FATE's conf takes numbers only."""
CONNECTIONS = 16
POLL_S = 0.02


def toy_job() -> bytes:
    """FATE's toy example: guest and host add a few numbers without showing them."""
    conf = {
        "dsl_version": 2,
        "initiator": {"role": "guest", "party_id": 9999},
        "role": {"guest": [9999], "host": [10000]},
        "component_parameters": {"common": {"toy_0": {"data_num": 5}}},
    }
    dsl = {"components": {"toy_0": {"module": "SecureAddExample"}}}
    return orjson.dumps({"job_runtime_conf": conf, "job_dsl": dsl})


class FateLoad:
    """A session of FATE's interface, without any credential, as its clients have it on loopback."""

    def __init__(self, system: System, session: aiohttp.ClientSession) -> None:
        self._url = f"{system.url}/v1"
        self._session = session

    async def post(self, path: str, body: bytes) -> Any:
        """The envelope of a success; RuntimeError for a refusal."""
        async with self._session.post(f"{self._url}/{path}", data=body) as reply:
            found = orjson.loads(await reply.read())
        if found["retcode"]:
            raise RuntimeError(f"{path} answered {found}")
        return found

    async def submit(self, body: bytes) -> str:
        """The id of the job that the body made."""
        job: str = (await self.post("job/submit", body))["jobId"]
        return job

    async def query(self, job: str) -> str:
        """The state of a job, by the call that FATE's clients poll."""
        found = await self.post("job/query", orjson.dumps({"job_id": job}))
        state: str = found["data"][0]["f_status"]
        return state

    async def await_end(self, job: str) -> None:
        """Poll until the job has ended; RuntimeError where that is no success."""
        while (state := await self.query(job)) in {"waiting", "running"}:  # noqa: ASYNC110  FATE has no event to wait for
            await asyncio.sleep(POLL_S)
        if state != "success":
            raise RuntimeError(f"job {job} is {state}")


@asynccontextmanager
async def _connect(system: System) -> AsyncIterator[FateLoad]:
    connector = aiohttp.TCPConnector(limit=CONNECTIONS)
    headers = {"Content-Type": "application/json"}
    async with aiohttp.ClientSession(connector=connector, headers=headers) as session:
        yield FateLoad(system, session)


async def measure_fate(system: System, *, jobs: int = 300, reads: int = 300, rounds: int = 5) -> list[Figure]:
    """Wall time of a toy job, submits per second while the workers are busy with them, then queries over those jobs."""
    async with _connect(system) as load:
        spans = [await _run_one(load) for _ in range(rounds + 1)][1:]  # the first one warms the workers up
        rate, made = await _submit_all(load, jobs)
        await asyncio.gather(*(load.await_end(job) for job in made))
        times = []
        for number in range(reads):
            begin = time.perf_counter()
            await load.query(made[number * 79 % jobs])
            times.append((time.perf_counter() - begin) * 1000)
    read = f"{reads} queries over one connection, {jobs} jobs stored"
    submitted = f"{jobs} submits over {CONNECTIONS} connections, workers busy with them"
    return [
        _figure(system, "FATE toy job, submit to success", median(spans), "s", f"{rounds} jobs, polled as clients do"),
        _figure(system, "FATE job/submit per second", rate, "/s", submitted),
        _figure(system, "FATE job/query, p50", median(times), "ms", read),
        _figure(system, "FATE job/query, p99", percentile(times, 0.99), "ms", read),
    ]


def _figure(system: System, name: str, value: float, unit: str, detail: str) -> Figure:
    return Figure(name=name, profile=system.profile, value=value, unit=unit, detail=detail)


async def _run_one(load: FateLoad) -> float:
    begin = time.perf_counter()
    await load.await_end(await load.submit(toy_job()))
    return time.perf_counter() - begin


async def _submit_all(load: FateLoad, jobs: int) -> tuple[float, list[str]]:
    """Submits per second, and the jobs."""
    rest, made = iter(range(jobs)), list[str]()

    async def run() -> None:
        for _ in rest:
            made.append(await load.submit(toy_job()))

    begin = time.perf_counter()
    await asyncio.gather(*(run() for _ in range(CONNECTIONS)))
    return jobs / (time.perf_counter() - begin), made
