"""Every way in which an archive may lie."""

import hashlib
import io
import stat
import zipfile

import orjson
import pytest

from api.models.manifest import MANIFEST
from api.models.unpacking import Archive
from scheduler.domain.errors import InvalidDocumentError, TooLargeError

CONTENT = b"coefficients"
PATH = "parts/guest/1/lr/model"
LIMIT = 4 << 20


def manifest(content=CONTENT, path=PATH, **changes):
    part = {
        "path": path, "role": "guest", "party": "1", "step": "lr", "name": "model", "size": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }  # fmt: skip
    document = {
        "model_id": "m", "model_version": "1", "exported_by": {"role": "guest", "party": "1"},
        "members": [{"role": "guest", "party": "1"}], "created": "2026", "parts": [part],
    }  # fmt: skip
    return orjson.dumps({**document, **changes})


def pack(members, compression=zipfile.ZIP_DEFLATED):
    """An archive of (name or ZipInfo, content)."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return file


def special(mode, name=PATH):
    info = zipfile.ZipInfo(name)
    info.external_attr = (mode | 0o644) << 16
    return info


def open_archive(members=None, **given):
    listed = [("fedrota-model.json", manifest()), (PATH, CONTENT)] if members is None else members
    return Archive(pack(listed, **given), limit_bytes=LIMIT)


def test_an_honest_archive_is_read():
    archive = open_archive()
    (part,) = archive.manifest.parts
    assert b"".join(archive.read(part)) == CONTENT


@pytest.mark.parametrize("name", ["../x", "/etc/x", "a/../../x", "a//b", "./a", "C:x", "a\\b", "dir/"])
def test_paths_that_lead_elsewhere_are_refused(name):
    with pytest.raises(InvalidDocumentError, match="only plain relative paths"):
        open_archive([("fedrota-model.json", manifest()), (PATH, CONTENT), (name, b"")])


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFIFO, stat.S_IFSOCK, stat.S_IFDIR])
def test_links_and_devices_are_refused(kind):
    with pytest.raises(InvalidDocumentError, match="no regular file"):
        open_archive([("fedrota-model.json", manifest()), (special(kind), CONTENT)])


def test_a_bomb_is_refused_by_its_ratio_before_it_is_opened():
    bomb = b"\0" * (2 << 20)
    with pytest.raises(TooLargeError, match="200 times"):
        open_archive([("fedrota-model.json", manifest(bomb)), (PATH, bomb)])


def test_little_may_be_packed_as_tightly_as_it_can_be():
    empty = b"\0" * (1 << 20)
    archive = open_archive([("fedrota-model.json", manifest(empty)), (PATH, empty)])
    assert b"".join(archive.read(archive.manifest.parts[0])) == empty


def test_more_than_the_limit_is_refused():
    members = [("fedrota-model.json", manifest()), (PATH, CONTENT)]
    size = sum(len(content) for _, content in members)
    assert Archive(pack(members), limit_bytes=size).manifest
    with pytest.raises(TooLargeError, match=f"limit of {size - 1} bytes"):
        Archive(pack(members), limit_bytes=size - 1)


def test_more_than_the_limit_is_refused_before_it_is_read():
    large = bytes(range(256)) * (5 << 12)
    with pytest.raises(TooLargeError, match=f"limit of {LIMIT} bytes"):
        open_archive([("fedrota-model.json", manifest(large)), (PATH, large)], compression=zipfile.ZIP_STORED)


def test_too_many_members_are_refused():
    with pytest.raises(TooLargeError, match="members"):
        open_archive([(f"f{number}", b"") for number in range(10_002)], compression=zipfile.ZIP_STORED)


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ([(PATH, CONTENT)], "has no fedrota-model.json"),
        ([("fedrota-model.json", manifest())], f"lacks '{PATH}'"),
        ([("fedrota-model.json", manifest()), (PATH, CONTENT), ("more", b"")], "holds 'more'"),
        ([("fedrota-model.json", manifest()), (PATH, b"COEFFICIENTS")], "size or SHA-256 differ"),
        ([("fedrota-model.json", manifest()), (PATH, CONTENT + b"x")], "size or SHA-256 differ"),
        ([("fedrota-model.json", manifest()), (PATH, CONTENT), (PATH, CONTENT)], "same name"),
        ([("fedrota-model.json", b"{"), (PATH, CONTENT)], "fedrota-model.json"),
    ],
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_contents_must_be_what_the_manifest_says(members, message):
    with pytest.raises(InvalidDocumentError, match=message):
        open_archive(members)


def test_other_compressions_are_refused():
    with pytest.raises(InvalidDocumentError, match="use deflate"):
        open_archive(compression=zipfile.ZIP_LZMA)


def test_encrypted_members_are_refused():
    packed = pack([("fedrota-model.json", manifest()), (PATH, CONTENT)]).getvalue()
    local, central = packed.rindex(b"PK\x03\x04"), packed.rindex(b"PK\x01\x02")
    marked = bytearray(packed)
    marked[local + 6] |= 1
    marked[central + 8] |= 1
    with pytest.raises(InvalidDocumentError, match=f"'{PATH}' is encrypted or compressed"):
        Archive(io.BytesIO(marked), limit_bytes=LIMIT)


def test_a_manifest_without_end_is_refused():
    with pytest.raises(TooLargeError, match=r"fedrota-model\.json is larger"):
        Archive(
            pack([("fedrota-model.json", b" " * (9 << 20))], compression=zipfile.ZIP_STORED), limit_bytes=100 << 20
        )  # fmt: skip


@pytest.mark.parametrize("cut", [10, 200])
def test_a_broken_file_is_refused(cut):
    whole = pack([("fedrota-model.json", manifest()), (PATH, CONTENT)]).getvalue()
    with pytest.raises(InvalidDocumentError, match="no zip archive"):
        Archive(io.BytesIO(whole[:cut]), limit_bytes=LIMIT)


def test_a_member_that_was_damaged_is_refused():
    file = pack([("fedrota-model.json", manifest()), (PATH, CONTENT)], compression=zipfile.ZIP_STORED)
    damaged = file.getvalue().replace(CONTENT, b"Coefficients")
    with pytest.raises(InvalidDocumentError, match="cannot be read"):
        Archive(io.BytesIO(damaged), limit_bytes=LIMIT)


def test_a_member_whose_compressed_bytes_are_damaged_is_refused():
    broken = bytearray(pack([(MANIFEST, manifest())]).getvalue())
    start = 30 + len(MANIFEST)
    broken[start : start + 6] = b"\xff" * 6
    with pytest.raises(InvalidDocumentError, match=f"{MANIFEST} cannot be read"):
        Archive(io.BytesIO(bytes(broken)), limit_bytes=LIMIT)
