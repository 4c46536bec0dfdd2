"""What is told of attempts that nobody lived to report."""

import pytest

from scheduler.domain.messages import LOG_TAIL_BYTES
from workers.lost_attempts import ALL_TAILS_BYTES, make_lost_records
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
