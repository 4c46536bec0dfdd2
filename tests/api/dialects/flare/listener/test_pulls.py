import io
import zipfile
from pathlib import Path

import pytest

from api.dialects.flare.errors import FlareError
from api.dialects.flare.listener import pulls as module
from api.dialects.flare.listener.pulls import KEPT_S, Pulls, split


def pack(**files):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, text in files.items():
            archive.writestr(name.replace("__", "/"), text)
    file.seek(0)
    return file


def test_folders_become_zips_and_files_stay(tmp_path):
    assert split(pack(job__a__b="1", job__c="2", meta="3"), tmp_path) == ["job.zip", "meta"]
    with zipfile.ZipFile(tmp_path / "job.zip") as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == {"a/b": b"1", "c": b"2"}
    assert (tmp_path / "meta").read_bytes() == b"3"


async def test_files_are_its_owners_for_a_time():
    now = [0.0]
    pulls = Pulls(clock=lambda: now[0])
    pull = await pulls.add(pack(meta="3"), "lead")
    folder = Path(pull.folder.name)
    assert pulls.find(pull.id, "lead") is pull
    assert pulls.find(pull.id, "other") is None
    with pull.open("meta") as file:
        assert file.read() == b"3"
    with pytest.raises(FlareError, match="no such file"):
        pull.open("../meta")
    now[0] = KEPT_S
    assert pulls.find(pull.id, "lead") is None
    assert not folder.exists()


async def test_only_so_many_are_kept_and_nothing_stays_behind(monkeypatch):
    monkeypatch.setattr(module, "KEPT", 2)
    pulls = Pulls()
    kept = [await pulls.add(pack(meta=str(number)), "lead") for number in range(3)]
    assert [pulls.find(pull.id, "lead") is not None for pull in kept] == [False, True, True]
    pulls.close()
    assert not any(Path(pull.folder.name).exists() for pull in kept)


async def test_a_damaged_zip_leaves_nothing_behind(monkeypatch):
    pulls = Pulls()
    with pytest.raises(zipfile.BadZipFile):
        await pulls.add(io.BytesIO(b"no zip"), "lead")
    assert not pulls._kept
