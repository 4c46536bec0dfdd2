import errno
import os
from pathlib import Path

import psutil
import pytest

from scheduler.domain.messages import MetricPoint, OutputRef, Report
from tests.workers.fakes import list_spooled
from workers.spool import Record, Spool


def make_record(task: str, **facts) -> Record:
    output = OutputRef(name="m", kind="model", size=1, sha256="x", facts={"a": [1]})
    return Record(report=Report(task=task, seq=1, outcome="success", outputs=(output,), summary={"b": 1.5}), **facts)


def list_held(folder):
    """The files in `folder` that this process has open."""
    return [file for file in psutil.Process().open_files() if Path(file.path).parent == folder]


def test_records_survive_and_are_forgotten_one_by_one(tmp_path):
    points = (MetricPoint("loss", 1, 0.5, 3.25),)
    records = [make_record("a", batch=2, metrics=points), make_record("b")]
    assert Spool(tmp_path).write(records)
    again = Spool(tmp_path)
    assert again.load() == records
    again.forget(("a", 1))
    assert len(list_spooled(tmp_path)) == 1
    again.forget(("b", 1))
    again.forget(("b", 1))
    assert list(tmp_path.iterdir()) == []


def test_all_groups_share_a_file_until_it_is_empty(tmp_path):
    spool = Spool(tmp_path)
    for task in ("a", "b"):
        assert spool.write([make_record(task), make_record(f"{task}2")])
    assert len(list_spooled(tmp_path)) == 1
    for task in ("a", "a2", "b"):
        spool.forget((task, 1))
    assert [record.report.task for record in Spool(tmp_path).load()] == ["a", "a2", "b", "b2"]
    spool.forget(("b2", 1))
    assert list_spooled(tmp_path) == []
    assert spool.write([make_record("c")])
    assert [record.report.task for record in Spool(tmp_path).load()] == ["c"]


def test_a_record_that_is_written_again_is_kept_once_more(tmp_path):
    spool = Spool(tmp_path)
    for _ in range(2):
        assert spool.write([make_record("a")])
    assert list_spooled(tmp_path)
    spool.forget(("a", 1))
    assert list_spooled(tmp_path) == []


def test_a_large_file_is_followed_by_another_and_goes_when_it_is_answered(tmp_path, monkeypatch):
    monkeypatch.setattr("workers.spool.ROTATE_BYTES", 10)
    spool = Spool(tmp_path)
    for task in ("a", "b"):
        assert spool.write([make_record(task)])
    assert len(list_spooled(tmp_path)) == 2
    assert len(list_held(tmp_path)) == 1
    spool.forget(("a", 1))
    assert [record.report.task for record in Spool(tmp_path).load()] == ["b"]


def test_a_large_file_that_was_emptied_is_written_again(tmp_path, monkeypatch):
    monkeypatch.setattr("workers.spool.ROTATE_BYTES", 10)
    spool = Spool(tmp_path)
    for task in ("a", "b"):
        assert spool.write([make_record(task)])
        [file] = tmp_path.iterdir()
        spool.forget((task, 1))
        assert file.exists()
    spool.close()
    assert list_held(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def test_files_come_back_in_the_order_in_which_they_were_written(tmp_path):
    for second, task in enumerate(("c", "a", "b")):
        before = set(tmp_path.iterdir())
        Spool(tmp_path).write([make_record(task)])
        [file] = set(tmp_path.iterdir()) - before
        os.utime(file, (second, second))
    assert [record.report.task for record in Spool(tmp_path).load()] == ["c", "a", "b"]


@pytest.mark.parametrize("content", [b"", b"[{", b"[1]", b'[{"report": {}}]', b"{}"])
def test_a_broken_file_is_set_aside_and_harms_no_other(tmp_path, content):
    (tmp_path / "0-broken.json").write_bytes(content)
    spool = Spool(tmp_path)
    spool.write([make_record("a")])
    assert [record.report.task for record in Spool(tmp_path).load()] == ["a"]
    assert not (tmp_path / "0-broken.json").exists()


def test_a_line_that_was_torn_costs_none_of_those_before_it(tmp_path):
    spool = Spool(tmp_path)
    spool.write([make_record("a")])
    [file] = tmp_path.iterdir()
    whole = file.read_bytes()
    file.write_bytes(whole + whole[:20])
    again = Spool(tmp_path)
    assert [record.report.task for record in again.load()] == ["a"]
    assert [broken.read_bytes() for broken in tmp_path.glob("*.broken")] == [whole[:20]]


def test_a_disk_that_takes_nothing_is_told(tmp_path):
    spool = Spool(tmp_path / "absent")
    assert not spool.write([make_record("a")])
    spool.forget(("a", 1))


def test_a_disk_that_takes_only_a_part_is_told_and_the_next_record_has_a_file_of_its_own(tmp_path, monkeypatch):
    spool, write = Spool(tmp_path), os.write
    with monkeypatch.context() as full:
        full.setattr("workers.spool.os.write", lambda handle, line: write(handle, line[:20]))
        assert not spool.write([make_record("a")])
    assert spool.write([make_record("b")])
    assert [record.report.task for record in Spool(tmp_path).load()] == ["b"]


def test_a_file_whose_name_a_full_disk_does_not_keep_is_not_left_behind(tmp_path, monkeypatch):
    def refuse(_folder: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("workers.spool.sync_folder", refuse)
    assert not Spool(tmp_path).write([make_record("a")])
    assert list(tmp_path.iterdir()) == []
