import io
import zipfile

import pytest

from fedrota.bridge import parcels
from fedrota.bridge.errors import AwayError


def make_zip(files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def cut(content, size=100):
    return iter([content[at : at + size] for at in range(0, len(content), size)])


def test_folders_become_zips_and_files_stay(tmp_path):
    given = make_zip(
        {"job/a/meta.json": "1", "job/b.txt": "2", "workspace/log.txt": "3", "meta.json": "4", "empty/": ""}
    )
    assert sorted(parcels.split(cut(given), tmp_path)) == ["job.zip", "meta.json", "workspace.zip"]
    with zipfile.ZipFile(tmp_path / "job.zip") as made:
        assert {name: made.read(name) for name in made.namelist()} == {"a/meta.json": b"1", "b.txt": b"2"}
    assert (tmp_path / "meta.json").read_text() == "4"


@pytest.mark.parametrize("name", ["../x", "/etc/x", "a/../../x", "a\\..\\x"])
def test_a_path_that_leads_out_is_refused(tmp_path, name):
    with pytest.raises(AwayError, match="no path inside"):
        parcels.split(cut(make_zip({name: "x"})), tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"no zip", make_zip({"a": "x" * 1000})[:-30]])
def test_what_is_no_whole_zip_is_refused(tmp_path, content):
    with pytest.raises(AwayError, match="damaged"):
        parcels.split(cut(content), tmp_path)


def test_too_many_parts_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(parcels, "MAX_PARTS", 2)
    with pytest.raises(AwayError, match="more than 2 parts"):
        parcels.split(cut(make_zip({"a": "", "b": "", "c": ""})), tmp_path)
