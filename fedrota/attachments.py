"""Files that jobs carry to their parties: what the gateway says of them, and several on their way at once."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from fedrota.files import Progress, Source

Files = Mapping[str, Path | str | BinaryIO]
"""Files by the name that the job gives them: paths, or binary files that are read from where they stand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file that was uploaded; a job document names it by its id, and within a day, or it is forgotten."""

    id: str
    size: int = 0
    sha256: str = ""
    created: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment(Upload):
    """A file that a job carries under `name`."""

    name: str


@contextmanager
def open_files(files: Files | None, progress: Progress | None) -> Iterator[dict[str, Source]]:
    """All files by name, opened before the first byte is sent: one that is missing is found out at once."""
    tally = _Tally(progress)
    with ExitStack() as stack:
        found: dict[str, Source] = {}
        for name, file in (files or {}).items():
            source = stack.enter_context(Source(file, progress=tally.count(name)))
            tally.sizes.append(source.size)
            found[name] = source
        yield found


class _Tally:
    """Adds up how far several files are."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress = progress
        self._done: dict[str, int] = {}
        self.sizes: list[int | None] = []

    def count(self, name: str) -> Progress:
        """What reports about one of the files go to."""

        def report(done: int, _of: int | None) -> None:
            self._done[name] = done
            if self._progress is not None:
                self._progress(sum(self._done.values()), self._find_total())

        return report

    def _find_total(self) -> int | None:
        known = [size for size in self.sizes if size is not None]
        return sum(known) if len(known) == len(self.sizes) else None
