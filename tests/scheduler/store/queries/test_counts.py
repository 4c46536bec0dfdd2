"""Counts of jobs by state."""

from scheduler.store.queries.counts import count_ended, count_open, count_open_jobs
from scheduler.store.work import complete
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


def test_open_jobs_are_counted_by_owner_organisation_and_project(centre):
    others = [centre.plan(step("s"), **given) for given in ({"owner": "her"}, {"org": "lab"}, {"project": "q"})]
    centre.submit_all([centre.plan(step("s"))] * 3 + others)
    centre.stop(centre.submit(step("s")))
    counted = centre.read(lambda tx: complete(count_open_jobs(tx, ["me", "her", "x"])))
    assert counted == {("me", "", "p"): 3, ("her", "", "p"): 1, ("me", "lab", "p"): 1, ("me", "", "q"): 1}
