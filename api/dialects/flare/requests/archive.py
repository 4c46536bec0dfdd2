"""A zipped job folder: looked at without being unpacked, and nothing in it believed."""

import stat
import zipfile
from collections.abc import Iterator
from hashlib import sha256
from pathlib import PurePosixPath
from typing import IO, Final

from api.dialects.flare.errors import FlareError, MetaStatus
from api.zip_errors import UNREADABLE

MAX_MEMBERS: Final = 10_000
MAX_UNPACKED_BYTES: Final = 2 << 30
MAX_RATIO: Final = 200
SMALL_BYTES: Final = 10 << 20
"""What a bomb must at least unpack to before its ratio counts."""
MAX_READ_BYTES: Final = 4 << 20
IGNORED: Final = frozenset({".__nvfl_sig.json", ".__nvfl_submitter.crt"})
"""Signatures that FLARE's client writes into every folder of a job; nothing of ours reads them."""


def refuse(message: str) -> FlareError:
    """The refusal of a job as FLARE words it."""
    return FlareError(MetaStatus.INVALID_JOB_DEFINITION, message)


class JobArchive:
    """The files of one zipped folder by their paths below it; FlareError where it could do harm."""

    def __init__(self, file: IO[bytes], folder: str) -> None:
        self.folder = folder
        try:
            self._zip = zipfile.ZipFile(file)
        except UNREADABLE as wrong:
            raise refuse(f"the job folder {folder} came as no zip archive: {wrong}") from wrong
        self._members = dict(self._read_members())
        self.paths = frozenset(self._members)
        """Every file's path below the folder."""

    @property
    def fingerprint(self) -> str:
        """The same for the same files, however and whenever they were packed: clients sign each upload anew."""
        known = sorted((path, member.file_size, member.CRC) for path, member in self._members.items())
        return sha256(repr(known).encode()).hexdigest()

    def read_text(self, path: str) -> str:
        """A file's text; FlareError where it is too long, damaged or no UTF-8."""
        member = self._members[path]
        if member.file_size > MAX_READ_BYTES:
            raise refuse(f"{path} of job {self.folder} is larger than {MAX_READ_BYTES} bytes")
        try:
            with self._zip.open(member) as file:
                return file.read(MAX_READ_BYTES + 1).decode()
        except UNREADABLE as wrong:
            raise refuse(f"{path} of job {self.folder} cannot be read: {wrong}") from wrong

    def list_folders(self) -> frozenset[str]:
        """The names of the folders directly below the job's."""
        return frozenset(path.partition("/")[0] for path in self._members if "/" in path)

    def _read_members(self) -> Iterator[tuple[str, zipfile.ZipInfo]]:
        members = self._zip.infolist()
        if len(members) > MAX_MEMBERS:
            raise refuse(f"job {self.folder} has {len(members)} files, which is more than {MAX_MEMBERS}")
        unpacked = sum(member.file_size for member in members)
        packed = sum(member.compress_size for member in members)
        if unpacked > MAX_UNPACKED_BYTES or (unpacked > SMALL_BYTES and unpacked > packed * MAX_RATIO):
            raise refuse(f"job {self.folder} would unpack to {unpacked} bytes, which is too much")
        for member in members:
            if not member.filename.endswith("/"):
                path = self._check_path(member)
                if PurePosixPath(path).name not in IGNORED:
                    yield path, member

    def _check_path(self, member: zipfile.ZipInfo) -> str:
        """The member's path below the folder, which every member must lie in."""
        shown = ascii(member.filename)[:100]
        mode = member.external_attr >> 16
        if mode and not stat.S_ISREG(mode) and stat.S_IFMT(mode):
            raise refuse(f"job {self.folder} holds {shown}, which is no plain file: links and devices are not taken")
        if member.flag_bits & 1:
            raise refuse(f"job {self.folder} holds {shown}, which is encrypted")
        parts = member.filename.split("/")
        if "\\" in member.filename or "\0" in member.filename or any(part in {"", ".", ".."} for part in parts):
            raise refuse(f"job {self.folder} holds {shown}, which is no path inside it")
        if parts[0] != self.folder or len(parts) == 1:
            raise refuse(f"job {self.folder} holds {shown}, which lies outside its folder")
        return "/".join(parts[1:])
