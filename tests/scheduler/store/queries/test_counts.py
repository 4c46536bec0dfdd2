"""Counts of jobs by state."""

from scheduler.store.queries.counts import count_ended, count_open
from tests.scheduler.centre import chain, step


def test_jobs_are_counted_by_state(centre):
    assert centre.read(count_open) == {}
    centre.submit(step("s"))
    centre.run()
    centre.stop(centre.submit(step("s")))
    centre.submit(*chain(2))
    centre.claim("a", centre.dispatch()["a"][0])
    centre.submit(step("s"))
    assert centre.read(count_open) == {"waiting": 1, "running": 1}
    assert centre.read(count_ended) == {"success": 1, "canceled": 1}
