"""What a console may look at here: logs and working folders of named tasks, as plain text, never through a link.

The gateway has checked the command already; it is checked here once more, since these are this party's files.
"""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO, Final

from scheduler.domain.errors import InvalidDocumentError, NotFoundError, Problem
from workers.calls.arguments import Args
from workers.calls.safe_open import open_file, open_folder
from workers.calls.serving import Answer, Op
from workers.console.folder_text import list_folder
from workers.console.grep import run_grep
from workers.console.text_lines import show_file
from workers.workdir import Workdir, check_name

LOG: Final = "log.txt"
OPTIONS: Final = {
    "pwd": frozenset[str](),
    "ls": frozenset("altSRu"),
    "cat": frozenset("nbsT"),
    "head": frozenset("cn"),
    "tail": frozenset("cn"),
    "grep": frozenset("nib"),
}
"""The options of each command; those of head and tail have a number."""
READABLE: Final = frozenset({".txt", ".log", ".json", ".csv", ".sh", ".config", ".py"})
_PART: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_HIDDEN: Final = frozenset({"startup", "state"})
"""Folders of an engine's keys and tokens."""
_SECRET: Final = re.compile(r"token|secret|passw|credential|\.key\b|\.pem\b|\.crt\b", re.IGNORECASE)
MAX_PARTS: Final = 32
MAX_PATTERN: Final = 400
MAX_NUMBER: Final = 1 << 31


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A checked command: `mounts` are the jobs that may be seen, each as a task and its dispatch number."""

    command: str
    options: Mapping[str, int]
    parts: tuple[str, ...]
    pattern: str
    mounts: Mapping[str, tuple[str, int]]

    @property
    def shown(self) -> str:
        """The path as it was given."""
        return "/".join(self.parts)


def make_target_ops(workdir: Workdir) -> Mapping[str, Op]:
    """The operation behind a console's commands on this party."""
    return {"target.show": lambda args, _: Answer(body=_encode(show(workdir, parse_order(args))))}


def _encode(pieces: Iterator[str]) -> Iterator[bytes]:
    return (piece.encode(errors="replace") for piece in pieces)


def parse_order(args: Args) -> Order:
    """The command; InvalidDocumentError where it is none that may be done here."""
    command, options = args.get("command"), args.get("options", {})
    if not isinstance(command, str) or command not in OPTIONS:
        raise _refuse("command", f"use one of {', '.join(OPTIONS)}")
    if not isinstance(options, dict) or not set(options) <= OPTIONS[command]:
        raise _refuse("options", f"{command} takes {', '.join(sorted(OPTIONS[command])) or 'none'}")
    if not all(isinstance(value, int) and 0 <= value < MAX_NUMBER for value in options.values()):
        raise _refuse("options", "a whole number is needed")
    pattern = args.get("pattern", "")
    if not isinstance(pattern, str) or len(pattern) > MAX_PATTERN:
        raise _refuse("pattern", f"a text of at most {MAX_PATTERN} characters is needed")
    parts = _parse_path(args.get("path", []), is_file=command not in {"ls", "pwd"})
    return Order(
        command=command, options=options, parts=parts, pattern=pattern, mounts=_parse_mounts(args.get("mounts"))
    )


def _parse_path(given: Any, *, is_file: bool) -> tuple[str, ...]:
    """The parts of a path: plain names, none of a folder of keys, and a file of text where one is needed."""
    if not isinstance(given, list) or len(given) > MAX_PARTS:
        raise _refuse("path", f"a list of at most {MAX_PARTS} names is needed")
    for part in given:
        if not isinstance(part, str) or not _PART.fullmatch(part) or part in _HIDDEN or _SECRET.search(part):
            raise _refuse("path", f"{str(part)[:80]!r} may not be looked at")
    if is_file and not (given and has_text(given[-1])):
        raise _refuse("path", f"only files that end in {', '.join(sorted(READABLE))} may be read")
    return tuple(given)


