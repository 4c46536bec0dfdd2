"""What a console's commands may name, checked before they are sent; SyntaxError as NVIDIA FLARE's client raises it.

Source: NVIDIA FLARE 2.9.0, module `nvflare.fuel.hci.cmd_arg_utils`.
"""

import re
from collections.abc import Sequence
from typing import Any, Final

PERMITTED: Final = (".txt", ".log", ".json", ".csv", ".sh", ".config", ".py")
_TARGET: Final = re.compile(r"[A-Za-z0-9._-]*")
_OPTIONS: Final = re.compile(r"[A-Za-z0-9- ]*")
_PATH: Final = re.compile(r"[A-Za-z0-9-._/]*")
_ENDPOINT: Final = re.compile(r"[A-Za-z0-9.-]+:[0-9]+:[0-9]+")


def check_target(target: Any) -> str:
    """The name of one target."""
    if not target:
        raise SyntaxError("target is required but not specified.")
    if not isinstance(target, str):
        raise SyntaxError("target is not str.")  # noqa: TRY004  FLARE's own
    if not _TARGET.fullmatch(target):
        raise SyntaxError("target must be a string of only valid characters and no spaces.")
    return target


def check_targets(targets: Any) -> list[str]:
    """Names of targets, as the commands for many take them."""
    if not isinstance(targets, list):
        raise SyntaxError("targets is not a list.")  # noqa: TRY004  FLARE's own
    if not all(isinstance(target, str) for target in targets):
        raise SyntaxError("all targets in the list of targets must be strings.")
    for target in targets:
        try:
            check_target(target)
        except SyntaxError:
            raise SyntaxError(f"invalid target {target}") from None
    return list(targets)


def split_options(options: Any) -> list[str]:
    """Options as the words that they are."""
    if not options:
        return []
    if not isinstance(options, str):
        raise SyntaxError("options is not str.")  # noqa: TRY004  FLARE's own
    if not _OPTIONS.fullmatch(options):
        raise SyntaxError("options must be a string of only valid characters.")
    return options.split()


def check_path(path: Any) -> str:
    """A path inside a target's folder."""
    if not isinstance(path, str):
        raise SyntaxError("path is not str.")  # noqa: TRY004  FLARE's own
    if not _PATH.fullmatch(path):
        raise SyntaxError(f"unsupported characters in path {path}")
    if path.startswith("/"):
        raise SyntaxError("absolute path is not allowed")
    if ".." in path.split("/"):
        raise SyntaxError(".. in path name is not allowed")
    return path


def check_file(file: Any) -> str:
    """The path of a text file; a number behind its ending (log.txt.1) does not count."""
    if not file:
        raise SyntaxError("file is required but not specified.")
    path = check_path(file)
    stem, _, last = path.rpartition(".")
    if not (stem if last.isnumeric() else path).endswith(PERMITTED):
        raise SyntaxError(
            f"this command cannot be applied to file {path}. Only files with the following extensions are permitted: "
            f"{', '.join(PERMITTED)}"
        )
    return path


def check_pattern(pattern: Any) -> str:
    """What to search for."""
    if not pattern:
        raise SyntaxError("pattern is required but not specified.")
    if not isinstance(pattern, str):
        raise ValueError("pattern is not str.")  # noqa: TRY004  FLARE's own
    return pattern


def check_endpoint(endpoint: Any) -> str:
    """The address of a service provider."""
    if not isinstance(endpoint, str) or not _ENDPOINT.fullmatch(endpoint):
        raise SyntaxError("sp_string must be of the format example.com:8002:8003")
    return endpoint


def check_kind(kind: Any, known: Sequence[str], command: str) -> str:
    """A target type; ValueError for any other."""
    if kind not in known:
        raise ValueError(f"{command} target_type must be one of {list(known)}")
    return str(kind)
