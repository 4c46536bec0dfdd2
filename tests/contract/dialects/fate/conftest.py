"""The whole system with two parties, and FATE's published clients of every age as they are: run once, then judged."""

import fcntl
import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.clients.install import install
from tests.contract.dialects.fate import forms_1_4
from tests.contract.dialects.fate.recorder import Recorder

HERE = Path(__file__).parent
READY_S = 200.0
RUN_S = 900.0
PARTIES = ("9999:guest", "10000:host")
SDKS = ("1.5.0", "1.6.1", "1.7.0", "1.8.0", "1.9.0", "1.11.3.post1")
CLIS = ("1.5.0", "1.6.1", "1.11.3.post1")
SIGNING = frozenset({"1.7.0", "1.8.0", "1.9.0", "1.11.3.post1", "2.2.0"})
FORMS = "1.4 forms"
PIPELINE = "pipeline 1.11.3.post1"
FLOW, TYPED = "Flow 2.2.0", "CLI 2.2.0"
"""The SDK and the `flow` command of FATE 2.x, which has an interface of its own."""
OF_2 = (FLOW, TYPED)
LABELS = (*(f"SDK {version}" for version in SDKS), *(f"CLI {version}" for version in CLIS), PIPELINE, FORMS, *OF_2)
ROWS = 80
AT_ONCE = 4
"""More clients at once would only wait for each other."""


