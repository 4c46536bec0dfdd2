"""Opens archives of models from elsewhere, trusting nothing in them."""

import hashlib
import stat
import zipfile
from collections.abc import Iterator
from typing import IO, Final

from api.models.manifest import MANIFEST, MAX_PARTS, Manifest, PartEntry, parse_manifest
from api.zip_errors import UNREADABLE
from scheduler.domain.errors import InvalidDocumentError, Problem, TooLargeError

MAX_MANIFEST_BYTES: Final = 8 << 20
MAX_RATIO: Final = 200
"""A member may be so many times larger than its compressed form, once that is beyond `SMALL_BYTES`."""
SMALL_BYTES: Final = 1 << 20
BLOCK_BYTES: Final = 256 << 10
_KINDS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


class Archive:
    """An archive that has been checked: every part is there, whole, and nothing else."""

    def __init__(self, file: IO[bytes], *, limit_bytes: int) -> None:
        """InvalidDocumentError says what is wrong with it, TooLargeError which limit it exceeds."""
        try:
            self._zip = zipfile.ZipFile(file)
        except UNREADABLE as wrong:
            raise _bad(f"is no zip archive ({wrong})") from wrong
        members = _check_members(self._zip.infolist(), limit_bytes)
        self.manifest = self._read_manifest(members)
        _check_contents(self.manifest, members)
        for part in self.manifest.parts:
            self._check_part(part)

    def read(self, part: PartEntry) -> Iterator[bytes]:
        """A part in pieces."""
        try:
            with self._zip.open(part.path) as source:
                while piece := source.read(BLOCK_BYTES):
                    yield piece
        except UNREADABLE as wrong:
            raise _bad(f"{part.path} cannot be read ({wrong})") from wrong

    def _read_manifest(self, members: dict[str, zipfile.ZipInfo]) -> Manifest:
        if MANIFEST not in members:
            raise _bad(f"has no {MANIFEST}: it is no model that this system exported")
        if members[MANIFEST].file_size > MAX_MANIFEST_BYTES:
            raise TooLargeError(f"{MANIFEST} is larger than {MAX_MANIFEST_BYTES} bytes")
        try:
            with self._zip.open(MANIFEST) as source:
                return parse_manifest(source.read(MAX_MANIFEST_BYTES + 1))
        except InvalidDocumentError:
            raise
        except UNREADABLE as wrong:
            raise _bad(f"{MANIFEST} cannot be read ({wrong})") from wrong

    def _check_part(self, part: PartEntry) -> None:
        digest = hashlib.sha256()
        size = 0
        for piece in self.read(part):
            digest.update(piece)
            size += len(piece)
        if (size, digest.hexdigest()) != (part.size, part.sha256):
            raise _bad(f"{part.path} is not the file that the manifest describes: size or SHA-256 differ")


def _check_members(found: list[zipfile.ZipInfo], limit_bytes: int) -> dict[str, zipfile.ZipInfo]:
    if len(found) > MAX_PARTS + 1:
        raise TooLargeError(f"the archive has {len(found)} members, more than the limit of {MAX_PARTS + 1}")
    for member in found:
        _check_member(member)
    if sum(member.file_size for member in found) > limit_bytes:
        raise TooLargeError(f"the archive unpacks to more than the limit of {limit_bytes} bytes")
    members = {member.filename: member for member in found}
    if len(members) < len(found):
        raise _bad("has two members of the same name")
    return members


def _check_member(member: zipfile.ZipInfo) -> None:
    name, mode = member.filename, member.external_attr >> 16
    parts = name.split("/")
    if "\\" in name or "\0" in name or ":" in name or any(part in {"", ".", ".."} for part in parts):
        raise _bad(f"has a member at {name[:200]!r}: only plain relative paths are taken")
    if stat.S_IFMT(mode) not in {0, stat.S_IFREG}:
        raise _bad(f"{name[:200]!r} is no regular file: links and devices are not taken")
    if member.flag_bits & 1 or member.compress_type not in _KINDS:
        raise _bad(f"{name[:200]!r} is encrypted or compressed in a way that is not taken; use deflate")
    if member.file_size > SMALL_BYTES and member.file_size > MAX_RATIO * max(1, member.compress_size):
        raise TooLargeError(f"{name[:200]!r} unpacks to more than {MAX_RATIO} times its size in the archive")


def _check_contents(manifest: Manifest, members: dict[str, zipfile.ZipInfo]) -> None:
    wanted = {MANIFEST, *(part.path for part in manifest.parts)}
    if missing := sorted(wanted - members.keys()):
        raise _bad(f"lacks {missing[0]!r}, which its manifest names")
    if surplus := sorted(members.keys() - wanted):
        raise _bad(f"holds {surplus[0]!r}, which its manifest does not name")


def _bad(what: str) -> InvalidDocumentError:
    return InvalidDocumentError(Problem("file", f"the archive {what}"))
