import errno
import io
import zipfile

import pytest

from api.dialects.flare.errors import FlareError
from api.dialects.flare.routes.packing import check_path, copy_members


def make_zip(files):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return made


def copy(source, below="workspace", limit=1 << 20):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as result:
        copy_members(source, result, below, limit=limit)
    with zipfile.ZipFile(made) as result:
        return {name: result.read(name) for name in result.namelist()}


def test_members_stand_below_their_new_folder():
    assert copy(make_zip({"a/b.txt": b"b", "empty/": b"", "c": b"c"})) == {
        "workspace/a/b.txt": b"b",
        "workspace/c": b"c",
    }


@pytest.mark.parametrize("name", ["../x", "/x", "a/../../x", "a\\x", "a//b"])
def test_a_path_that_leads_out_is_refused(name):
    with pytest.raises(FlareError, match="no path inside it"):
        copy(make_zip({name: b"x"}))
    assert check_path("a/b") == "a/b"


def test_an_archive_that_unpacks_to_more_than_the_limit_is_refused():
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(3):
            archive.writestr(f"zeros-{number}", bytes(400_000))
    assert made.tell() < 5000
    with pytest.raises(FlareError, match="more than 1000000 bytes unpacked"):
        copy(made, limit=1_000_000)


def test_a_damaged_archive_is_said():
    made = make_zip({"a": b"x" * 1000})
    broken = bytearray(made.getvalue())
    broken[40:60] = b"y" * 20
    with pytest.raises(FlareError, match="the workspace of the result is damaged"):
        copy(io.BytesIO(bytes(broken)))


@pytest.mark.parametrize("kind", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_damaged_member_is_said_however_it_was_packed(kind):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", kind) as archive:
        archive.writestr("log.txt", b"hello world " * 50)
    broken = bytearray(made.getvalue())
    start = 30 + len("log.txt")
    broken[start : start + 6] = b"\xff" * 6
    with pytest.raises(FlareError, match="the workspace of the result is damaged"):
        copy(io.BytesIO(bytes(broken)))


@pytest.mark.parametrize("name", [b"\xc3a", b"\0a"])
def test_a_member_whose_name_is_none_is_damage(name):
    made = make_zip({"\u00e9": b"x"}).getvalue()
    assert made.count("\u00e9".encode()) == 2
    # From 3.12 on Python reads a member without a name; we refuse it.
    with pytest.raises(FlareError, match="the workspace of the result is damaged|holds '', which is no path inside it"):
        copy(io.BytesIO(made.replace("\u00e9".encode(), name)))


def test_a_disk_of_ours_that_is_full_is_no_damaged_result():
    class Full(io.BytesIO):
        def write(self, _piece):
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError, match="No space left"), zipfile.ZipFile(Full(), "w") as result:
        copy_members(make_zip({"a": b"x"}), result, "workspace", limit=1)


async def test_an_output_that_was_changed_at_its_party_is_refused(server_site):
    job, claims = await server_site.begin()
    left = server_site.leave_workspace(claims["server"], {"log.txt": b"done"})
    await server_site.end(claims, outputs=[left])
    file = server_site.workdir.output(claims["server"]["task"], claims["server"]["seq"], "workspace")
    file.write_bytes(b"something else")
    found = await server_site.console.meta("download_job", job)
    assert (found["status"], "changed there since" in found["info"]) == ("error", True)
