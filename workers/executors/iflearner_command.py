"""The command lines of an iFLearner run, and which paths of this host they may name."""

import errno
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from scheduler.domain.messages import Assignment
from workers.executors.base import AssignmentError

AGGREGATOR: Final = Path(__file__).parents[1] / "iflearner" / "aggregator.py"
LOCAL: Final = frozenset({"local", "iflearner"})
"""Images that name no image: the command runs on the party's host."""
_INTERPRETERS: Final = frozenset({"python", "python3"})
_IN_FOLDER: Final = ("/bin/sh", "-c", 'cd "$0" && exec "$@"')


def pick_address(host: str) -> str:
    """`host:port` with a port that is free at the moment; AssignmentError where `host` is no address of this host."""
    try:
        with socket.create_server((host, 0), family=socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            return f"{host}:{probe.getsockname()[1]}"
    except (OSError, UnicodeError) as wrong:  # the latter of a text that can be no host's name
        if isinstance(wrong, OSError) and not _is_about_host(wrong):
            raise
        raise AssignmentError(
            f"FEDROTA_ENGINE_HOST: nothing can listen at {host!r} on this party's host ({wrong}): "
            "set it to an address of this host that the other parties reach, and restart the worker"
        ) from wrong


def _is_about_host(wrong: OSError) -> bool:
    """Whether the name cannot be resolved (getaddrinfo's codes are below 0) or its address is another host's."""
    return wrong.errno is not None and (wrong.errno < 0 or wrong.errno == errno.EADDRNOTAVAIL)


def make_aggregator(assignment: Assignment, *, python: Path, parties: int, address: str, status: str) -> dict[str, Any]:
    """The run of the aggregator for so many parties."""
    epochs = str(assignment.run.get("epochs", ""))
    argv = [
        str(python),
        str(AGGREGATOR),
        "-n",
        str(parties),
        "--epochs",
        epochs,
        "--addr",
        address,
        "--http_addr",
        status,
    ]
    return {"command": argv}


def make_trainer(
    assignment: Assignment, *, address: str, python: Path | None, roots: Sequence[Path], has_containers: bool
) -> tuple[str, dict[str, Any]]:
    """The kind of executor and the run of a trainer: the template's command, its flags, the aggregator's address."""
    run = assignment.run
    image = str(run.get("image", ""))
    argv = [*run.get("command", ()), *run.get("flags", ())]
    if address:
        argv.append(f"--server={address}")
    if image.partition(":")[0] not in LOCAL and has_containers:
        # The original mounts a party's data at /data, so that is where old images look for it.
        places = {"workdir": run.get("workdir"), "data_at": "/data" if assignment.params.get("data") else ""}
        return "container", {"command": argv, "image": image, **{key: place for key, place in places.items() if place}}
    if not run.get("command"):
        raise AssignmentError(
            f"the template has no command, and without a container engine nothing of its image {image!r} is here to run"
        )
    if address and python is not None and argv[0] in _INTERPRETERS:
        argv[0] = str(python)
    folder = find_folder(str(run.get("workdir", "")), roots)
    return "command", {"command": [*_IN_FOLDER, str(folder), *argv] if folder is not None else argv}


def find_folder(workdir: str, roots: Sequence[Path]) -> Path | None:
    """The template's folder where it exists here; None means the attempt's own, as a container makes a missing one."""
    if not workdir or not Path(workdir).is_dir():
        return None
    return check_path(workdir, roots, "workdir")


def find_data(assignment: Assignment, roots: Sequence[Path]) -> Path | None:
    """The party's data as its task names them; None where it names none."""
    named = str(assignment.params.get("data") or "")
    if not named:
        return None
    found = check_path(named, roots, "federated_data")
    if not found.exists():
        raise AssignmentError(f"federated_data: there is no {named!r} at this party")
    return found


def check_path(named: str, roots: Sequence[Path], what: str) -> Path:
    """The path with every link followed; AssignmentError where it lies outside of what requests may name."""
    path = Path(named)
    if "\0" in named or not path.is_absolute():
        raise AssignmentError(f"{what}: {named!r} is no absolute path")
    real = path.resolve()
    if not any(real.is_relative_to(root.resolve()) for root in roots):
        allowed = ", ".join(map(str, roots)) or "nothing"
        raise AssignmentError(
            f"{what}: {named!r} is outside of what requests may name here (FEDROTA_ALLOWED_ROOTS: {allowed})"
        )
    return real
