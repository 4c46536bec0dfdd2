"""Job folders on their way to the gateway, results on their way back."""

import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Final

from fedrota.session import outcomes

SPOOL_BYTES: Final = 16 << 20
BLOCK_BYTES: Final = 256 << 10
MAX_PLACES: Final = 10_000


@contextmanager
def pack(folder: Path) -> Iterator[Iterator[bytes]]:
    """The pieces of a zip of `folder`, whose paths begin with its name; links that lead out of it are left out."""
    with tempfile.SpooledTemporaryFile(max_size=SPOOL_BYTES) as file:
        root = folder.resolve()
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(root.rglob("*")):
                if path.is_file() and path.resolve().is_relative_to(root):
                    archive.write(path, f"{root.name}/{path.relative_to(root).as_posix()}")
        file.seek(0)
        yield _read_blocks(file)


def _read_blocks(file: IO[bytes]) -> Iterator[bytes]:
    while block := file.read(BLOCK_BYTES):
        yield block


def choose_place(parent: Path, name: str) -> Path:
    """A folder that is not there yet: `name`, else `name__1`, `name__2`, ..."""
    names = [name, *(f"{name}__{number}" for number in range(1, MAX_PLACES))]
    for each in names:
        place = parent / each
        try:
            place.mkdir(parents=True)
        except FileExistsError:
            continue
        return place
    raise outcomes.InternalError(f"{parent} holds too many results of {name}")


def unpack(pieces: Iterable[bytes], place: Path) -> None:
    """Write a zip's files below `place`; InternalError where one of them would lie elsewhere."""
    with tempfile.SpooledTemporaryFile(max_size=SPOOL_BYTES) as file:
        for piece in pieces:
            file.write(piece)
        file.seek(0)
        try:
            with zipfile.ZipFile(file) as archive:
                for member in archive.infolist():
                    _check(member.filename)
                    archive.extract(member, place)
        except zipfile.BadZipFile as wrong:
            raise outcomes.InternalError(f"the result came damaged: {wrong}") from wrong


def _check(name: str) -> None:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name:
        raise outcomes.InternalError(f"the result holds {name!r}, which is no path inside it")
