"""What is uploaded is recognised; what is downloaded appears only when whole."""

import io
import os
import resource

import pytest

from fedrota.errors import FedrotaError
from fedrota.files import Download, Source, find_content_type


@pytest.mark.parametrize(
    ("name", "head", "kind"),
    [
        ("a.CSV", b"PAR1", "text/csv"),
        ("a.parquet", b"", "application/vnd.apache.parquet"),
        ("a.dat", b"PAR1", "application/vnd.apache.parquet"),
        (None, b"id,y", "text/csv"),
        (3, b"", "text/csv"),
    ],
)
def test_content_type_by_ending_or_else_by_first_bytes(name, head, kind):
    assert find_content_type(name, head) == kind


def test_open_file_is_read_from_where_it_stands_and_stays_open():
    file = io.BytesIO(b"0123456789")
    file.seek(4)
    with Source(file) as source:
        call = source.call("p", "n", {"content_type": "text/x", "replace": True})
        assert b"".join(source.blocks()) == b"456789"
    assert not file.closed
    assert call.headers == {"Content-Type": "text/x", "Content-Length": "6"}
    assert call.query == (("replace", "true"),)


def test_stream_that_cannot_be_rewound_has_no_length():
    class Pipe(io.BytesIO):
        def seekable(self):
            return False

    with Source(Pipe(b"id\n")) as source:
        assert "Content-Length" not in source.call("p", "n", {}).headers
        assert list(source.blocks()) == [b"id\n"]


def test_failed_download_keeps_the_old_file(tmp_path):
    target = tmp_path / "m"
    target.write_text("old")
    with pytest.raises(ZeroDivisionError):
        _write_and_fail(target)
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def _write_and_fail(target):
    with Download(target, "m") as download:
        download.write(b"new")
        raise ZeroDivisionError


def test_output_name_leads_out_of_no_folder(tmp_path):
    with Download(tmp_path, "../../etc/passwd") as download:
        download.write(b"x")
    assert download.path == tmp_path / "passwd"


def test_a_device_or_a_pipe_is_not_replaced_by_a_file(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(FedrotaError, match="pipe is no ordinary file"):
        Download(pipe, "m")
    assert pipe.is_fifo()
    assert list(tmp_path.iterdir()) == [pipe]


def test_a_link_is_followed(tmp_path):
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_bytes(b"old")
    link.symlink_to(target)
    with Download(link, "m") as download:
        download.write(b"new")
    assert link.is_symlink()
    assert target.read_bytes() == b"new"


def test_a_folder_of_the_output_s_name_is_named_and_nothing_is_left(tmp_path):
    (tmp_path / "m").mkdir()
    with pytest.raises(FedrotaError, match="cannot write .*m: Is a directory"), Download(tmp_path, "m") as download:
        download.write(b"x")
    assert list(tmp_path.iterdir()) == [tmp_path / "m"]


def test_a_full_disk_is_named_and_nothing_is_left(tmp_path):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        with pytest.raises(FedrotaError, match="cannot write .*m: File too large"), Download(tmp_path, "m") as download:
            download.write(b"x" * 100_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list(tmp_path.iterdir()) == []


def test_unwritable_place_is_named(tmp_path):
    with pytest.raises(FedrotaError, match="cannot write .*No such file"):
        Download(tmp_path / "nope" / "m", "m")
