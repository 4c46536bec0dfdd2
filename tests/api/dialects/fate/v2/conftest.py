"""FATE 2.x's interface as its clients call it: queries or JSON bodies, the outcome in `code`."""

from dataclasses import dataclass
from typing import Any

import pytest

from tests.api.dialects.fate.routes.conftest import (
    BUILT_IN,
    offers,
    site,
    trained,
)

__all__ = ["offers", "site", "trained"]


@dataclass
class Flow:
    """Calls below `/v2` of a gateway, by default as the administrator."""

    gateway: Any
    raw: bytes = b""
    status: int = 0
    media: str = ""

    async def send(self, method: str, path: str, token: str | None = "admin", **given: Any) -> Any:
        """The envelope of an answer, None where it is a file."""
        headers = {"Authorization": f"Bearer {self.gateway.tokens[token]}"} if token else {}
        url = self.gateway.server.make_url("/").with_path(f"/v2/{path}")
        headers |= given.pop("headers", {})
        async with self.gateway.session.request(method, url, headers=headers, **given) as answer:
            self.raw, self.status, self.media = await answer.read(), answer.status, answer.headers["Content-Type"]
            return await answer.json() if self.media == "application/json" else None

    async def get(self, path: str, /, token: str | None = "admin", **query: Any) -> Any:
        """A read."""
        return await self.send("GET", path, token, params=query)

    async def post(self, path: str, /, token: str | None = "admin", **body: Any) -> Any:
        """A call with a JSON body."""
        return await self.send("POST", path, token, json=body)

    async def first(self, path: str, **body: Any) -> Any:
        """The `data` that FATE 1.x's interface answers."""
        headers = {"Authorization": f"Bearer {self.gateway.tokens['admin']}"}
        url = self.gateway.server.make_url("/").with_path(f"/v1/{path}")
        async with self.gateway.session.post(url, json=body, headers=headers) as answer:
            found = await answer.json()
            assert found["retcode"] == 0, found
            return found.get("data")

    async def submit(self, schema: Any) -> str:
        """A job's id."""
        found = await self.post("job/submit", dag_schema=schema)
        assert found["code"] == 0, found
        return str(found["job_id"])


@pytest.fixture
def flow(gateway: Any) -> Flow:
    """The interface of a gateway whose parties offer what stand-ins offer."""
    return Flow(gateway)


@pytest.fixture
async def offered(flow: Flow) -> Flow:
    """Both parties offer all built-in components."""
    for party in ("9999", "10000"):
        await flow.gateway.hello(party, components=BUILT_IN)
    return flow
