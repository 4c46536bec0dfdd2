"""FATE's routes of a gateway, with the real party 9999 beside it: its tables, files and outputs are real."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

import aiohttp
import orjson
import pyarrow
import pyarrow.parquet
import pytest

from scheduler.domain.messages import ComponentOffer
from workers.channel import Channel, Orders, make_url
from workers.components.catalog import list_builtin
from workers.tables.files import make_file_ops
from workers.tables.roots import Roots
from workers.tables.store import make_table_ops, put_table
from workers.task_files.discards import make_discard_ops
from workers.task_files.reads import make_read_ops
from workers.workdir import Workdir

BUILT_IN = tuple(
    ComponentOffer(
        name=info.name,
        params=info.params,
        summary=info.summary,
        inputs=dict(info.inputs),
        outputs=dict(info.outputs),
        roles=info.roles,
        exchange=info.exchange,
    )
    for info in list_builtin()
)


@dataclass
class Site:
    """What FATE's clients see of the gateway, and the folders of the party behind it."""

    gateway: Any
    workdir: Workdir
    allowed: Path

    async def ask(self, method: str, path: str, token: str = "admin", **given: Any) -> tuple[int, Any, bytes]:
        """HTTP status, JSON (None where it is none), raw bytes."""
        headers = {"Authorization": f"Bearer {self.gateway.tokens[token]}", **given.pop("headers", {})}
        address = self.gateway.server.make_url("/v1").with_path(f"/v1{path}") if "?" not in path else None
        if address is None:
            from yarl import URL

            address = URL(f"{self.gateway.server.make_url('/')}v1{path}", encoded=True)
        async with self.gateway.session.request(method, address, headers=headers, **given) as answer:
            raw = await answer.read()
            is_json = answer.content_type == "application/json"
            return answer.status, orjson.loads(raw) if is_json else None, raw

    async def post(self, path: str, body: Any = None, **given: Any) -> Any:
        """The envelope of an answer."""
        _, found, raw = await self.ask("POST", path, **({"json": body} if body is not None else {}), **given)
        assert found is not None, raw
        return found

    async def upload(self, content: bytes, query: str = "", file: str = "breast.csv", **fields: Any) -> Any:
        """Send a file as a form."""
        form = aiohttp.FormData()
        for name, value in fields.items():
            form.add_field(name, str(value))
        form.add_field("file", content, filename=file, content_type="application/octet-stream")
        return await self.post(f"/data/upload{query}", data=form)


@pytest.fixture
async def site(gateway: Any, tmp_path: Path) -> AsyncIterator[Site]:
    """Party 9999 with its real operations; party 10000 is registered and away."""
    assert (await gateway.hello("9999", components=BUILT_IN)).status == 200
    workdir = Workdir(tmp_path / "party", "9999")
    workdir.prepare()
    allowed = tmp_path / "allowed"
    allowed.mkdir()
    lock = Lock()
    ops = {
        **make_read_ops(workdir),
        **make_discard_ops(workdir),
        **make_table_ops(workdir),
        **make_file_ops(workdir, Roots((allowed,)), lambda args, body: put_table(workdir, args, body, lock=lock)),
    }
    orders = Orders(knock=lambda _knocks: None, stop=lambda *_stop: None)
    url = make_url(str(gateway.server.make_url("/")), takes_knocks=False)
    channel = Channel(url, gateway.tokens["worker-9999"], orders=orders, ops=ops)
    running = asyncio.create_task(channel.run())
    async with asyncio.timeout(60):
        while not channel.is_connected:
            await asyncio.sleep(0.01)
    yield Site(gateway, workdir, allowed)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


@dataclass
class Leavings:
    """What the fake work of a step leaves: points (name, x, value), a summary, files by output name and kind."""

    points: Sequence[tuple[str, int, float]] = ()
    summary: Mapping[str, Any] = field(default_factory=dict)
    tables: Mapping[str, Any] = field(default_factory=dict)
    models: Mapping[str, bytes] = field(default_factory=dict)


