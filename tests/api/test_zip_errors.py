"""Whatever byte of an archive is damaged, what Python raises over it is known."""

import io
import sys
import zipfile

import pytest

from api.zip_errors import UNREADABLE

KINDS = [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]


def pack(kind):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", kind) as archive:
        archive.writestr("é", b"hello " * 20)
    return made.getvalue()


def read(raw):
    """The error's type, None where all can be read."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            for member in archive.infolist():
                if not member.is_dir():
                    archive.read(member)
    except UNREADABLE as wrong:
        return type(wrong)
    return None


@pytest.mark.parametrize("kind", KINDS)
def test_no_damage_raises_anything_else(kind):
    sound = pack(kind)
    assert read(sound) is None
    found = set()
    for place in range(len(sound)):
        for byte in (0, 1, 9, 12, 14, 0xC3, 0xFF, sound[place] ^ 1):
            found.add(read(sound[:place] + bytes([byte]) + sound[place + 1 :]))
    assert {zipfile.BadZipFile, UnicodeDecodeError, NotImplementedError, RuntimeError} <= found


def test_a_member_without_a_name_is_one_of_them_if_it_is_an_error():
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("a", b"x")
    raw = made.getvalue()
    assert raw.count(b"a") == 2
    assert read(raw.replace(b"a", b"\0")) is (IndexError if sys.version_info < (3, 12) else None)
