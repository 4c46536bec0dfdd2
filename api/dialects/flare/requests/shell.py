"""Shell commands for a site, checked as FLARE checks them and in its words, and turned into what a worker takes.

Source: NVIDIA FLARE 2.5.2, modules `nvflare.private.fed.server.shell_cmd` and `nvflare.fuel.hci.shell_cmd_val`.
"""

import re
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, NoReturn

from api.dialects.flare.errors import FlareError, MetaStatus

PERMITTED: Final = (".txt", ".log", ".json", ".csv", ".sh", ".config", ".py")
FLAGS: Final[Mapping[str, str]] = MappingProxyType({"ls": "altSRu", "cat": "nbsT", "grep": "nib"})
NUMBERS: Final[Mapping[str, str]] = MappingProxyType({"head": "cn", "tail": "cn"})
COMMANDS: Final = ("pwd", "ls", "cat", "head", "tail", "grep")
MAX_WORDS: Final = 32
_PATH: Final = re.compile(r"[A-Za-z0-9-._/]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class ShellCommand:
    """A checked command: options with their numbers (0 for a flag), the path in its parts."""

    command: str
    target: str
    options: Mapping[str, int]
    path: tuple[str, ...]
    pattern: str


class _Parser(ArgumentParser):
    """Refuses instead of ending the process."""

    def error(self, message: str) -> NoReturn:
        """Refuse, in argparse's own words."""
        raise FlareError(MetaStatus.ERROR, message)


def parse_shell(command: str, words: Sequence[str]) -> ShellCommand:
    """The command for the target that the first word names; FlareError where it may not be done."""
    if not words or not words[0]:
        raise FlareError(MetaStatus.ERROR, "syntax error: missing target")
    if len(words) > MAX_WORDS:
        raise FlareError(MetaStatus.ERROR, f"at most {MAX_WORDS} words")
    if command == "pwd":
        if len(words) != 1:
            raise FlareError(MetaStatus.ERROR, "this command does not accept extra args")
        return ShellCommand(command=command, target=words[0], options={}, path=(), pattern="")
    found = _make_parser(command).parse_args(list(words[1:]))
    files = [found.files] if isinstance(found.files, str) else list(found.files or ())
    if command != "ls" and len(files) != 1:
        raise FlareError(MetaStatus.ERROR, "only one file is allowed")
    path = files[0] if files else ""
    check_path(path)
    if command != "ls":
        check_text_file(path)
    return ShellCommand(
        command=command,
        target=words[0],
        options=_read_options(command, found),
        path=tuple(part for part in path.split("/") if part not in {"", "."}),
        pattern=getattr(found, "pattern", ""),
    )


def _make_parser(command: str) -> _Parser:
    parser = _Parser(prog=command, add_help=False, allow_abbrev=False)
    for flag in FLAGS.get(command, ""):
        parser.add_argument(f"-{flag}", action="store_true")
    for flag in NUMBERS.get(command, ""):
        parser.add_argument(f"-{flag}", type=int)
    if command == "grep":
        parser.add_argument("pattern")
    parser.add_argument("files", metavar="file", nargs="?" if command == "ls" else "+")
    return parser


def _read_options(command: str, found: Namespace) -> dict[str, int]:
    flags = {flag: 0 for flag in FLAGS.get(command, "") if getattr(found, flag)}
    numbers = {flag: getattr(found, flag) for flag in NUMBERS.get(command, "") if getattr(found, flag) is not None}
    if any(number < 0 for number in numbers.values()):
        raise FlareError(MetaStatus.ERROR, "a number of lines or bytes must not be negative")
    return {**flags, **numbers}


def check_path(path: str) -> None:
    """FlareError where a path is none of a site's own folder."""
    if not _PATH.fullmatch(path):
        raise FlareError(MetaStatus.ERROR, f"unsupported file {path}")
    if path.startswith("/"):
        raise FlareError(MetaStatus.ERROR, "absolute path is not allowed")
    if ".." in path.split("/"):
        raise FlareError(MetaStatus.ERROR, ".. in path name is not allowed")


def check_text_file(path: str) -> None:
    """FlareError where a file's ending is none of text."""
    stem, _, last = path.rpartition(".")
    if not (stem if last.isnumeric() else path).endswith(PERMITTED):
        raise FlareError(
            MetaStatus.ERROR,
            f"this command cannot be applied to file {path}. Only files with the following extensions are permitted: "
            f"{', '.join(PERMITTED)}",
        )
