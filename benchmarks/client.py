"""A lean asynchronous client for load: one session, JSON documents made beforehand."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import aiohttp
import orjson

from benchmarks.system import System

PARTIES = ("a", "b")
SLOTS = 32
"""Tasks that each of the two parties may run at once."""
TERMINAL = ("success", "failed", "canceled", "timeout")


def noop_job(
    *, steps: int = 1, is_chain: bool = False, sleep_s: float = 0.0, parties: Sequence[str] = PARTIES
) -> bytes:
    """A job of no-op steps at two parties, one after the other or all at once."""
    params = {"sleep_s": sleep_s} if sleep_s else {}
    document = {
        "name": "bench",
        "parties": {"guest": [parties[0]], "host": [parties[1]]},
        "steps": [
            {
                "name": f"s{number}",
                "component": "noop",
                "params": params,
                **({"needs": [f"s{number - 1}"]} if is_chain and number else {}),
            }
            for number in range(steps)
        ],
    }
    return orjson.dumps(document)


class Load:
    """A session against one system."""

    def __init__(self, system: System, session: aiohttp.ClientSession) -> None:
        self._url = f"{system.url}/fedrota/v1"
        self._session = session

    async def submit(self, document: bytes) -> str:
        """The id of the job that the document made."""
        headers = {"Content-Type": "application/json"}
        async with self._session.post(f"{self._url}/jobs", data=document, headers=headers) as reply:
            body = orjson.loads(await reply.read())
            if reply.status != 201:
                raise RuntimeError(f"submit answered {reply.status}: {body}")
            job: str = body["id"]
            return job

    async def drain(self, party: str) -> None:
        """Let the party take no new work."""
        async with self._session.post(f"{self._url}/parties/{party}/drain") as reply:
            reply.raise_for_status()

    async def job(self, job: str) -> dict[str, Any]:
        """A job as the API shows it."""
        async with self._session.get(f"{self._url}/jobs/{job}") as reply:
            body: dict[str, Any] = orjson.loads(await reply.read())
            return body

    async def await_end(self, job: str) -> dict[str, Any]:
        """The job after its end; RuntimeError where that is no success."""
        headers = {"Accept": "text/event-stream"}
        async with self._session.get(f"{self._url}/jobs/{job}/events", headers=headers) as stream:
            async for line in stream.content:
                if line.startswith(b"event: end"):
                    break
        found = await self.job(job)
        if found["state"] != "success":
            raise RuntimeError(f"job {job} is {found['state']}: {found['reason']}")
        return found

    async def open_jobs(self) -> int:
        """How many jobs have not ended, up to one."""
        async with self._session.get(f"{self._url}/jobs?state=waiting&state=running&limit=1") as reply:
            return len(orjson.loads(await reply.read())["items"])

    async def await_idle(self) -> None:
        """Wait until no job is open."""
        while await self.open_jobs():  # noqa: ASYNC110  many jobs at once have no event to wait for
            await asyncio.sleep(0.1)

    async def last_end(self, jobs: int) -> float:
        """When the last of the newest `jobs` jobs ended, as the store says (epoch seconds)."""
        async with self._session.get(f"{self._url}/jobs?limit={jobs}") as reply:
            return max(epoch(job["ended"]) for job in orjson.loads(await reply.read())["items"])


@asynccontextmanager
async def connect(system: System, *, connections: int = 32) -> AsyncIterator[Load]:
    """A session with at most so many connections."""
    connector = aiohttp.TCPConnector(limit=connections)
    timeout = aiohttp.ClientTimeout(total=300)
    async with aiohttp.ClientSession(connector=connector, headers=system.headers, timeout=timeout) as session:
        yield Load(system, session)


def epoch(text: str) -> float:
    """Seconds since 1970 of the API's time text."""
    return datetime.fromisoformat(text).timestamp()