@pytest.fixture(scope="session")
def results(repository: Path, tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> dict[str, Any]:
    """What each client was answered, what it left on disk, and what passed through; made once for all processes."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "fate-clients"
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        kept = folder / "results.json"
        if not kept.exists():
            kept.write_text(json.dumps(run_all(repository, folder)))
    found: dict[str, Any] = json.loads(kept.read_text())
    return found


@pytest.fixture
def result(results: dict[str, Any], label: str) -> dict[str, Any]:
    """What came of the client that a test file's own fixture `label` names; a failure where it did not end well."""
    found: dict[str, Any] = results[label]
    assert "broken" not in found, found["broken"]
    return found


@pytest.fixture
def calls(result: dict[str, Any]) -> Any:
    """What the client was answered, by the name of the call."""
    return result["calls"]


@pytest.fixture
def facts(result: dict[str, Any]) -> Any:
    """What the client noted of its own."""
    return result["facts"]


def run_all(repository: Path, folder: Path) -> dict[str, Any]:
    """Start the system, let every client do its work, stop the system."""
    tables = write_tables(repository, folder)
    pythons = {label: install(f"fate-client-{label.split()[1]}") for label in LABELS if label != FORMS}
    with serve(repository, folder) as url, Recorder(url, LABELS) as recorder:
        keys = issue_keys(url, folder)
        jobs = {
            label: {
                "label": label,
                "version": label.split()[-1],
                "port": recorder.ports[label],
                "folder": str(folder / name_folder(label)),
                "tables": tables,
                "examples": str(repository / "examples/fate"),
                "keys": keys.get(label),
                "page": read_first_steps(repository),
            }
            for label in LABELS
        }
        with ThreadPoolExecutor(len(LABELS)) as pool:
            running = start_all(lambda label: pool.submit(run_client, pythons.get(label), jobs[label]), folder)
            take_turns(url, folder, running)
            found = {label: running[label].result() for label in LABELS}
        for label in LABELS:
            found[label]["seen"] = recorder.seen[label]
    return found


def start_all(start: "Callable[[str], Future[Any]]", folder: Path) -> "dict[str, Future[Any]]":
    """Start each client, a few at a time, the one with most to do first; all have done what they can do at once."""
    waiting, running = sorted(LABELS, key=lambda label: label.split()[1], reverse=True), {}
    waiting.sort(key=lambda label: "1.11" not in label)
    while True:
        busy = [label for label in running if not is_at_rest(running[label], folder / name_folder(label))]
        if not busy and not waiting:
            return running
        for label in waiting[: max(AT_ONCE - len(busy), 0)]:
            running[label] = start(label)
            waiting.remove(label)
        time.sleep(0.05)


def is_at_rest(run: "Future[Any]", place: Path) -> bool:
    """Whether a client has ended or waits for its turn."""
    return run.done() or (place / "ready").exists()


def take_turns(url: str, folder: Path, running: "dict[str, Future[Any]]") -> None:
    """Let each client do alone what would disturb the others, while a party takes no work."""
    ask(url, folder, "/parties/10000/drain", {})
    for label, run in running.items():
        (folder / name_folder(label) / "go").touch()
        run.exception(RUN_S)


def name_folder(label: str) -> str:
    """A client's folder."""
    return label.replace(" ", "-")


def run_client(python: Path | None, job: dict[str, Any]) -> dict[str, Any]:
    """The client's own report; the test fails with its output where it makes none."""
    folder = Path(job["folder"])
    folder.mkdir()
    if python is None:
        return forms_1_4.run(job)
    kind = "cli_2" if job["label"] == TYPED else job["label"].split()[0].lower()
    (folder / "job.json").write_text(json.dumps(job))
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    argv = [str(python), str(HERE / f"{kind}_calls.py"), str(folder / "job.json")]
    packages = copy_packages(python, folder) if kind in {"cli", "cli_2", "pipeline"} else {}
    done = subprocess.run(
        argv, cwd=folder, env={**kept, **packages}, capture_output=True, text=True, check=False, timeout=RUN_S
    )
    report = folder / "report.json"
    if not report.exists():
        return {"calls": {}, "facts": {}, "uncalled": [], "broken": done.stdout[-3000:] + done.stderr[-6000:]}
    return json.loads(report.read_text())


def copy_packages(python: Path, folder: Path) -> dict[str, str]:
    """`flow` and `pipeline` keep their settings within their own packages, so each gets an unchanged copy of these."""
    site = next((python.parent.parent / "lib").glob("python*/site-packages"))
    for name in ("flow_client", "flow_sdk", "pipeline", "fate_client"):
        if (site / name).exists():
            shutil.copytree(site / name, folder / "packages" / name)
    return {"PYTHONPATH": str(folder / "packages")}


def read_first_steps(repository: Path) -> str:
    """The first steps of the documentation, with the examples where they lie."""
    page = (repository / "docs/coming-from-fate.md").read_text()
    steps = re.search(r"```python\n(.*?)```", page, re.DOTALL)
    assert steps
    return (
        steps[1]
        .replace('"examples/', f'"{repository}/examples/')
        .replace('os.path.abspath(upload["file"])', f'"{repository}/" + upload["file"]')
    )


def write_tables(repository: Path, folder: Path) -> dict[str, str]:
    """Each party's share of the breast data, shortened."""
    found = {}
    for party in ("9999", "10000"):
        lines = (repository / "examples/data" / party / "breast_train.csv").read_text().splitlines()
        path = folder / f"breast_{party}.csv"
        path.write_text("\n".join(lines[: ROWS + 1]) + "\n")
        found[party] = str(path)
    return found


def issue_keys(url: str, folder: Path) -> dict[str, tuple[str, str]]:
    """An app key and a secret for each client that can sign."""
    found = {}
    for label in LABELS:
        if label == FORMS or label.split()[1] not in SIGNING:
            continue
        role = "project_admin" if label in OF_2 else "org_admin"
        made = ask(url, folder, "/clients", {"name": label, "role": role})
        found[label] = (made["id"], made["secret"])
    return found


def ask(url: str, folder: Path, path: str, body: dict[str, Any]) -> Any:
    """Call the native interface as the administrator."""
    head = {
        "Authorization": f"Bearer {(folder / 'state/token').read_text().strip()}",
        "Content-Type": "application/json",
    }
    request = urllib.request.Request(f"{url}/fedrota/v1{path}", json.dumps(body).encode(), head)
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


@contextmanager
def serve(repository: Path, folder: Path) -> Iterator[str]:
    """`fedrota up` in a folder; gives the gateway's URL."""
    state = folder / "state"
    environment = {
        "FEDROTA_ALLOWED_ROOTS": json.dumps([str(folder)]),
        "FEDROTA_MODEL_STORE": str(folder / "models"),
        "FEDROTA_LEGACY_ROLE": "org_admin",
    }
    argv = [sys.executable, "-m", "fedrota", "up", "--state", str(state), "--port", "0", "--no-flower"]
    argv += ["--slots", "16"] + [word for party in PARTIES for word in ("--party", party)]
    with (folder / "up.out").open("wb") as out:
        up = subprocess.Popen(argv, cwd=repository, stdout=out, stderr=out, env={**os.environ, **environment})
    try:
        yield wait_for_url(up, state, folder / "up.out")
    finally:
        up.terminate()
        up.wait(60)


def wait_for_url(up: "subprocess.Popen[bytes]", state: Path, said: Path) -> str:
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline:
        assert up.poll() is None, said.read_text()
        if (state / "up.json").exists():
            record = json.loads((state / "up.json").read_text())
            if record["phase"] == "ready":
                return str(record["url"])
        time.sleep(0.05)
    raise AssertionError(f"the system was not ready within {READY_S} s:\n{said.read_text()}")
