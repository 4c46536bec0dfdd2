"""A gateway with three parties and what sends FLARE's commands to it, and certificates for it and its clients."""

import json
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from api.bridge import utc_now
from fedrota.provision.authority import Authority
from fedrota.provision.project import Participant
from scheduler.domain.access import Principal, Role
from scheduler.service.audit import Actor
from scheduler.service.parties import create_party
from tests.api.conftest import issue
from tests.api.dialects.flare.requests.jobs import pack_job
from tests.api.dialects.flare.requests.kits import Ground
from tests.api.dialects.flare.routes.sites import ServerSite

ADMIN = Principal(name="root", kind="user", role=Role.PROJECT_ADMIN, project="p1")
USERS = {"lead@hq": "lead", "root@hq": "project_admin", "guest@hq": "member", "nobody@hq": "king"}


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


@pytest.fixture(scope="session")
def certificates(tmp_path_factory):
    """An authority with a server's and some clients' certificates, made once."""
    root = tmp_path_factory.mktemp("certificates")
    (root / "clients").mkdir()
    authority = Authority(root / "flare", "demo")
    made = authority.issue(
        Participant(name="server", type="server", org="hq"), hosts=("127.0.0.1",), days=1, now=datetime.now(UTC)
    )
    (root / "flare" / "server.key").write_text(made.key)
    (root / "flare" / "server.crt").write_text(made.certificate)
    ground = Ground(root, root / "clients", authority)
    for name, role in USERS.items():
        ground.issue(name, role)
    return root


@pytest.fixture
def ground(certificates, tmp_path):
    shutil.copytree(certificates / "flare", tmp_path / "flare")
    return Ground(tmp_path, certificates / "clients", Authority(tmp_path / "flare", "demo"))
