"""FATE's interface as its clients call it: no token, JSON bodies, the outcome in `retcode`."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from yarl import URL


@dataclass
class Fate:
    """Calls below `/v1` of a gateway; the last answer's status and headers are kept."""

    gateway: Any
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)

    async def send(self, path: str, body: Any = None, *, method: str = "POST", **given: Any) -> Any:
        """The answer, which must be JSON; `content` is sent as it is."""
        content = given.pop("content", None if body is None else json.dumps(body).encode())
        headers = {
            **({"Content-Type": "application/json"} if isinstance(content, bytes) else {}),
            **given.pop("headers", {}),
        }
        url = self.gateway.server.make_url("/").join(URL(f"/v1/{path}", encoded=True))
        async with self.gateway.session.request(method, url, data=content, headers=headers, **given) as answer:
            self.status, self.headers = answer.status, answer.headers
            assert answer.content_type == "application/json", await answer.read()
            return await answer.json()

    async def ok(self, path: str, body: Any = None, **given: Any) -> Any:
        """The `data` of a success."""
        found = await self.send(path, body, **given)
        assert (self.status, found["retcode"]) == (200, 0), found
        return found.get("data")

    async def refused(self, path: str, body: Any = None, **given: Any) -> tuple[int, str]:
        """The return code and the message of a refusal."""
        found = await self.send(path, body, **given)
        assert found["retcode"] != 0, found
        assert "Traceback" not in found["retmsg"]
        assert "\n" not in found["retmsg"]
        return found["retcode"], found["retmsg"]


@pytest.fixture
def fate(gateway: Any) -> Fate:
    """The interface of a gateway on loopback whose clients need no credential."""
    return Fate(gateway)
