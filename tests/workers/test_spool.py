import pytest

from scheduler.domain.messages import MetricPoint, OutputRef, Report
from workers.spool import Record, Spool


def make_record(task: str, **facts) -> Record:
    output = OutputRef(name="m", kind="model", size=1, sha256="x", facts={"a": [1]})
    return Record(report=Report(task=task, seq=1, outcome="success", outputs=(output,), summary={"b": 1.5}), **facts)


def test_records_survive_and_are_forgotten_one_by_one(tmp_path):
    points = (MetricPoint("loss", 1, 0.5, 3.25),)
    records = [make_record("a", batch=2, metrics=points), make_record("b")]
    assert Spool(tmp_path).write(records)
    again = Spool(tmp_path)
    assert again.load() == records
    again.forget(("a", 1))
    assert len(list(tmp_path.iterdir())) == 1
    again.forget(("b", 1))
    again.forget(("b", 1))
    assert list(tmp_path.iterdir()) == []


def test_a_group_costs_one_file(tmp_path):
    spool = Spool(tmp_path)
    spool.write([make_record(str(number)) for number in range(50)])
    spool.write([make_record("x")])
    assert len(list(tmp_path.iterdir())) == 2


def test_files_come_back_in_the_order_in_which_they_were_written(tmp_path):
    for task in ("c", "a", "b"):
        Spool(tmp_path).write([make_record(task)])
    assert [record.report.task for record in Spool(tmp_path).load()] == ["c", "a", "b"]


@pytest.mark.parametrize("content", [b"", b"[{", b"[1]", b'[{"report": {}}]', b"{}"])
def test_a_broken_file_is_set_aside_and_harms_no_other(tmp_path, content):
    (tmp_path / "0-broken.json").write_bytes(content)
    spool = Spool(tmp_path)
    spool.write([make_record("a")])
    assert [record.report.task for record in Spool(tmp_path).load()] == ["a"]


def test_a_draft_of_a_killed_worker_is_no_record(tmp_path):
    (tmp_path / "1.json.draft").write_bytes(b"[")
    assert Spool(tmp_path).load() == []


def test_a_disk_that_takes_nothing_is_told(tmp_path):
    spool = Spool(tmp_path / "absent")
    assert not spool.write([make_record("a")])
    spool.forget(("a", 1))
