import contextlib
import errno
import os
import subprocess
from pathlib import Path

import pytest

from workers import journal as journal_module
from workers.journal import BusyError, Journal, Leftover
from workers.processes.kernel import find_birth


@pytest.fixture
def open_journal(tmp_path):
    opened = []

    def make() -> Journal:
        opened.append(Journal(tmp_path / "journal", tmp_path / "lock"))
        return opened[-1]

    yield make
    for journal in opened:
        with contextlib.suppress(OSError):  # the test may have closed it
            journal.close()


def test_what_has_begun_and_not_ended_is_left_over(open_journal):
    first = open_journal()
    first.begin([("a", 1), ("b", 1), ("c", 2)])
    first.end([("b", 1), ("never", 1)])
    first.close()
    assert [entry.key for entry in open_journal().leftovers()] == [("a", 1), ("c", 2)]


def test_a_process_that_is_named_after_the_end_opens_nothing_again(open_journal):
    """It ran so quickly that its report was safe before its number was known."""
    first = open_journal()
    first.begin([("quick", 1)])
    first.end([("quick", 1)])
    first.note(("quick", 1), 4711, 1)
    assert first.leftovers() == []
    first.close()
    assert open_journal().leftovers() == []


def test_a_second_worker_is_refused_with_the_number_of_the_first(open_journal):
    journal = open_journal()
    with pytest.raises(BusyError, match=r"another worker \(process \d+\)"):
        open_journal()
    journal.close()
    open_journal()


def test_a_line_cut_off_by_death_is_passed_over(open_journal, tmp_path):
    journal = open_journal()
    journal.begin([("a", 1)])
    journal.close()
    with (tmp_path / "journal").open("ab") as file:
        file.write(b'["end","a"')
    assert [entry.key for entry in open_journal().leftovers()] == [("a", 1)]


def test_leftovers_are_killed_only_where_the_process_is_still_the_same(open_journal):
    with subprocess.Popen(["sleep", "60"]) as process:
        journal = open_journal()
        journal.begin([("a", 1)])
        journal.note(("a", 1), process.pid, find_birth(process.pid))
        journal.sync()
        journal.close()
        (entry,) = open_journal().leftovers()
        assert not Leftover("a", 1, process.pid, (find_birth(process.pid) or 0) + 1).kill()
        assert process.poll() is None
        assert entry.kill()
        assert process.wait(60) == -9
    assert not entry.kill()
    assert not Leftover("a", 1).kill()


def test_the_file_stays_small(open_journal, tmp_path, monkeypatch):
    monkeypatch.setattr(journal_module, "REWRITE_AFTER", 100)
    journal = open_journal()
    journal.begin([("open", 1)])
    for number in range(500):
        journal.begin([(f"t{number}", 1)])
        journal.end([(f"t{number}", 1)])
    assert len((tmp_path / "journal").read_bytes().splitlines()) < 110
    journal.close()
    assert [entry.key for entry in open_journal().leftovers()] == [("open", 1)]


def refuse(*_: object) -> int:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_puts_off_what_would_shorten_the_journal(open_journal, monkeypatch):
    monkeypatch.setattr(journal_module, "REWRITE_AFTER", 1)
    first = open_journal()
    with monkeypatch.context() as full:
        full.setattr(journal_module, "write_durably", refuse)
        first.begin([("a", 1), ("b", 1)])
        first.end([("a", 1)])
    first.begin([("c", 1)])
    first.close()
    assert [entry.key for entry in open_journal().leftovers()] == [("b", 1), ("c", 1)]


def test_a_line_that_a_full_disk_cuts_off_takes_no_other_with_it(open_journal, monkeypatch):
    write = os.write
    first = open_journal()
    with monkeypatch.context() as full:
        full.setattr(journal_module, "write_durably", refuse)
        with full.context() as fuller:
            fuller.setattr(os, "write", lambda file, content: write(file, content[:5]))
            first.begin([("cut", 1)])
        first.begin([("whole", 1)])
        first.close()
    assert [entry.key for entry in open_journal().leftovers()] == [("whole", 1)]


def test_an_end_that_a_full_disk_did_not_take_is_made_up_for(open_journal, monkeypatch):
    first = open_journal()
    first.begin([("a", 1), ("b", 1)])
    with monkeypatch.context() as full:
        full.setattr(os, "write", refuse)
        full.setattr(journal_module, "write_durably", refuse)
        first.end([("a", 1)])
        first.begin([("c", 1)])
    first.begin([("d", 1)])
    first.close()
    assert [entry.key for entry in open_journal().leftovers()] == [("b", 1), ("c", 1), ("d", 1)]


def test_a_new_file_that_cannot_be_opened_takes_no_later_line_with_it(open_journal, monkeypatch):
    """It has replaced the old one by then."""
    write = journal_module.write_durably

    def write_and_fail(file: Path, content: bytes) -> None:
        write(file, content)
        raise OSError(errno.EIO, "the folder cannot be synced")

    monkeypatch.setattr(journal_module, "REWRITE_AFTER", 1)
    first = open_journal()
    first.begin([("a", 1), ("b", 1)])
    with monkeypatch.context() as broken:
        broken.setattr(journal_module, "write_durably", write_and_fail)
        first.end([("a", 1)])
    first.begin([("c", 1)])
    first.close()
    assert [entry.key for entry in open_journal().leftovers()] == [("b", 1), ("c", 1)]


def test_an_end_that_a_full_disk_did_not_take_is_made_up_for_while_nothing_else_happens(open_journal, monkeypatch):
    """The next life would take it for lost, and drop what a success had left."""
    first = open_journal()
    first.begin([("a", 1)])
    with monkeypatch.context() as full:
        full.setattr(os, "write", refuse)
        full.setattr(journal_module, "write_durably", refuse)
        first.end([("a", 1)])
        first.sync()
    first.sync()
    first.close()
    assert open_journal().leftovers() == []


def test_a_disk_that_is_found_full_by_a_sync_harms_nothing_that_runs(open_journal, monkeypatch):
    first = open_journal()
    first.begin([("a", 1)])
    with monkeypatch.context() as full:
        full.setattr(os, "fsync", refuse)
        first.sync()
    first.begin([("b", 1)])
    first.close()
    assert [entry.key for entry in open_journal().leftovers()] == [("a", 1), ("b", 1)]
