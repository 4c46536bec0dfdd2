"""A gateway with three parties and what sends FLARE's commands to it."""

import json
from dataclasses import dataclass
from typing import Any

import pytest

from api.bridge import utc_now
from scheduler.domain.access import Principal, Role
from scheduler.service.audit import Actor
from scheduler.service.parties import create_party
from tests.api.conftest import issue
from tests.api.dialects.flare.requests.jobs import pack_job
from tests.api.dialects.flare.routes.sites import ServerSite

ADMIN = Principal(name="root", kind="user", role=Role.PROJECT_ADMIN, project="p1")


@dataclass
class Console:
    """Sends commands through the session's door."""

    gateway: Any
    token: str | None = "lead"
    study: str = ""

    async def send(self, name: str, *words: str, upload: bytes | None = None, **props: Any) -> Any:
        call = {"words": words, "props": props, **({"study": self.study} if self.study else {})}
        if upload is None:
            answer = await self.gateway.post(f"/flare/v1/commands/{name}", call, token=self.token)
        else:
            headers = {"Content-Type": "application/octet-stream", "X-Flare-Call": json.dumps(call)}
            answer = await self.gateway.call(
                "POST", f"/flare/v1/commands/{name}", data=upload, headers=headers, token=self.token
            )
        assert answer.status == 200, answer.raw
        return answer.json

    async def meta(self, name: str, *words: str, **given: Any) -> Any:
        return (await self.send(name, *words, **given))["meta"]

    async def submit(self, folder: str = "job", **meta: Any) -> str:
        found = await self.meta("submit_job", folder, upload=pack_job(folder=folder, **meta))
        assert found["status"] == "ok", found
        return str(found["job_id"])


@pytest.fixture
async def console(gateway):
    with gateway.store.write() as tx:
        create_party(tx, "server", org="hq", slots=4, by=Actor(ADMIN), now=utc_now())
    gateway.tokens["worker-server"] = issue(gateway.store, "worker of server", org="hq", project="p1", party="server")
    assert (await gateway.hello("server")).status == 200
    return Console(gateway)


@pytest.fixture
async def server_site(console, tmp_path):
    site = ServerSite(console, tmp_path / "server")
    await site.start()
    yield site
    await site.stop()
