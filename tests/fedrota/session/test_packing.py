"""Folders become zips and zips folders; nothing gets out of either."""

import io
import zipfile

import pytest

from fedrota.session import outcomes
from fedrota.session.packing import choose_place, pack, unpack


def test_a_folder_survives_the_way_there_and_back(tmp_path):
    source = tmp_path / "job"
    (source / "app" / "config").mkdir(parents=True)
    (source / "app" / "config" / "a.json").write_text("{}")
    (source / "big.bin").write_bytes(bytes(1_000_000))
    with pack(source) as pieces:
        unpack(pieces, tmp_path / "out")
    assert (tmp_path / "out" / "job" / "app" / "config" / "a.json").read_text() == "{}"
    assert (tmp_path / "out" / "job" / "big.bin").stat().st_size == 1_000_000


def test_links_that_lead_out_of_the_folder_stay_behind(tmp_path):
    source = tmp_path / "job"
    source.mkdir()
    (tmp_path / "secret").write_text("s")
    (source / "out").symlink_to(tmp_path / "secret")
    (source / "a").write_text("a")
    (source / "in").symlink_to(source / "a")
    with pack(source) as pieces, zipfile.ZipFile(io.BytesIO(b"".join(pieces))) as archive:
        assert archive.namelist() == ["job/a", "job/in"]


@pytest.mark.parametrize("name", ["../x", "/x", "a/../../x", "a\\..\\x"])
def test_a_result_that_would_lie_elsewhere_is_refused(tmp_path, name):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr(name, "x")
    with pytest.raises(outcomes.InternalError, match="no path inside it"):
        unpack([made.getvalue()], tmp_path / "out")


def test_a_damaged_result_is_named(tmp_path):
    with pytest.raises(outcomes.InternalError, match="came damaged"):
        unpack([b"nonsense"], tmp_path)


def test_each_download_gets_a_folder_of_its_own(tmp_path):
    assert [choose_place(tmp_path / "t", "7").name for _ in range(3)] == ["7", "7__1", "7__2"]
