"""A tree with the system's commands in small: real processes and sockets, nothing of the real servers."""

import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

GATEWAY = """
    import http.server, json, os, signal, socket, sys

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            body = json.dumps({"online": True, "pid": os.getpid()}).encode()
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    class Server(http.server.ThreadingHTTPServer):
        def server_bind(self):
            if os.environ.get("FEDROTA_REUSE_PORT"):
                self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            super().server_bind()

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    server = Server(("127.0.0.1", int(os.environ["FEDROTA_PORT"])), Handler)
    print("gateway serves", flush=True)
    server.serve_forever()
"""
CONNECTED = """
    import os, signal, socket, sys
    from urllib.parse import urlsplit

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    other = urlsplit(os.environ["{variable}"])
    link = socket.create_connection((other.hostname, other.port))
    print("{name} is up", flush=True)
    while True:
        signal.pause()
"""
BOOTSTRAP = """
    import pathlib, sys

    state = pathlib.Path(sys.argv[sys.argv.index("--state") + 1])
    (state / "token").write_text("frt_user_secret")
    for name in [word.partition(":")[0] for before, word in zip(sys.argv, sys.argv[1:]) if before == "--party"]:
        (state / "parties" / f"{name}.token").write_text("frt_worker_secret")
    print("tokens are there")
"""
MODULES = {
    "api/__main__.py": GATEWAY,
    "scheduler/__main__.py": CONNECTED.format(variable="FEDROTA_BROKER_URL", name="scheduler"),
    "workers/__main__.py": CONNECTED.format(variable="FEDROTA_GATEWAY_URL", name="worker"),
    "scheduler/service/bootstrap.py": BOOTSTRAP,
    "config/settings.py": "",
}


@pytest.fixture
def small_tree(tmp_path: Path) -> Path:
    """The root of such a tree."""
    root = tmp_path / "tree"
    for name, text in MODULES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))
    (root / "pyproject.toml").write_text("")
    return root


RUNNER = """
import sys
from pathlib import Path
from fedrota.up.errors import UpError
from fedrota.up.options import Options, PartySpec
from fedrota.up.run import run_up
from fedrota.up.voice import Terminal

parties = (PartySpec(id="9999"), PartySpec(id="10000"))
options = Options(state=Path({state!r}), port=0, parties=parties, flower=False, gateways={gateways})
body = {body}
try:
    run_up(options, terminal=Terminal(), on_ready=lambda *_: print("READY", flush=True), body=body, tree=Path({tree!r}))
except UpError as error:
    sys.exit(str(error))
print("LEFT", flush=True)
"""


class SmallSystem:
    """An `up` over the small tree, in a process of its own."""

    def __init__(self, tree: Path, state: Path) -> None:
        self.tree = tree
        self.state = state
        self._started: list[subprocess.Popen[str]] = []

    def start(self, *, body: str = "None", gateways: int = 1, lines_to: int | None = None) -> "subprocess.Popen[str]":
        """Start it; its standard output says READY and LEFT, its standard error or `lines_to` holds the processes' lines."""
        code = RUNNER.format(state=str(self.state), tree=str(self.tree), body=body, gateways=gateways)
        with (self.tree / "stderr").open("w") as errors:
            process = subprocess.Popen(
                [sys.executable, "-c", code],
                stdout=subprocess.PIPE,
                stderr=errors if lines_to is None else lines_to,
                text=True,
                start_new_session=True,
                # A path given there would come before the small tree, and the real servers would start.
                env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
            )
        self._started.append(process)
        return process

    def errors(self) -> str:
        """All that was written to standard error."""
        return (self.tree / "stderr").read_text()

    def processes(self) -> dict[str, psutil.Process]:
        """What the record says, by name."""
        record = json.loads((self.state / "up.json").read_text())
        return {each["name"]: psutil.Process(each["pid"]) for each in record["processes"]}

    def end(self) -> None:
        """Kill what a failed test left."""
        for process in self._started:
            process.kill()
            process.wait()


@pytest.fixture
def small_system(small_tree: Path, tmp_path: Path) -> Iterator[SmallSystem]:
    """A way to start an `up` over the small tree."""
    system = SmallSystem(small_tree, tmp_path / "state")
    yield system
    system.end()