async def finish_step(site: Site, leavings: Leavings) -> str:
    """Run the one task that is ready at party 9999, with files that are really there; its id."""
    (knock,) = site.gateway.dispatch()["9999"]
    me = {"task": knock.task, "seq": knock.seq}
    await site.gateway.sync("9999", claims=[me])
    points = [{"name": name, "step": x, "value": value, "at": 1.0} for name, x, value in leavings.points]
    await site.gateway.sync("9999", beats=[{**me, "progress": 0.5, "log_size": 0, "batch": 1, "metrics": points}])
    folder = site.workdir.outputs(knock.task, knock.seq)
    folder.mkdir(parents=True)
    outputs = []
    for name, columns in leavings.tables.items():
        pyarrow.parquet.write_table(pyarrow.table(columns), folder / name)
        rows = len(next(iter(columns.values())))
        outputs.append({"name": name, "kind": "table", "facts": {"rows": rows, "columns": len(columns)}})
    for name, content in leavings.models.items():
        (folder / name).write_bytes(content)
        outputs.append({"name": name, "kind": "model", "facts": {"format": "test"}})
    sized = [{**each, "size": (folder / each["name"]).stat().st_size, "sha256": "ab"} for each in outputs]
    report = {**me, "outcome": "success", "summary": dict(leavings.summary), "outputs": sized}
    await site.gateway.sync("9999", reports=[report])
    return str(knock.task)


CSV = b"id,y,x0\n10,1,0.5\n11,0,-0.5\n12,1,0.25\n"
MODEL = {
    "format": "fedrota.vertical_glm/1",
    "features": ["x0"],
    "coefficients": [0.25],
    "intercept": 0.5,
    "training": {"epochs": 3, "stopped_by": "epochs"},
}
PREDICTIONS = {
    "id": ["10", "11", "12"],
    "label": [1, 0, 1],
    "predict_score": [0.9, 0.2, 0.7],
    "predict_result": [1, 0, 1],
    "split": ["train", "train", "train"],
}
MEASURED = {
    "rows": 3,
    "auc": 1.0,
    "f1": 0.5,
    "confusion": {"tp": 2, "fp": 0, "tn": 1, "fn": 0},
    "roc": {"fpr": [0.0, 0.0, 1.0], "tpr": [0.0, 1.0, 1.0], "threshold": [0.91, 0.7, 0.2]},
    "precision_recall": {"recall": [0.0, 1.0, 1.0], "precision": [1.0, 1.0, 0.66]},
    "gain": {"share": [0.5, 1.0], "gain": [0.75, 1.0], "lift": [1.5, 1.0]},
}


@pytest.fixture
async def trained(site: Site) -> str:
    """A job that read, trained and evaluated at party 9999, and left what such jobs leave; its id."""
    sent = await site.upload(CSV, namespace="experiment", table_name="breast", head=1, partition=4, party_id=9999)
    assert sent["retcode"] == 0, sent
    await site.gateway.run_tasks()
    step = "hetero_lr_0"
    job = await site.gateway.submit(
        parties={"guest": ["9999"]},
        steps=[
            {"name": "reader_0", "component": "reader", "params": {"table": "breast", "namespace": "experiment"}},
            {"name": step, "component": "data_transform", "inputs": {"data": "reader_0.data"}},
            {"name": "evaluation_0", "component": "evaluation", "inputs": {"data": f"{step}.data"}},
        ],
    )
    await finish_step(site, Leavings(tables={"data": {"id": [10, 11, 12], "y": [1, 0, 1], "x0": [0.5, -0.5, 0.25]}}))
    points = [("loss", 0, 0.7), ("loss", 1, 0.6), ("validate_auc", 1, 0.9), ("deviation", -1, 0.125)]
    await finish_step(
        site,
        Leavings(
            points=points,
            summary={"epochs": 2, "stopped_by": "epochs", "loss": 0.6},
            tables={"data": PREDICTIONS},
            models={"model": orjson.dumps(MODEL)},
        ),
    )
    await finish_step(site, Leavings(points=[("train_auc", -1, 1.0)], summary={"train": MEASURED}))
    return str(job)


@pytest.fixture
def signed(fate: Any, gateway: Any) -> Any:
    """FATE's routes as the administrator, who submits the native jobs too."""
    plain = fate.send

    async def send(path: str, body: Any = None, **given: Any) -> Any:
        headers = {"Authorization": f"Bearer {gateway.tokens['admin']}", **given.pop("headers", {})}
        return await plain(path, body, headers=headers, **given)

    fate.send = send
    return fate


@pytest.fixture
def offers() -> tuple[ComponentOffer, ...]:
    """All built-in components, as a worker offers them."""
    return BUILT_IN
