"""Archives that could do harm are refused before anything of them is read."""

import io
import stat
import zipfile

import pytest

from api.dialects.flare.errors import FlareError
from api.dialects.flare.requests import archive as module
from api.dialects.flare.requests.archive import JobArchive
from tests.api.dialects.flare.requests.jobs import pack, pack_job


def open_archive(raw, folder="job"):
    return JobArchive(io.BytesIO(raw), folder)


def pack_member(name, *, mode=0, body=b"x"):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        member = zipfile.ZipInfo(name)
        member.external_attr = mode << 16
        member.compress_type = zipfile.ZIP_DEFLATED
        archive.writestr(member, body)
    return made.getvalue()


def test_files_are_known_by_their_paths_below_the_folder():
    found = open_archive(pack_job())
    assert found.paths == {"meta.json", "app/config/config_fed_server.json", "app/config/config_fed_client.json"}
    assert found.list_folders() == {"app"}
    assert found.read_text("app/config/config_fed_server.json") == "{}"


def test_the_clients_signatures_are_passed_over():
    found = open_archive(pack({"a/.__nvfl_sig.json": "{}", ".__nvfl_submitter.crt": "x", "a/b.txt": "c"}))
    assert found.paths == {"a/b.txt"}


@pytest.mark.parametrize(
    "name", ["job/../x", "/job/x", "../job/x", "job//x", "job/./x", "other/x", "job", "job\\..\\x"]
)
def test_a_path_outside_the_folder_is_refused(name):
    with pytest.raises(FlareError, match="path inside it|outside its folder"):
        open_archive(pack_member(name))


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFSOCK])
def test_links_and_devices_are_refused(kind):
    with pytest.raises(FlareError, match="links and devices"):
        open_archive(pack_member("job/x", mode=kind | 0o777))


def test_plain_modes_are_taken():
    assert open_archive(pack_member("job/x", mode=stat.S_IFREG | 0o644)).paths == {"x"}
    assert open_archive(pack_member("job/x", mode=0o644)).paths == {"x"}


def test_a_bomb_is_refused():
    with pytest.raises(FlareError, match="would unpack to"):
        open_archive(pack_member("job/x", body=bytes(32 << 20)))


def test_little_may_be_packed_as_tightly_as_it_can_be():
    assert open_archive(pack_member("job/x", body=bytes(module.SMALL_BYTES))).paths == {"x"}


def test_what_unpacks_to_more_than_the_limit_is_refused_however_it_is_packed(monkeypatch):
    raw = pack({"a": "x" * 5, "b": "x" * 5})
    monkeypatch.setattr(module, "MAX_UNPACKED_BYTES", 10)
    assert open_archive(raw).paths == {"a", "b"}
    monkeypatch.setattr(module, "MAX_UNPACKED_BYTES", 9)
    with pytest.raises(FlareError, match="would unpack to 10 bytes"):
        open_archive(raw)


def test_an_encrypted_member_is_refused():
    raw = bytearray(pack_member("job/x"))
    raw[raw.index(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(FlareError, match="encrypted"):
        open_archive(bytes(raw))


def test_too_many_files_are_refused(monkeypatch):
    monkeypatch.setattr(module, "MAX_MEMBERS", 2)
    with pytest.raises(FlareError, match="more than 2"):
        open_archive(pack_job())


@pytest.mark.parametrize("raw", [b"", b"PK", b"no zip at all", pack_job()[:-30]])
def test_what_is_no_archive_is_refused(raw):
    with pytest.raises(FlareError, match="no zip archive"):
        open_archive(raw)


def test_a_damaged_member_is_refused():
    raw = bytearray(pack({"meta.json": "".join(f"{n:x}" for n in range(9999))}))
    raw[200:300] = bytes(100)
    with pytest.raises(FlareError, match="cannot be read"):
        open_archive(bytes(raw)).read_text("meta.json")


def test_text_that_is_no_utf8_is_refused():
    with pytest.raises(FlareError, match="cannot be read"):
        open_archive(pack_member("job/x", body=b"\xff\xfe")).read_text("x")


def test_the_same_files_have_the_same_fingerprint_however_they_were_packed():
    files = {"meta.json": "{}", "app/x.py": "print(1)"}
    same = {"app/x.py": "print(1)", "app/.__nvfl_sig.json": "signed", ".__nvfl_submitter.crt": "PEM", "meta.json": "{}"}
    first = open_archive(pack(files)).fingerprint
    assert open_archive(pack(same)).fingerprint == first
    for other in ({**files, "app/x.py": "print(2)"}, {**files, "app/y.py": ""}, {"meta.json": "{}"}):
        assert open_archive(pack(other)).fingerprint != first


@pytest.mark.parametrize("kind", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_damaged_file_is_refused_however_it_was_packed(kind):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", kind) as archive:
        archive.writestr("job/meta.json", repr(list(range(200))))
    broken = bytearray(made.getvalue())
    start = 34 + len("job/meta.json")
    broken[start : start + 6] = b"\xff" * 6
    with pytest.raises(FlareError, match=r"meta\.json of job job cannot be read"):
        open_archive(bytes(broken)).read_text("meta.json")


@pytest.mark.parametrize(("wrong", "says"), [(b"\xc3a", "came as no zip archive"), (b"\0a", "no path inside it")])
def test_a_member_whose_name_is_none_is_refused(wrong, says):
    made = pack_member("\u00e9").replace("\u00e9".encode(), wrong)
    with pytest.raises(FlareError, match=says):
        open_archive(made)
