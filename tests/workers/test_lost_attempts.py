"""What is told of attempts that nobody lived to report."""

import os

import pytest

from scheduler.domain.messages import LOG_TAIL_BYTES
from workers.journal import Journal
from workers.lost_attempts import ALL_TAILS_BYTES, make_lost_records, recover_reports
from workers.spool import Spool
from workers.workdir import Workdir


@pytest.fixture
def workdir(tmp_path):
    made = Workdir(tmp_path, "a")
    made.prepare()
    return made


def write_log(workdir, key, text):
    file = workdir.log(*key)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text)


def test_a_loss_says_that_the_worker_died_and_carries_the_end_of_the_log(workdir):
    write_log(workdir, ("t", 3), b"x" * LOG_TAIL_BYTES + b"last words\n")
    [record] = make_lost_records(workdir, [("t", 3)])
    report = record.report
    assert (report.task, report.seq, report.outcome, report.kind, report.worker_died) == (
        "t",
        3,
        "failed",
        "lost",
        True,
    )
    assert report.log_size == LOG_TAIL_BYTES + 11
    assert len(report.detail) == LOG_TAIL_BYTES
    assert report.detail.endswith("xlast words\n")


def test_an_attempt_that_printed_nothing_is_lost_too(workdir):
    [record] = make_lost_records(workdir, [("t", 1)])
    assert (record.report.detail, record.report.log_size, record.report.worker_died) == ("", 0, True)


def test_many_losses_share_the_room_of_one_call(workdir):
    keys = [(f"t{number}", 1) for number in range(64)]
    for key in keys:
        write_log(workdir, key, b"y" * LOG_TAIL_BYTES)
    assert sum(len(record.report.detail) for record in make_lost_records(workdir, keys)) == ALL_TAILS_BYTES


@pytest.fixture
def former_life(workdir):
    """Spool and journal of a worker that died over the attempt t 1, which had begun an output."""
    spool, journal = Spool(workdir.spool), Journal(workdir.journal, workdir.lock)
    journal.begin([("t", 1)])
    journal.note(("t", 1), os.getpid(), 1)
    workdir.output("t", 1, "model").parent.mkdir(parents=True)
    workdir.output("t", 1, "model").write_text("half")
    yield {"spool": spool, "journal": journal}
    journal.close()


def test_a_report_that_was_written_is_told_and_no_second_one_made(workdir, former_life):
    written = make_lost_records(workdir, [("t", 1)])
    former_life["spool"].write(written)
    assert recover_reports(workdir, spool=Spool(workdir.spool), journal=former_life["journal"]) == written
    assert workdir.has_outputs("t", 1)
    assert former_life["journal"].leftovers() == []


def test_what_had_no_process_takes_nothing_with_it_but_its_empty_folder(workdir, former_life):
    former_life["journal"].begin([("repeats", 1), ("new", 1)])
    for task in ("repeats", "new"):
        workdir.outputs(task, 1).mkdir(parents=True)
    workdir.output("repeats", 1, "model").write_text("whole")
    lost = recover_reports(workdir, **former_life)
    assert sorted(record.report.task for record in lost) == ["new", "repeats", "t"]
    assert workdir.has_outputs("repeats", 1)
    assert not workdir.outputs("new", 1).exists()
    assert not workdir.has_outputs("t", 1)


def test_a_life_that_dies_over_the_losses_of_the_one_before_leaves_no_outputs(workdir, former_life, monkeypatch):
    def die(_records: object) -> bool:
        raise KeyboardInterrupt

    monkeypatch.setattr(former_life["spool"], "write", die)
    with pytest.raises(KeyboardInterrupt):
        recover_reports(workdir, **former_life)
    assert not workdir.has_outputs("t", 1)
