"""When the open jobs of a person are counted, and when what is known of them is enough."""

from datetime import timedelta

import pytest

from scheduler.domain.errors import BusyError
from scheduler.service import jobs, open_jobs
from scheduler.service.jobs import Submitted
from scheduler.service.open_jobs import GOOD_FOR, OpenJobs
from scheduler.store.work import complete
from tests.scheduler.centre import START, step

ME = ("me", "", "p")
HER = ("her", "", "p")


@pytest.fixture
def counted(monkeypatch):
    """The names whose jobs were counted, call by call."""
    calls = []
    count = jobs.count_open_jobs

    def listen(tx, owners):
        calls.append(sorted(owners))
        return count(tx, owners)

    monkeypatch.setattr(jobs, "count_open_jobs", listen)
    return calls


def submit(centre, known, *wishes):
    return centre.write(lambda tx: complete(jobs.submit_jobs(tx, wishes, now=centre.now, open_jobs=known)))


def test_who_was_counted_a_moment_ago_is_not_counted_again(centre, counted):
    known, wish = OpenJobs(10), centre.plan(step("s"))
    submit(centre, known, wish, wish)
    submit(centre, known, wish)
    submit(centre, known, wish, centre.plan(step("s"), owner="her"))
    assert counted == [["me"], [], ["her"]]


def test_a_count_grows_old(centre, counted):
    known, wish = OpenJobs(10), centre.plan(step("s"))
    submit(centre, known, wish)
    centre.now += GOOD_FOR
    submit(centre, known, wish)
    centre.now -= timedelta(hours=1)  # a clock that was put back
    submit(centre, known, wish)
    assert counted == [["me"], ["me"], ["me"]]


def test_nobody_is_refused_without_a_count(centre, counted):
    known, wish = OpenJobs(2), centre.plan(step("s"))
    submit(centre, known, wish, wish)
    centre.run()
    [answer] = submit(centre, known, wish)
    assert isinstance(answer, Submitted)
    assert counted == [["me"], ["me"]]


def test_the_limit_holds_within_a_count_and_across_counts(centre):
    known, wish = OpenJobs(3), centre.plan(step("s"))
    submit(centre, known, wish)
    answers = submit(centre, known, wish, wish, wish)
    assert [isinstance(answer, BusyError) for answer in answers] == [False, False, True]
    assert isinstance(submit(centre, known, wish)[0], BusyError)
    assert centre.rows("SELECT COUNT(*) FROM job") == [(3,)]


def test_what_was_undone_counts_only_until_the_next_count(centre):
    known, wish = OpenJobs(1), centre.plan(step("s"))

    def fail(tx):
        complete(jobs.submit_jobs(tx, [wish], now=centre.now, open_jobs=known))
        raise RuntimeError("the transaction is undone")

    with pytest.raises(RuntimeError):
        centre.write(fail)
    assert isinstance(submit(centre, known, wish)[0], Submitted)


def test_old_counts_of_many_people_are_thrown_away(monkeypatch):
    monkeypatch.setattr(open_jobs, "MANY_PEOPLE", 2)
    known = OpenJobs(1)
    known.note([ME, HER], {}, now=START)
    late = START + GOOD_FOR
    known.note([("they", "", "p")], {}, now=late)
    assert known.find_due([ME, ("they", "", "p")], now=late) == {ME}
    assert len(known._counts) == 1
