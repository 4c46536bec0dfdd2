"""Which jobs are old."""

from datetime import timedelta

from scheduler.store.queries.old_jobs import START, list_old_jobs, list_read_jobs
from tests.scheduler.centre import step


def old(centre, *, seconds=0.0, after=START, limit=10):
    before = centre.now - timedelta(seconds=seconds)
    return centre.read(lambda tx: list_old_jobs(tx, before=before, after=after, limit=limit))


def test_only_jobs_that_ended_before_the_time_count_the_oldest_first(centre):
    first, late, third = (centre.submit(step("s"), roles={"guest": ("a",)}) for _ in range(3))
    centre.stop(third)
    centre.wait(10)
    centre.stop(late)
    centre.wait(1)
    assert {job for job, _ in old(centre)} == {late, third}
    assert [job for job, _ in old(centre, seconds=5)] == [third]
    assert first not in {job for job, _ in old(centre, seconds=-1000)}
    [(one, place)] = old(centre, limit=1)
    [(other, last)] = old(centre, after=place)
    assert {one, other} == {late, third}
    assert old(centre, after=last) == []


def test_what_an_open_job_reads_is_known(centre):
    done, unread = centre.submit(step("s")), centre.submit(step("s"))
    centre.run()
    reader = centre.submit(step("s", inputs={"data": f"{done}:s.data"}))
    assert centre.read(lambda tx: list_read_jobs(tx, {done, unread})) == {done}
    centre.stop(reader)
    assert centre.read(lambda tx: list_read_jobs(tx, {done, unread})) == set()
