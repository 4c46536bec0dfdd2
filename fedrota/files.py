"""Files on their way to and from the gateway: a source that counts, a target that appears only when whole."""

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final, Self, TypedDict

import httpx

from fedrota.errors import BrokenReplyError, FedrotaError
from fedrota.model import Table
from fedrota.requests.call import Call
from fedrota.requests.tables import CSV, PARQUET, put_table

Progress = Callable[[int, int | None], None]
"""Called with the bytes so far and those in all, None where nobody knows."""

BLOCK_BYTES: Final = 1 << 18
_TYPES: Final = {".csv": CSV, ".parquet": PARQUET, ".pq": PARQUET}


class UploadOptions(TypedDict, total=False):
    """How a table is to be stored."""

    namespace: str
    """Default: `default`."""
    replace: bool
    """Replace a table of the same name, instead of ConflictError."""
    id_column: str
    """Default: `id`."""
    label_column: str
    """Default: `y`."""
    delimiter: str
    """The character between the fields of a CSV file. Default: a comma."""
    header: bool
    """Whether the first line of a CSV file names its columns. Default: True; else they are id, x0, x1, ..."""
    content_type: str
    """text/csv or application/vnd.apache.parquet; default: by the file's ending or its first bytes."""


class Source:
    """A file that is read block by block for an upload."""

    def __init__(self, file: Path | str | BinaryIO, *, progress: Progress | None = None) -> None:
        self._owned = isinstance(file, (str, Path))
        self._file = open_source(Path(file)) if isinstance(file, (str, Path)) else file
        self._name = str(file) if self._owned else getattr(self._file, "name", None)
        self._progress = progress
        self._sent = 0
        self._size, self._head = measure(self._file)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._owned:
            self._file.close()

    @property
    def size(self) -> int | None:
        """How many bytes there are, None where nobody knows."""
        return self._size

    def call(self, party: str, name: str, options: UploadOptions) -> Call[Table]:
        """The request that these bytes belong to."""
        kept = UploadOptions(**options)
        content_type = kept.pop("content_type", None) or find_content_type(self._name, self._head)
        return put_table(party, name, kept, content_type=content_type, size=self._size)

    def read(self) -> bytes:
        """The next block, empty at the end."""
        block = self._file.read(BLOCK_BYTES)
        self._sent += len(block)
        if self._progress and block:
            self._progress(self._sent, self._size)
        return block

    def blocks(self) -> Iterator[bytes]:
        """Block after block."""
        while block := self.read():
            yield block

    async def blocks_aside(self) -> AsyncIterator[bytes]:
        """Block after block, each read in a thread: a slow disk holds up no other task of the event loop."""
        while block := await asyncio.to_thread(self.read):
            yield block


def open_source(path: Path) -> BinaryIO:
    """The file at `path`, or an error that says what is wrong with it."""
    try:
        return path.open("rb")
    except OSError as error:
        raise FedrotaError(f"cannot read {path}: {error.strerror or error}") from error


def measure(file: BinaryIO) -> tuple[int | None, bytes]:
    """How many bytes are left in `file`, and its first four; None and none of them where it cannot be rewound."""
    if not file.seekable():
        return None, b""
    start = file.tell()
    size = file.seek(0, os.SEEK_END) - start
    file.seek(start)
    head = file.read(4)
    file.seek(start)
    return size, head


def find_content_type(name: object, head: bytes) -> str:
    """What a file holds, by its ending or else by its first bytes."""
    known = _TYPES.get(Path(name).suffix.lower()) if isinstance(name, str) else None
    return known or (PARQUET if head.startswith(b"PAR1") else CSV)


def _find_place(path: Path) -> Path:
    """Where a file for `path` goes: a link's end. FedrotaError for a device or a pipe, which would be replaced by a file."""
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise FedrotaError(f"{path} is no ordinary file, so it cannot be replaced: name another place")
    return path.resolve() if path.is_symlink() else path


class Download:
    """A file that is written beside its place and moved there once it is whole and its checksum fits."""

    def __init__(self, path: Path, name: str, *, sha256: str = "", progress: Progress | None = None) -> None:
        self.path = _find_place(path / (Path(name).name or "output") if path.is_dir() else path)
        self._part = self.path.with_name(f".{self.path.name}.{os.getpid()}.part")
        self._sha256 = sha256.lower().removeprefix("sha256:")
        self._progress = progress
        self._digest = hashlib.sha256()
        self._received = 0
        self._size: int | None = None
        self._file = self._create()

    def _create(self) -> BinaryIO:
        with self._named():
            return self._part.open("wb")

    @contextmanager
    def _named(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise FedrotaError(f"cannot write {self.path}: {error.strerror or error}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            with self._named():
                self._file.close()
                if kind is None:
                    self._verify()
                    self._part.replace(self.path)
        finally:
            self._part.unlink(missing_ok=True)

    def begin(self, response: httpx.Response) -> None:
        """Note how much is to come."""
        length = response.headers.get("content-length")
        self._size = int(length) if length and "content-encoding" not in response.headers else None

    def write(self, block: bytes) -> None:
        """Add the next block."""
        with self._named():
            self._file.write(block)
        self._digest.update(block)
        self._received += len(block)
        if self._progress:
            self._progress(self._received, self._size)

    def _verify(self) -> None:
        found = self._digest.hexdigest()
        if self._sha256 and found != self._sha256:
            raise BrokenReplyError(f"{self.path.name} arrived damaged: its sha256 is {found}, not {self._sha256}")
