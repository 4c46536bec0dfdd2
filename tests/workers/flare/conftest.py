"""FLARE's own environment, and a stand-in for the part of its interface that needs none."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.clients.install import install

BOOT = (
    "import runpy, sys; sys.path.append(sys.argv.pop(1)); "
    "runpy.run_module(sys.argv.pop(1), run_name='__main__', alter_sys=False)"
)


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


@pytest.fixture
def run_there(repository: Path) -> Callable[..., "subprocess.CompletedProcess[str]"]:
    """Run one of our modules in FLARE's environment, in a folder."""

    def run(module: str, folder: Path, *, timeout_s: float = 60) -> "subprocess.CompletedProcess[str]":
        argv = [str(install("nvflare-2.9.0")), "-I", "-c", BOOT, str(repository), module]
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "FEDROTA_METRICS": str(folder / "metrics.jsonl"),
        }
        return subprocess.run(
            argv, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=timeout_s
        )

    return run
