"""What parties have to delete."""

from scheduler.store.queries.discards import list_discarding, list_discards
from scheduler.store.writes.removal import delete_jobs
from tests.scheduler.centre import step


def test_parties_and_their_tasks(centre):
    assert centre.read(list_discarding) == []
    jobs = sorted(centre.submit(step("s"), roles={"guest": ("b",)}) for _ in range(3))
    centre.run()
    centre.write(lambda tx: delete_jobs(tx, jobs))
    assert centre.read(list_discarding) == ["b"]
    assert centre.read(lambda tx: list_discards(tx, "b", limit=2)) == [f"{job}-0-1-0" for job in jobs[:2]]
    assert centre.read(lambda tx: list_discards(tx, "a", limit=2)) == []
