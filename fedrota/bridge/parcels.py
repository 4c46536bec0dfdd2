"""Results on their way to clients, which fetch them file by file and unpack every zip beside itself."""

import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import IO, Final

from fedrota.bridge.errors import AwayError

BLOCK_BYTES: Final = 256 << 10
SPOOL_BYTES: Final = 16 << 20
MAX_PARTS: Final = 1000


def split(pieces: Iterator[bytes], folder: Path) -> list[str]:
    """Write each folder of a zip into `folder` as a zip of its own, each file beside them as it is; their names.

    AwayError where what came is no whole zip.
    """
    with tempfile.SpooledTemporaryFile(max_size=SPOOL_BYTES) as file:
        for piece in pieces:
            file.write(piece)
        file.seek(0)
        try:
            with zipfile.ZipFile(file) as given:
                return [_write(given, name, members, folder) for name, members in _sort(given).items()]
        except (zipfile.BadZipFile, OSError) as wrong:
            raise AwayError(f"the result came damaged: {wrong}") from wrong


def _sort(given: zipfile.ZipFile) -> dict[str, list[zipfile.ZipInfo]]:
    """The members by the first part of their paths."""
    parts: dict[str, list[zipfile.ZipInfo]] = {}
    for member in given.infolist():
        path = PurePosixPath(member.filename)
        if path.is_absolute() or ".." in path.parts or "\\" in member.filename:
            raise AwayError(f"the result holds {member.filename[:100]!r}, which is no path inside it")
        if not member.is_dir():
            parts.setdefault(path.parts[0], []).append(member)
    if len(parts) > MAX_PARTS:
        raise AwayError(f"the result has more than {MAX_PARTS} parts")
    return parts


def _write(given: zipfile.ZipFile, name: str, members: Sequence[zipfile.ZipInfo], folder: Path) -> str:
    if members[0].filename == name:
        with given.open(members[0]) as source, (folder / name).open("wb") as out:
            _copy(source, out)
        return name
    with zipfile.ZipFile(folder / f"{name}.zip", "w", zipfile.ZIP_DEFLATED) as made:
        for member in members:
            inner = str(PurePosixPath(member.filename).relative_to(name))
            with given.open(member) as source, made.open(inner, "w", force_zip64=True) as out:
                _copy(source, out)
    return f"{name}.zip"


def _copy(source: IO[bytes], out: IO[bytes]) -> None:
    while block := source.read(BLOCK_BYTES):
        out.write(block)
