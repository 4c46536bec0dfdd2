"""Parties for tests of the gateway: real channels and operations, and a stand-in that does their tasks."""

import asyncio
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from api.agent.channel import CHANNEL_HUB
from scheduler.domain.messages import ComponentOffer
from workers.channel import Channel, Orders, make_url
from workers.components.catalog import list_builtin
from workers.task_files.arrivals import make_arrival_ops
from workers.task_files.model_store import make_model_ops
from workers.task_files.reads import make_read_ops
from workers.workdir import Workdir

PARTIES = ("9999", "10000")
MODELS = frozenset({"homo_lr", "data_transform"})
"""Components that leave a model."""
MODEL_ID = "guest-9999#host-10000#model"
TRAINING = {
    "name": "training",
    "labels": {"model": MODEL_ID},
    "parties": {"guest": ["9999"], "host": ["10000"]},
    "steps": [
        {"name": "reader_0", "component": "reader", "params": {"table": "t"}},
        {"name": "lr_0", "component": "homo_lr", "inputs": {"train": "reader_0.data"}},
    ],
}


class Sites:
    """The parties 9999 and 10000; each of MODELS leaves a model that says whose it is."""

    def __init__(self, gateway: Any, folder: Path) -> None:
        self.gateway = gateway
        self.store = folder / "store"
        self.workdirs = {party: Workdir(folder / "sites", party) for party in PARTIES}
        self.fails = False
        self._running: dict[str, asyncio.Task[None]] = {}

    async def start(self) -> None:
        """Connect both, and begin to do tasks."""
        offers = [_make_offer(info) for info in list_builtin()]
        for party, workdir in self.workdirs.items():
            workdir.prepare()
            assert (await self.gateway.hello(party, components=offers)).status == 200
            await self._connect(party, workdir)
        self._running["pump"] = asyncio.create_task(self._pump())

    async def _connect(self, party: str, workdir: Workdir) -> None:
        orders = Orders(knock=lambda _knocks: None, stop=lambda *_stop: None)
        url = make_url(str(self.gateway.server.make_url("/")), takes_knocks=False)
        ops = {
            **make_read_ops(workdir),
            **make_arrival_ops(workdir),
            **make_model_ops(workdir, str(self.store), party),
        }
        channel = Channel(url, self.gateway.tokens[f"worker-{party}"], orders=orders, ops=ops)
        self._running[party] = asyncio.create_task(channel.run())
        async with asyncio.timeout(60):
            while not channel.is_connected:
                await asyncio.sleep(0.01)

    async def disconnect(self, party: str) -> None:
        """The party's channel ends."""
        task = self._running.pop(party)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        hub = self.gateway.app[CHANNEL_HUB]
        if party in hub._connections:
            await hub.detach(hub._connections[party])

    async def stop(self) -> None:
        """End everything."""
        for task in self._running.values():
            task.cancel()
        await asyncio.gather(*self._running.values(), return_exceptions=True)

    async def train(self, token: str | None = "admin", **changes: Any) -> str:
        """The id of a job that has made a model."""
        answer = await self.gateway.post("/jobs", {**TRAINING, **changes}, token=token)
        assert answer.status == 201, answer.raw
        job = str(answer.json["id"])
        async with asyncio.timeout(60):
            while (await self.gateway.get(f"/jobs/{job}")).json["state"] not in {"success", "failed"}:
                await asyncio.sleep(0.02)
        return job

    def find_file(self, output: Mapping[str, Any]) -> Path:
        """The file of a native output."""
        (file,) = (self.workdirs[output["party"]].root / "outputs" / output["task"]).glob(f"*/{output['name']}")
        return file

    async def _pump(self) -> None:
        while True:
            for party, knocks in self.gateway.dispatch().items():
                claims = [{"task": knock.task, "seq": knock.seq} for knock in knocks]
                replies = (await self.gateway.sync(party, claims=claims))["claims"]
                reports = [self._do(party, reply["assignment"]) for reply in replies if reply["assignment"]]
                await self.gateway.sync(party, reports=reports)
            await asyncio.sleep(0.02)

    def _do(self, party: str, task: Mapping[str, Any]) -> dict[str, Any]:
        if self.fails:
            named = {"task": task["task"], "seq": task["seq"]}
            return {**named, "outcome": "failed", "kind": "error", "message": "told to"}
        workdir = self.workdirs[party]
        files = self._restore(workdir, task) if task["run"]["component"] == "restore_model" else {}
        if task["run"]["component"] in MODELS:
            files = {"model": f"{task['step']} of {party}".encode(), "data": b"rows"}
        outputs = []
        for name, content in files.items():
            path = workdir.output(task["task"], task["seq"], name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            digest = hashlib.sha256(content).hexdigest()
            kind = "table" if name == "data" else "model"
            outputs.append({"name": name, "kind": kind, "size": len(content), "sha256": digest, "facts": {"n": 1}})
        return {"task": task["task"], "seq": task["seq"], "outcome": "success", "outputs": outputs}

    def _restore(self, workdir: Workdir, task: Mapping[str, Any]) -> dict[str, bytes]:
        member = f"{task['role']}.{task['position']}"
        folder = workdir.arrival(task["run"]["arrival"], member, task["step"])
        return {part["name"]: (folder / part["name"]).read_bytes() for part in task["params"]["parts"]}


def _make_offer(info: Any) -> ComponentOffer:
    return ComponentOffer(
        name=info.name,
        params=dict(info.params),
        summary=info.summary,
        inputs=dict(info.inputs),
        outputs=dict(info.outputs),
        roles=tuple(info.roles),
        exchange=info.exchange,
    )
