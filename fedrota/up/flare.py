"""FLARE in a run of `up`: whose interpreter runs it, and the bridge for its newer clients."""

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from fedrota.bridge.errors import BridgeError
from fedrota.bridge.imports import check_version
from fedrota.bridge.options import find_missing
from fedrota.up.errors import UpError
from fedrota.up.folder import StateFolder
from fedrota.up.given import find_setting
from fedrota.up.options import Options
from fedrota.up.probes import Probe, opens
from fedrota.up.programs import Program
from fedrota.up.withheld import withhold

ENGINES: Final = "FEDROTA_ENGINES"
NAME: Final = "flare"
PACKAGES: Final = "'nvflare>=2.8,<2.10' 'httpx>=0.28,<0.29'"
LOOK_S: Final = 60.0
_LOOK: Final = "from importlib.metadata import version; import httpx; print(version('nvflare'))"


def require_flare(options: Options, environment: Mapping[str, str]) -> None:
    """UpError with what to do, where FLARE is wanted and its interpreter or a package of it is not there."""
    python = find_python(options, environment)
    if options.flare_bridge and not python:
        raise UpError(
            "--flare-bridge runs with FLARE's own library: name an interpreter that has it with --flare-python, or in "
            f"""{ENGINES}='{{"{NAME}": "/opt/nvflare/bin/python"}}'. To make one: """
            f"python -m venv /opt/nvflare && /opt/nvflare/bin/pip install {PACKAGES}"
        )
    if (options.flare_bridge or options.flare_python) and not os.access(python, os.X_OK):
        raise UpError(f"FLARE's interpreter {python} is no program that can be run here")
    if options.flare_bridge:
        _check_library(python)


def find_python(options: Options, environment: Mapping[str, str]) -> str:
    """The path of FLARE's interpreter, from the root, since processes start elsewhere; empty where none is named."""
    found = options.flare_python or str(_read_engines(environment).get(NAME, ""))
    return str(Path(found).absolute()) if found else ""


def engines_env(options: Options, environment: Mapping[str, str]) -> dict[str, str]:
    """The workers' engines, FLARE among them where the user named it for this run."""
    if not options.flare_python:
        return {}
    return {ENGINES: json.dumps({**_read_engines(environment), NAME: find_python(options, environment)})}


def make_bridge(
    *, tree: Path, folder: StateFolder, options: Options, environment: Mapping[str, str], url: str
) -> tuple[Program, ...]:
    """The bridge, where one is wanted; without certificates it waits for `fedrota provision`."""
    if not options.flare_bridge:
        return ()
    port, certificates = options.flare_bridge, folder.root / "flare"
    words = ("--host", options.host, "--port", str(port), "--certificates", str(certificates), "--url", url, "--wait")
    return (
        Program(
            name="flare-bridge",
            kind="bridge",
            argv=(find_python(options, environment), "-m", "fedrota.bridge", *words),
            cwd=tree,
            env=withhold(environment, "FEDROTA_BROKER_URL", "FEDROTA_TOKEN"),
            ready=_is_open(port, certificates),
            note=f"NVFLARE 2.8 and 2.9, port {port}",
            grace_s=10.0,
            essential=False,
        ),
    )


def _is_open(port: int, certificates: Path) -> Probe:
    """The bridge listens, or has nothing yet to listen with."""
    listening = opens(port)

    async def probe(pid: int) -> bool:
        return bool(find_missing(certificates)) or await listening(pid)

    return probe


def _read_engines(environment: Mapping[str, str]) -> dict[str, str]:
    text = find_setting(environment, ENGINES) or "{}"
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise UpError(f"""{ENGINES} is {text!r}: write it as JSON, {{"{NAME}": "/opt/nvflare/bin/python"}}""")
    return found


def _check_library(python: str) -> None:
    """Ask the interpreter for what the bridge needs, without importing FLARE: that takes seconds."""
    try:
        check_version(_ask_version(Path(python)))
    except (BridgeError, OSError, subprocess.SubprocessError) as wrong:
        said = (getattr(wrong, "stderr", "") or "").splitlines() or [str(wrong)]
        raise UpError(
            f"FLARE's interpreter {python} cannot run the bridge ({said[-1]}). Install what it needs: "
            f"{python} -m pip install {PACKAGES}"
        ) from wrong


def _ask_version(python: Path) -> str:
    """From its own folder: modules of the folder where we are would hide the interpreter's."""
    argv = [str(python), "-c", _LOOK]
    done = subprocess.run(argv, cwd=python.parent, capture_output=True, text=True, check=True, timeout=LOOK_S)
    return done.stdout.strip()
