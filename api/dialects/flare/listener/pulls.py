"""Results for clients that fetch them file by file: split into one zip per folder, kept for a while."""

import asyncio
import secrets
import tempfile
import time
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Final

from api.dialects.flare.errors import FlareError, MetaStatus

KEPT: Final = 32
KEPT_S: Final = 600.0
BLOCK_BYTES: Final = 256 << 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Pull:
    """What one client is fetching."""

    id: str
    owner: str
    folder: tempfile.TemporaryDirectory[str]
    names: tuple[str, ...]
    until: float

    def open(self, name: str) -> IO[bytes]:
        """A file of it, from its beginning; FlareError where it has none of this name."""
        if name not in self.names:
            raise FlareError(MetaStatus.ERROR, f"no such file: {name[:100]}")
        return (Path(self.folder.name) / name).open("rb")


class Pulls:
    """The results on their way to clients; time is monotonic seconds."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: OrderedDict[str, Pull] = OrderedDict()

    async def add(self, archive: IO[bytes], owner: str) -> Pull:
        """Split a zip into files: `<folder>.zip` for each of its folders, and what lies beside them."""
        self._drop_old()
        while len(self._kept) >= KEPT:
            self.end(next(iter(self._kept)))
        folder = tempfile.TemporaryDirectory(prefix="fedrota-pull-")
        try:
            names = await asyncio.to_thread(split, archive, Path(folder.name))
        except BaseException:
            folder.cleanup()
            raise
        pull = Pull(
            id=secrets.token_hex(16), owner=owner, folder=folder, names=tuple(names), until=self._clock() + KEPT_S
        )
        self._kept[pull.id] = pull
        return pull

    def find(self, transaction: str, owner: str) -> Pull | None:
        """What `owner` is fetching under this id, None where it is not (or no longer) here."""
        self._drop_old()
        found = self._kept.get(transaction)
        return found if found is not None and found.owner == owner else None

    def end(self, transaction: str) -> None:
        """The client has it all."""
        found = self._kept.pop(transaction, None)
        if found is not None:
            found.folder.cleanup()

    def close(self) -> None:
        """Forget everything."""
        for transaction in list(self._kept):
            self.end(transaction)

    def _drop_old(self) -> None:
        now = self._clock()
        for transaction in [key for key, pull in self._kept.items() if pull.until <= now]:
            self.end(transaction)


def split(archive: IO[bytes], folder: Path) -> list[str]:
    """Write each folder of a zip as a zip of its own, and each file beside them as it is; their names."""
    with zipfile.ZipFile(archive) as given:
        parts: dict[str, list[zipfile.ZipInfo]] = {}
        for member in given.infolist():
            path = PurePosixPath(member.filename)
            if not member.is_dir() and path.parts and path.parts[0] not in {"/", ".."}:
                parts.setdefault(path.parts[0], []).append(member)
        return sorted(_write_part(given, name, members, folder) for name, members in parts.items())


def _write_part(given: zipfile.ZipFile, name: str, members: Sequence[zipfile.ZipInfo], folder: Path) -> str:
    if members[0].filename == name:
        with given.open(members[0]) as source, (folder / name).open("wb") as out:
            _copy(source, out)
        return name
    with zipfile.ZipFile(folder / f"{name}.zip", "w", zipfile.ZIP_DEFLATED) as made:
        for member in members:
            with (
                given.open(member) as source,
                made.open(member.filename[len(name) + 1 :], "w", force_zip64=True) as out,
            ):
                _copy(source, out)
    return f"{name}.zip"


def _copy(source: IO[bytes], out: IO[bytes]) -> None:
    while block := source.read(BLOCK_BYTES):
        out.write(block)