def has_text(name: str) -> bool:
    """Whether a file's ending says that it is text; a number behind it (log.txt.1) does not count."""
    stem, _, last = name.rpartition(".")
    return os.path.splitext(stem if last.isdecimal() else name)[1] in READABLE  # noqa: PTH122  a name, no path


def _parse_mounts(given: Any) -> dict[str, tuple[str, int]]:
    if not isinstance(given, dict):
        raise _refuse("mounts", "an object is needed")
    found: dict[str, tuple[str, int]] = {}
    for job, place in given.items():
        if not isinstance(place, list) or len(place) != 2 or not isinstance(place[1], int):
            raise _refuse("mounts", "each job has a task and its number")
        found[check_name(job, "job")] = (check_name(str(place[0]), "task"), place[1])
    return found


def _refuse(where: str, message: str) -> InvalidDocumentError:
    return InvalidDocumentError(Problem(where, message))


def show(workdir: Workdir, order: Order) -> Iterator[str]:
    """The command's text; a file that is not there is a sentence, as a shell has it."""
    if order.command == "pwd":
        return iter([f"{workdir.root}\n"])
    if order.command == "ls":
        return _list(workdir, order)
    try:
        file = _open(workdir, order)
    except NotFoundError:
        return iter([_say_missing(order)])
    if order.command == "grep":
        return run_grep(file, order.pattern, frozenset(order.options))
    return show_file(file, order.command, order.options)


def _open(workdir: Workdir, order: Order) -> BinaryIO:
    job, *rest = order.parts
    if job == LOG and not rest:
        return _open_newest(workdir, order)
    task, seq = _find_mount(order, job)
    if rest == [LOG]:
        try:
            return open_file(workdir.root, "work", task, str(seq), LOG)
        except NotFoundError:
            return open_file(workdir.root, "logs", task, f"{seq}.log")
    return open_file(workdir.root, "work", task, str(seq), *rest)


def _open_newest(workdir: Workdir, order: Order) -> BinaryIO:
    """The log of the job whose log was written last."""
    newest: BinaryIO | None = None
    for task, seq in order.mounts.values():
        try:
            file = open_file(workdir.root, "logs", task, f"{seq}.log")
        except NotFoundError:
            continue
        if newest is None or _written(file) > _written(newest):
            file, newest = newest or file, file
        if file is not newest:
            file.close()
    if newest is None:
        raise NotFoundError("file", LOG)
    return newest


def _written(file: BinaryIO) -> int:
    return os.fstat(file.fileno()).st_mtime_ns


def _find_mount(order: Order, job: str) -> tuple[str, int]:
    if job not in order.mounts:
        raise NotFoundError("file", job)
    return order.mounts[job]


def _list(workdir: Workdir, order: Order) -> Iterator[str]:
    if not order.parts:
        return iter([f"{name}\n" for name in (*sorted(order.mounts), *([LOG] if order.mounts else []))])
    job, *rest = order.parts
    if job == LOG and not rest:
        return iter([f"{LOG}\n"])
    try:
        task, seq = _find_mount(order, job)
        return list_folder(open_folder(workdir.root, "work", task, str(seq), *rest), frozenset(order.options), _HIDDEN)
    except NotFoundError:
        return _list_file(workdir, order)


def _list_file(workdir: Workdir, order: Order) -> Iterator[str]:
    """A single file's name; or that of a log whose task's folder is gone."""
    try:
        if len(order.parts) == 1:
            task, seq = _find_mount(order, order.parts[0])
            open_file(workdir.root, "logs", task, f"{seq}.log").close()
            return iter([f"{LOG}\n"])
        _open(workdir, order).close()
        return iter([f"{order.shown}\n"])
    except NotFoundError:
        return iter([f"ls: cannot access '{order.shown}': No such file or directory\n"])


def _say_missing(order: Order) -> str:
    if order.command in {"head", "tail"}:
        return f"{order.command}: cannot open '{order.shown}' for reading: No such file or directory\n"
    return f"{order.command}: {order.shown}: No such file or directory\n"
