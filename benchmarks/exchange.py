"""Exchange between two worker processes through one gateway process: small messages, and one large array."""

import asyncio
import json
import os
import queue
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.figures import Figure, print_table
from config.logs import configure_logs
from workers.exchange.port import Letter

SMALL_BYTES: Final = 1 << 10
SMALL_ROUNDS: Final = 500
ARRAY_BYTES: Final = 64 << 20
ARRAY_ROUNDS: Final = 5
PARTIES: Final = {"left": "1", "right": "2"}
ROOT: Final = Path(__file__).parent.parent


def measure_exchange() -> list[Figure]:
    """The figures of the exchange."""
    found = measure()
    how = "two worker processes, one gateway, encrypted"
    return [
        Figure(
            name="exchange, 1 KiB one way, p50",
            profile="any",
            value=found["small_p50_ms"],
            unit="ms",
            goal="5",
            detail=how,
        ),
        Figure(name="exchange, 1 KiB one way, p99", profile="any", value=found["small_p99_ms"], unit="ms"),
        Figure(
            name="exchange, 64 MiB array", profile="any", value=found["array_mb_s"], unit="MB/s", goal="50", detail=how
        ),
    ]


def measure() -> dict[str, float]:
    """Milliseconds for 1 KiB one way (p50, p99), and MB/s for a 64 MiB array (median of five)."""
    with tempfile.TemporaryDirectory() as folder:
        gateway = _start("gateway", folder)
        try:
            port = int(_read_line(gateway))
            sides = [_start(side, folder, str(port)) for side in PARTIES]
            for side in sides:
                _read_line(side)
            identities = {side: (Path(folder) / side / "public").read_text() for side in PARTIES}
            for side in sides:
                _tell(side, json.dumps(identities))
            figures: dict[str, float] = json.loads(_read_line(sides[0]))
            for side in sides:
                _tell(side, "end")
                side.wait(10)
            return figures
        finally:
            gateway.terminate()
            gateway.wait(10)


def _start(*argv: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "benchmarks.exchange", *argv]
    return subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def _read_line(process: "subprocess.Popen[str]") -> str:
    line = process.stdout.readline() if process.stdout else ""
    if not line:
        raise RuntimeError(f"{process.args!r} ended with {process.wait()}")
    return line.strip()


def _tell(process: "subprocess.Popen[str]", line: str) -> None:
    if process.stdin is not None:
        process.stdin.write(f"{line}\n")
        process.stdin.flush()


async def _serve_gateway() -> None:
    from aiohttp import web

    from api.agent.channel import CHANNEL_HUB, make_channel_handler
    from api.agent.hub import ChannelHub
    from api.keys import PRINCIPAL
    from scheduler.domain.access import Principal
    from scheduler.domain.messages import CHANNEL_PATH

    @web.middleware
    async def take_token_for_party(request: web.Request, handler: Any) -> Any:
        party = request.headers["Authorization"].removeprefix("Bearer ")
        request[PRINCIPAL] = Principal(name=party, kind="worker", party=party)
        return await handler(request)

    async def find_group(_task: str) -> Mapping[str, str]:
        return PARTIES

    app = web.Application(middlewares=[take_token_for_party])
    app[CHANNEL_HUB] = ChannelHub(find_group)
    app.router.add_get(CHANNEL_PATH, make_channel_handler())
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


@dataclass
class _Side:
    """One party in the benchmark: blocking sends and receives."""

    name: str
    line: Any

    @property
    def peer(self) -> str:
        return next(task for task in PARTIES if task != self.name)

    def send(self, name: str, number: int, payload: bytes) -> None:
        done: queue.SimpleQueue[str] = queue.SimpleQueue()
        self.line.exchange.send(self.name, 1, Letter(self.peer, name, number), payload, on_done=done.put)
        _check(done.get())

    def recv(self, name: str, number: int) -> Any:
        found: queue.SimpleQueue[tuple[Any, str]] = queue.SimpleQueue()
        self.line.exchange.recv(
            self.name,
            1,
            Letter(self.peer, name, number),
            timeout_s=60,
            on_message=lambda payload, reason: found.put((payload, reason)),
        )
        payload, reason = found.get()
        _check(reason)
        return payload


def _check(reason: str) -> None:
    if reason:
        raise RuntimeError(reason)


def _run_side(name: str, folder: Path, port: int) -> None:
    from scheduler.domain.messages import Assignment, Peer
    from workers.channel import Orders, make_url
    from workers.channel_thread import ChannelThread
    from workers.exchange.identity import load_identity

    identity = load_identity(folder / name)
    (folder / name / "public").write_text(identity.public)
    line = ChannelThread(
        make_url(f"http://127.0.0.1:{port}", takes_knocks=False),
        PARTIES[name],
        orders=Orders(knock=lambda _: None, stop=lambda *_: None),
        ops={},
        identity=identity,
        folder=folder / name,
    )
    line.start()
    print("ready", flush=True)
    identities = json.loads(sys.stdin.readline())
    peers = tuple(
        Peer(task=task, role=task, party=party, position=0, identity=identities[task])
        for task, party in PARTIES.items()
        if task != name
    )
    line.exchange.open(
        Assignment(
            task=name,
            seq=1,
            job="bench",
            job_name="",
            step="s",
            attempt=1,
            role=name,
            party=PARTIES[name],
            position=0,
            run={},
            params={},
            inputs={},
            peers=peers,
            timeout_s=None,
        )
    )
    side = _Side(name, line)
    if name == "left":
        print(json.dumps(_lead(side)), flush=True)
    else:
        _follow(side)
    sys.stdin.readline()
    line.stop()


def _lead(side: _Side) -> dict[str, float]:
    """Send, wait for the echo or the receipt, and take the time."""
    small, trips = os.urandom(SMALL_BYTES), []
    for number in range(SMALL_ROUNDS + 20):
        start = time.perf_counter()
        side.send("ping", number, small)
        side.recv("pong", number)
        trips.append((time.perf_counter() - start) / 2 * 1000)
    trips = sorted(trips[20:])
    array, rates = os.urandom(ARRAY_BYTES), []
    for number in range(ARRAY_ROUNDS):
        start = time.perf_counter()
        side.send("array", number, array)
        side.recv("got", number)
        rates.append(ARRAY_BYTES / 1e6 / (time.perf_counter() - start))
    return {
        "small_p50_ms": statistics.median(trips),
        "small_p99_ms": trips[int(len(trips) * 0.99)],
        "array_mb_s": statistics.median(rates),
    }


def _follow(side: _Side) -> None:
    for number in range(SMALL_ROUNDS + 20):
        side.send("pong", number, bytes(side.recv("ping", number)))
    for number in range(ARRAY_ROUNDS):
        if len(side.recv("array", number)) != ARRAY_BYTES:
            raise RuntimeError("the array came in another size")
        side.send("got", number, b"")


def main() -> None:
    """Run one of the benchmark's processes, or without arguments all of it."""
    configure_logs(process="benchmark", level="WARNING", json_lines=False)
    if len(sys.argv) == 1:
        print_table(measure_exchange())
    elif sys.argv[1] == "gateway":
        asyncio.run(_serve_gateway())
    else:
        _run_side(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))


if __name__ == "__main__":
    main()
