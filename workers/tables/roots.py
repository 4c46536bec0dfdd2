"""Which files of this host a request may name: those below folders that the party's worker allows."""

import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final
from urllib.parse import urlsplit

from config.settings import LOOPBACK
from scheduler.domain.errors import ConflictError, ForbiddenError, InvalidDocumentError, NotFoundError, Problem
from workers.calls.safe_open import open_file

STATE_MARKS: Final = ("up.lock", "fedrota.db", "journal.jsonl")
"""A folder with one of these is the state folder of an installation or a worker: tokens lie there."""
REPLACED: Final = frozenset({".csv", ".tsv", ".txt"})
"""Only files with these endings are written over."""
MAX_PATH: Final = 4096


def pick_roots(given: Sequence[Path], gateway_url: str) -> tuple[Path, ...]:
    """The folders given; where none are and the gateway is this machine's, the user's home and temporary folder."""
    if given or urlsplit(gateway_url).hostname not in LOOPBACK:
        return tuple(given)
    return Path.home(), Path(tempfile.gettempdir())


@dataclass(frozen=True, slots=True)
class Roots:
    """The allowed folders; hidden files and state folders below them stay closed."""

    folders: tuple[Path, ...]

    def open(self, named: str) -> BinaryIO:
        """The regular file of that path for reading; ForbiddenError outside of the roots, NotFoundError for none."""
        root, parts = self._find_place(named)
        return open_file(root, *parts, kind="file")

    def find_target(self, named: str) -> Path:
        """The path as a place for a new file, its folder made; ConflictError where another kind of file lies there."""
        root, parts = self._find_place(named)
        target = root.joinpath(*parts)
        if target.exists() and not (target.is_file() and target.suffix.lower() in REPLACED):
            raise ConflictError(
                f"{named} exists, and only files that end in {', '.join(sorted(REPLACED))} are written over: "
                "name another path"
            )
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
        except OSError as wrong:
            raise InvalidDocumentError(Problem("path", f"its folder cannot be made: {wrong.strerror}")) from wrong
        return target

    def _find_place(self, named: str) -> tuple[Path, tuple[str, ...]]:
        """The root, and the parts below it, every link followed."""
        if not named or len(named) > MAX_PATH or "\0" in named or not Path(named).is_absolute():
            raise InvalidDocumentError(Problem("path", f"{named[:200]!r} is no absolute path"))
        try:
            real = Path(named).resolve()
            roots = [root.resolve() for root in self.folders]
        except (OSError, RuntimeError) as wrong:
            raise NotFoundError("file", named) from wrong
        for root in roots:
            if real != root and real.is_relative_to(root):
                parts = real.relative_to(root).parts
                _check_open(named, root, parts)
                return root, parts
        allowed = ", ".join(map(str, self.folders)) or "nothing"
        raise ForbiddenError(
            f"{named!r} is outside of what requests may name at this party (FEDROTA_ALLOWED_ROOTS of its worker: {allowed})"
        )


def _check_open(named: str, root: Path, parts: tuple[str, ...]) -> None:
    if any(part.startswith(".") for part in parts):
        raise ForbiddenError(f"{named!r} is hidden: requests may not name files or folders that begin with a dot")
    folders = [root, *(root.joinpath(*parts[:depth]) for depth in range(1, len(parts)))]
    if any(os.path.lexists(folder / mark) for folder in folders for mark in STATE_MARKS):
        raise ForbiddenError(f"{named!r} lies in the state folder of an installation, which requests may not name")
