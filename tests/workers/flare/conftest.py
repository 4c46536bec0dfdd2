"""FLARE's own environment, and stand-ins for the parts of FLARE that a test needs no more of."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.clients.install import install

BOOT = """
import json, numpy.random, socket, sys
sys.path.append(sys.argv[1])
from workers.processes.brood import go_on
from workers.processes.link import pack_head
from workers.flare import head, zygote
path, order, members = sys.path[:-1], json.loads(sys.argv[2]), sys.argv[3:]
head.MEMBERS = frozenset({*head.MEMBERS, *members})
if not members:
    zygote.preload()
ours, theirs = socket.socketpair()
ours.sendall(pack_head(order))
go_on(head.Head(theirs, lack="", path=path).run)
"""
"""A head without a zygote: what it forks and how it ends is the same, and for members of ours what is loaded."""

RUN_FILE = """
import argparse, runpy
from nvflare.fuel.utils.argument_utils import parse_vars
def parse_arguments():
    parser = argparse.ArgumentParser()
    for name in ("-m", "-s", "-n"):
        parser.add_argument(name, dest={"-m": "workspace", "-n": "job_id"}.get(name, "rest"))
    parser.add_argument("--set", nargs="*")
    return parser.parse_args()
def monitor_parent_process(runner, parent, stop):
    raise AssertionError("the kernel does this")
def main(args):
    return runpy.run_path(args.workspace + "/FILE", {"args": args}).get("code")
"""
FAKES = {
    "app_common/job_launcher/process_launcher.py": "def spawn_process(argv, env): raise AssertionError(argv)",
    "fuel/utils/argument_utils.py": """
def parse_vars(items):
    return {key: int(value) if value.isdigit() else value for key, _, value in (item.partition("=") for item in items or ())}
""",
    "fuel/f3/mpm.py": """
import threading
class MainProcessMonitor:
    @classmethod
    def run(cls, main_func, run_dir=None, shutdown_grace_time=3, **given):
        print("ran in", run_dir, "with", shutdown_grace_time, flush=True)
        code = main_func(**given)
        print("left", [thread.name for thread in threading.enumerate()[1:]], flush=True)
        return code
""",
    "private/fed/server/server_app_runner.py": """
class ServerJsonConfigurator:
    def __init__(self, name, interval=None):
        self.name, self.task_request_interval = name, 2
    def configure(self, interval):
        self.task_request_interval = interval or self.task_request_interval
""",
    "private/fed/app/server/server_train.py": RUN_FILE.replace("FILE", "server.py"),
    "private/fed/app/client/client_train.py": RUN_FILE.replace("FILE", "client.py"),
    "private/fed/app/server/runner_process.py": RUN_FILE.replace("FILE", "job.py"),
    "private/fed/app/client/worker_process.py": RUN_FILE.replace("FILE", "job.py"),
    **{
        f"lighter/{name}.py": ""
        for name in ("provision", "prov_utils", "provisioner", "impl/cert", "impl/static_file", "impl/workspace")
    },
    "private/fed/app/utils.py": "def version_check(): pass",
    "fuel/flare_api/flare_api.py": "",
    "fuel/flare_api/api_spec.py": "",
}
"""A FLARE whose programs run the file of that name in their workspace."""


class JobNotFound(Exception):  # noqa: N818
    """As FLARE's."""


class JobNotRunning(Exception):  # noqa: N818
    """As FLARE's."""


class InternalError(Exception):
    """As FLARE's."""


class NoReply(Exception):  # noqa: N818
    """As FLARE's."""


class NoConnection(ConnectionError):  # noqa: N818
    """As FLARE's."""


@pytest.fixture
def spec(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The module of FLARE's exceptions."""
    made: Any = ModuleType("nvflare.fuel.flare_api.api_spec")
    for kind in (JobNotFound, JobNotRunning, InternalError, NoReply, NoConnection):
        setattr(made, kind.__name__, kind)
    for name in ("nvflare", "nvflare.fuel", "nvflare.fuel.flare_api"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    monkeypatch.setitem(sys.modules, made.__name__, made)
    return made


def make_words(python: Path | str, tree: Path, module: str, folder: Path, *members: str) -> list[str]:
    """The command line of a head that runs one member in `folder`."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "FEDROTA_METRICS": str(folder / "metrics.jsonl"),
    }
    order = {"t": "command", "argv": [module], "environment": environment, "workdir": str(folder)}
    return [str(python), "-c", BOOT, str(tree), json.dumps(order).ljust(2048), *members]


@pytest.fixture
def run_there(repository: Path) -> Callable[..., "subprocess.CompletedProcess[str]"]:
    """Run one of our members in FLARE's environment, in a folder."""

    def run(module: str, folder: Path, *, timeout_s: float = 200) -> "subprocess.CompletedProcess[str]":
        words = make_words(install("nvflare-2.9.0"), repository, module, folder)
        return subprocess.run(words, capture_output=True, text=True, check=False, timeout=timeout_s)

    return run


class Stage:
    """A member of the test's own, whose FLARE is the stand-in; its files are Python programs."""

    def __init__(self, tree: Path, folder: Path) -> None:
        self.tree = tree
        self.folder = folder
        self.started: list[subprocess.Popen[str]] = []
        for name, text in FAKES.items():
            file = folder / "lib" / "nvflare" / name
            for package in (*reversed(file.relative_to(folder / "lib").parents),):
                (folder / "lib" / package).mkdir(parents=True, exist_ok=True)
                if package.parts:
                    (folder / "lib" / package / "__init__.py").touch()
            file.write_text(text)

    def write(self, **files: str) -> None:
        """Programs by name: `member`, `server`, `client`, `job`."""
        for name, text in files.items():
            below = "lib" if name == "member" else "site"
            (self.folder / below).mkdir(exist_ok=True)
            (self.folder / below / f"{name}.py").write_text(text)

    def start(self) -> "subprocess.Popen[str]":
        """The head of the member, whose output can be read."""
        (self.folder / "work").mkdir()
        self.started.append(
            subprocess.Popen(
                make_words(sys.executable, self.tree, "member", self.folder / "work", "member"),
                env={**os.environ, "PYTHONPATH": str(self.folder / "lib")},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
        )
        return self.started[-1]

    def run(self) -> tuple[int, str]:
        """Exit status and output of the head."""
        head = self.start()
        said, _ = head.communicate(timeout=200)
        return head.returncode, said


@pytest.fixture
def stage(repository: Path, tmp_path: Path) -> Iterator[Stage]:
    """A member whose programs the test writes."""
    made = Stage(repository, tmp_path)
    yield made
    for head in made.started:
        head.kill()
        head.wait()
