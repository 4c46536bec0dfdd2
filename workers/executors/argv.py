"""Fills the placeholders of a command and makes the environment that it gets."""

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import orjson

from scheduler.domain.messages import Assignment
from workers.executors.base import AssignmentError, Place
from workers.workdir import PathError, check_name

_PLACEHOLDER: Final = re.compile(r"\{([a-z]+)(?:\.([A-Za-z0-9][A-Za-z0-9._-]{0,127}))?\}")
_FACTS: Final = frozenset({"party", "role", "job", "step", "task", "attempt", "workdir", "data"})
_NAMED: Final = frozenset({"param", "input", "output"})
_ATTACHMENT: Final = "attachment"
METRICS_FILE: Final = "metrics.jsonl"
PARAMS_FILE: Final = "params.json"


def parse_command(run: Mapping[str, Any]) -> list[str]:
    """The command of `run`, a list of texts; AssignmentError where it is none."""
    argv = run.get("command")
    if not isinstance(argv, (list, tuple)) or not argv or not all(isinstance(part, str) for part in argv):
        raise AssignmentError('command: must be a list of texts, e.g. ["python", "train.py"]')
    if any("\0" in part for part in argv):
        raise AssignmentError("command: a NUL character is not possible in an argument")
    return list(argv)


def parse_outputs(run: Mapping[str, Any]) -> dict[str, str]:
    """The outputs (name to kind) that `run` declares."""
    outputs = run.get("outputs") or {}
    if not isinstance(outputs, Mapping):
        raise AssignmentError('outputs: must map names to kinds, e.g. {"model": "file"}')
    try:
        return {check_name(str(name), "output"): str(kind) for name, kind in outputs.items()}
    except PathError as wrong:
        raise AssignmentError(f"outputs: {wrong}") from wrong


def list_attachments(argv: Sequence[str]) -> list[str]:
    """The attachments that the placeholders of `argv` name."""
    found = (match.groups() for part in argv for match in _PLACEHOLDER.finditer(part))
    return sorted({name for head, name in found if head == _ATTACHMENT and name is not None})


def attachment_path(place: Place, name: str) -> Path:
    """Where a command finds an attachment of its job."""
    return place.workdir / "attachments" / name


def fill(argv: Sequence[str], assignment: Assignment, place: Place) -> list[str]:
    """`argv` with every placeholder filled; each argument stays one argument, whatever is filled in.

    Braces that are no placeholder of ours stay as they are. AssignmentError where a placeholder names
    a parameter, input or output that the step does not have.
    """
    facts = render_facts(assignment, place)
    outputs = parse_outputs(assignment.run)

    def find(match: re.Match[str]) -> str:
        head, name = match.groups()
        if name is None:
            return facts[head] if head in _FACTS else match[0]
        if head == _ATTACHMENT:
            return str(attachment_path(place, name))
        if head not in _NAMED:
            return match[0]
        values = {"param": assignment.params, "input": place.inputs, "output": outputs}[head]
        if name not in values:
            known = ", ".join(sorted(values)) or "none"
            raise AssignmentError(f"command: {match[0]} names no {head} of this step; it has {known}")
        return str(place.outputs / name) if head == "output" else render_value(values[name])

    return [_PLACEHOLDER.sub(find, part) for part in argv]


def render_value(value: Any) -> str:
    """A parameter as one argument: texts as they are, anything else as JSON."""
    return str(value) if isinstance(value, (str, Path)) else orjson.dumps(value).decode()


def render_facts(assignment: Assignment, place: Place) -> dict[str, str]:
    """What a command may know of its task."""
    return {
        "party": assignment.party,
        "role": assignment.role,
        "job": assignment.job,
        "step": assignment.step,
        "task": assignment.task,
        "attempt": str(assignment.attempt),
        "workdir": str(place.workdir),
        "data": str(place.tables),
    }


def render_environment(assignment: Assignment, place: Place, *, mark: str = "") -> dict[str, str]:
    """The whole environment of a command: a search path, a home, a language, and the facts of its task."""
    facts = {f"FEDROTA_{name.upper()}": value for name, value in render_facts(assignment, place).items()}
    name, _, value = mark.partition("=")
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(place.workdir),
        "LANG": "C.UTF-8",
        **facts,
        "FEDROTA_SEQ": str(assignment.seq),
        "FEDROTA_OUTPUT_DIR": str(place.outputs),
        "FEDROTA_METRICS": str(place.workdir / METRICS_FILE),
        "FEDROTA_PARAMS": str(place.workdir / PARAMS_FILE),
        "FEDROTA_INPUTS": orjson.dumps({name: str(path) for name, path in place.inputs.items()}).decode(),
        **({name: value} if name else {}),
    }


def prepare_folders(assignment: Assignment, place: Place) -> None:
    """Make the attempt's folders and the file of its parameters."""
    place.workdir.mkdir(parents=True, exist_ok=True)
    place.outputs.mkdir(parents=True, exist_ok=True)
    (place.workdir / PARAMS_FILE).write_bytes(orjson.dumps(dict(assignment.params)))
