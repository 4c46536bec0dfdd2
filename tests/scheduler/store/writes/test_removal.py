"""Jobs that are removed: nothing of them stays here, and their parties are to delete the rest."""

from scheduler.domain.messages import MetricPoint
from scheduler.store.queries.discards import list_discards
from scheduler.store.queries.idempotency import find_keys, name_keeper
from scheduler.store.work import complete
from scheduler.store.writes.removal import delete_discards, delete_jobs, shrink_job
from tests.scheduler.centre import chain, step

MINE = name_keeper(project="p", org="", owner="me")


def test_deleted_jobs_leave_nothing_and_others_stay(centre):
    jobs = [centre.submit(*chain(2), idempotency_key=key) for key in "kl"]
    kept = centre.submit(step("s"))
    centre.run(lambda task: {"summary": {"a": 1}})
    centre.write(lambda tx: delete_jobs(tx, jobs))
    for table in ("step", "task", "event", "metric", "output", "idempotency"):
        assert {row[0] for row in centre.rows(f"SELECT job_id FROM {table}")} <= {kept}
    assert centre.rows("SELECT * FROM dep") == []
    assert centre.states(kept)[0] == "success"


def test_keys_stay_where_wished(centre):
    job = centre.submit(step("s"), idempotency_key="k")
    centre.stop(job)
    centre.write(lambda tx: delete_jobs(tx, [job], keeps_keys=True))
    assert centre.read(lambda tx: complete(find_keys(tx, [(MINE, "k")])))[MINE, "k"].job == job


def test_a_party_is_to_delete_what_it_ever_began_until_it_has(centre):
    job, idle = centre.submit(step("s")), None
    centre.run()
    idle = centre.submit(step("s"))
    centre.stop(idle)
    centre.write(lambda tx: delete_jobs(tx, [job, idle]))
    assert centre.read(lambda tx: list_discards(tx, "a", limit=9)) == [f"{job}-0-1-0"]
    centre.write(lambda tx: delete_discards(tx, "b", [f"{job}-0-1-0"]))
    assert centre.read(lambda tx: list_discards(tx, "a", limit=9)) == [f"{job}-0-1-0"]
    centre.write(lambda tx: delete_discards(tx, "a", [f"{job}-0-1-0"]))
    assert centre.read(lambda tx: list_discards(tx, "a", limit=9)) == []


def test_a_job_is_emptied_in_bites(centre):
    job = centre.submit(step("s"), roles={"guest": ("a",)})
    [knock] = centre.dispatch()["a"]
    centre.claim("a", knock)
    points = tuple(MetricPoint("loss", number, 0.0, 0.0) for number in range(10))
    centre.beat("a", knock, batch=1, metrics=points)
    centre.report("a", knock)
    events = len(centre.events(job))
    assert [centre.write(lambda tx: shrink_job(tx, job, rows=7)) for _ in range(3)] == [7, 7, 10 + events - 14]
    assert centre.rows("SELECT 1 FROM metric") == centre.rows("SELECT 1 FROM event") == []
    assert centre.states(job)[0] == "success"
