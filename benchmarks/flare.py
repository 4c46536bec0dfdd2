"""A script of FLARE's API against fedrota and against NVIDIA FLARE's own proof-of-concept system, with one unmodified job."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure
from benchmarks.system import ROOT, run_system
from tests.clients.install import install

ENGINE = "nvflare-2.9.0"
JOB = ROOT / "examples" / "flare" / "hello-numpy"
SCRIPT = ROOT / "benchmarks" / "flare_script.py"
USER = "admin@nvidia.com"
READY_S = 60.0
RUN_S = 300.0
ROWS = (
    ("login", "login", "ms", 1000.0),
    ("running", "submit -> RUNNING, hello-numpy", "s", 1.0),
    ("finished", "submit -> FINISHED, hello-numpy, 3 rounds, 2 sites", "s", 1.0),
    ("list", "list_jobs, p50", "ms", 1000.0),
    ("meta", "get_job_meta, p50", "ms", 1000.0),
)


def measure_flare() -> list[Figure]:
    """One run of the script against each system, one after the other."""
    python = install(ENGINE)
    with tempfile.TemporaryDirectory(prefix="fedrota-job-") as folder:
        # FLARE's session signs a job in the folder that it is given.
        job = Path(shutil.copytree(JOB, Path(folder) / JOB.name))
        theirs, ours = _run_theirs(python, job), _run_ours(python, job)
    return [
        figure
        for key, name, unit, factor in ROWS
        for figure in [
            Figure(name=f"FLARE: {name}", profile=profile, value=found[key] * factor, unit=unit, detail=detail)
            for profile, found, detail in (
                ("nvflare poc", theirs, "NVIDIA FLARE 2.9.0, its own system"),
                ("embedded", ours, "drop-in session, the same job and engine"),
            )
        ]
    ]


def _run_ours(python: Path, job: Path) -> dict[str, Any]:
    parties = ("server", "site-1", "site-2")
    with (
        _environment(FEDROTA_ENGINES=json.dumps({"flare": str(python)})),
        run_system("embedded", parties=parties) as system,
    ):
        kit = system.state_dir / "kit"
        (kit / "startup").mkdir(parents=True)
        gateway = {"url": system.url, "token": system.token}
        (kit / "startup" / "fed_admin.json").write_text(json.dumps({"admin": {"username": USER, "gateway": gateway}}))
        return _run_script(Path(sys.executable), "fedrota.flare", kit, job)


def _run_theirs(python: Path, job: Path) -> dict[str, Any]:
    with (
        tempfile.TemporaryDirectory(prefix="fedrota-poc-") as folder,
        _environment(NVFLARE_POC_WORKSPACE=f"{folder}/poc"),
    ):
        nvflare = str(python.parent / "nvflare")
        subprocess.run(
            [nvflare, "poc", "prepare", "-n", "2"], input=b"y\n", check=True, capture_output=True, timeout=READY_S
        )
        subprocess.run([nvflare, "poc", "start"], check=True, capture_output=True, timeout=READY_S)
        try:
            time.sleep(READY_S / 4)  # its sites join some seconds after the command has returned
            kit = next(Path(folder).glob(f"poc/*/prod_00/{USER}"))
            return _run_script(python, "nvflare.fuel.flare_api.flare_api", kit, job)
        finally:
            subprocess.run([nvflare, "poc", "stop"], check=False, capture_output=True, timeout=READY_S)


def _run_script(python: Path, module: str, kit: Path, job: Path) -> dict[str, Any]:
    command = [str(python), str(SCRIPT), module, USER, str(kit), str(job)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)} if module.startswith("fedrota") else dict(os.environ)
    done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, timeout=RUN_S)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    if found["status"] != "FINISHED:COMPLETED":
        raise RuntimeError(f"{module} ended the job as {found['status']}")
    return found


@contextmanager
def _environment(**values: str) -> Iterator[None]:
    """These variables for what is started inside."""
    kept = dict(os.environ)
    os.environ.update(values)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(kept)
