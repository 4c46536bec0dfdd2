"""What a party has deleted, it is not asked to delete again."""

from scheduler.service.discards import note_discarded
from scheduler.service.jobs import forget_job
from scheduler.store.queries.discards import list_discards
from tests.scheduler.centre import step


def test_a_forgotten_jobs_tasks_are_to_go_until_they_are_gone(centre):
    job = centre.submit(step("s"))
    centre.run()
    centre.write(lambda tx: forget_job(tx, job))
    [mine] = centre.read(lambda tx: list_discards(tx, "a", limit=5))
    centre.write(lambda tx: note_discarded(tx, "a", [mine]))
    assert centre.read(lambda tx: list_discards(tx, "a", limit=5)) == []
    assert len(centre.read(lambda tx: list_discards(tx, "b", limit=5))) == 1
