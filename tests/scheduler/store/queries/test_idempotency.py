"""Reads of idempotency keys."""

from scheduler.service.jobs import forget_job
from scheduler.store.queries.idempotency import count_keys, find_submitted, name_keeper
from tests.scheduler.centre import step

MINE = name_keeper(project="p", org="", owner="me")


def test_a_key_leads_to_its_job_even_once_that_is_forgotten_if_it_is_to(centre):
    kept, gone = (centre.submit(step("s"), idempotency_key=key) for key in ("k1", "k2"))
    for other in ({"owner": "her"}, {"org": "elsewhere"}, {"project": "another"}):
        assert centre.submit(step("s"), idempotency_key="k1", **other) not in {kept, gone}
    assert centre.read(lambda tx: find_submitted(tx, MINE, "k1")) == kept
    assert centre.read(lambda tx: find_submitted(tx, MINE, "k3")) is None
    assert centre.read(lambda tx: (count_keys(tx, kept), count_keys(tx, "x"))) == (1, 0)
    for job in (kept, gone):
        centre.stop(job)
    centre.write(lambda tx: forget_job(tx, kept, keeps_keys=True))
    centre.write(lambda tx: forget_job(tx, gone))
    assert centre.read(lambda tx: (find_submitted(tx, MINE, "k1"), find_submitted(tx, MINE, "k2"))) == (kept, None)
    assert centre.submit(step("s"), idempotency_key="k1") == kept
    assert centre.submit(step("s"), idempotency_key="k2") != gone
