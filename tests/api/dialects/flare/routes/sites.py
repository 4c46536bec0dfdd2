"""The party `server` with its real channel, and a job of FLARE's whose tasks the tests play."""

import asyncio
import hashlib
import io
import json
import zipfile
from pathlib import Path
from typing import Any

from workers.channel import Channel, Orders, make_url
from workers.task_files.questions import make_question_ops
from workers.task_files.reads import make_read_ops
from workers.workdir import Workdir


class ServerSite:
    """The server's party: answers reads and questions from its folder."""

    def __init__(self, console: Any, folder: Path) -> None:
        self.console = console
        self.workdir = Workdir(folder, "server")
        self.workdir.prepare()
        url = make_url(str(console.gateway.server.make_url("/")), takes_knocks=False)
        ops = {**make_read_ops(self.workdir), **make_question_ops(self.workdir, patience_s=1.0)}
        orders = Orders(knock=lambda _knocks: None, stop=lambda *_stop: None)
        self.channel = Channel(url, console.gateway.tokens["worker-server"], orders=orders, ops=ops)
        self.running: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self.running = asyncio.create_task(self.channel.run())
        async with asyncio.timeout(60):
            while not self.channel.is_connected:
                await asyncio.sleep(0.01)

    async def stop(self) -> None:
        if self.running is not None:
            self.running.cancel()
            await asyncio.gather(self.running, return_exceptions=True)

    async def begin(self) -> tuple[str, dict[str, dict[str, Any]]]:
        """A job whose tasks all run; its id and what was claimed at each party."""
        gateway = self.console.gateway
        await gateway.hello("9999")
        await gateway.hello("10000")
        job = await self.console.submit()
        claims = {party: {"task": knocks[0].task, "seq": knocks[0].seq} for party, knocks in gateway.dispatch().items()}
        for party, claim in claims.items():
            await gateway.sync(party, claims=[claim])
        return job, claims

    async def end(self, claims: dict[str, dict[str, Any]], *, outcome: str = "success", **report: Any) -> None:
        """Every party reports."""
        for party, claim in claims.items():
            mine = report if party == "server" else {}
            await self.console.gateway.sync(party, reports=[{**claim, "outcome": outcome, **mine}])

    def leave_workspace(self, claim: dict[str, Any], files: dict[str, bytes]) -> dict[str, Any]:
        """Write the output of the server's task; how it is reported."""
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w") as archive:
            for name, content in files.items():
                archive.writestr(name, content)
        file = self.workdir.output(claim["task"], claim["seq"], "workspace")
        file.parent.mkdir(parents=True)
        file.write_bytes(made.getvalue())
        digest = hashlib.sha256(made.getvalue()).hexdigest()
        return {"name": "workspace", "kind": "file", "size": file.stat().st_size, "sha256": digest}

    def write_log(self, claim: dict[str, Any], text: str) -> None:
        path = self.workdir.log(claim["task"], claim["seq"])
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def take_questions(self, claim: dict[str, Any]) -> Path:
        folder = self.workdir.work(claim["task"], claim["seq"]) / "commands"
        folder.mkdir(parents=True)
        return folder


async def answer(folder: Path, value: Any) -> Any:
    """Answer the next question with `value`; the question."""
    async with asyncio.timeout(60):
        while not (found := list(folder.glob("*.question"))):
            await asyncio.sleep(0.01)
    question = json.loads(found[0].read_text())
    draft = folder / "draft"
    draft.write_text(json.dumps(value))
    draft.replace(found[0].with_suffix(".answer"))
    return question


async def ask(site: ServerSite, claims: Any, value: Any, name: str, *words: str, **props: Any) -> tuple[Any, Any]:
    """Send a command while the job's process answers its question with `value`: the reply and the question."""
    folder = site.workdir.work(claims["server"]["task"], claims["server"]["seq"]) / "commands"
    answering = asyncio.create_task(answer(folder, value))
    reply = await site.console.send(name, *words, **props)
    return reply, await answering
