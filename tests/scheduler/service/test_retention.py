"""Old jobs go in small batches; what is needed stays."""

from datetime import timedelta

import pytest
from sqlalchemy import event

from config.settings import Settings
from scheduler.domain.errors import ConflictError
from scheduler.domain.messages import OutputRef
from scheduler.service import attachments, retention
from scheduler.service.jobs import forget_job
from scheduler.service.retention import AGAIN, Retention, retention_from
from scheduler.store.queries.discards import list_discarding
from tests.scheduler.centre import START, step

DAY_S = 86_400.0
ALONE = {"guest": ("a",)}
TABLE = (OutputRef(name="data", kind="table", size=1, sha256="x"),)


def jobs_of(centre):
    return {row[0] for row in centre.rows("SELECT id FROM job")}


def remove_all(centre, retention):
    """Batch after batch until the look is over; how many jobs went with each."""
    gone = []
    while retention.is_due(centre.now):
        gone.append(centre.write(lambda tx: retention.remove_some(tx, now=centre.now)))
    return gone


def test_by_default_everything_is_kept(centre):
    centre.stop(centre.submit(step("s")))
    centre.wait(1000 * DAY_S)
    assert remove_all(centre, Retention()) == []
    assert len(jobs_of(centre)) == 1


def test_old_jobs_go_with_all_they_left_young_and_open_ones_stay(centre):
    old = [centre.submit(step("s"), roles=ALONE) for _ in range(5)]
    centre.run(lambda _task: {"outputs": TABLE, "summary": {"a": 1}})
    waiting = centre.submit(step("s"))
    centre.wait(2 * DAY_S)
    young = centre.submit(step("s"))
    centre.stop(young)
    assert remove_all(centre, Retention(keep_s=DAY_S, batch_jobs=2)) == [2, 2, 1]
    assert jobs_of(centre) == {waiting, young}
    for table in ("task", "step", "event", "output"):
        assert {row[0] for row in centre.rows(f"SELECT job_id FROM {table}")}.isdisjoint(old)
    assert centre.read(list_discarding) == ["a"]


def test_what_an_operator_sets_is_what_counts():
    assert retention_from(Settings(retention_days=0.5)).keep_s == DAY_S / 2
    assert not retention_from(Settings()).is_due(START)


def test_after_a_look_comes_a_pause_and_then_another_look(centre):
    retention = Retention(keep_s=DAY_S)
    assert remove_all(centre, retention) == [0]
    centre.stop(centre.submit(step("s")))
    centre.wait(DAY_S + 1)
    retention.next_look = centre.now + AGAIN
    assert not retention.is_due(centre.now)
    centre.wait(AGAIN.total_seconds())
    assert remove_all(centre, retention) == [1]


def test_a_job_with_a_long_history_goes_over_several_batches(centre):
    job = centre.submit(step("s"))
    centre.run()
    rows = len(centre.events(job))
    centre.wait(2 * DAY_S)
    gone = remove_all(centre, Retention(keep_s=DAY_S, batch_rows=rows // 3))
    assert len(gone) > 3
    assert sum(gone) == 1
    assert jobs_of(centre) == set()


def test_what_an_open_job_reads_stays_and_does_not_keep_the_rest(centre):
    read, _ = centre.submit(step("s"), roles=ALONE), centre.submit(step("s"), roles=ALONE)
    centre.run(lambda _task: {"outputs": TABLE})
    centre.wait(2 * DAY_S)
    reader = centre.submit(step("s", inputs={"data": f"{read}:s.data"}), roles=ALONE)
    assert sorted(remove_all(centre, Retention(keep_s=DAY_S, batch_jobs=1))) == [0, 0, 1]
    assert jobs_of(centre) == {read, reader}


def test_a_job_that_holds_the_parts_of_a_model_stays(centre):
    trained = centre.submit(step("s"), labels={"model": "guest-a#model"}, roles=ALONE)
    centre.run(lambda _task: {"outputs": (OutputRef(name="model", kind="model", size=1, sha256="x"),)})
    if not centre.rows("SELECT 1 FROM model"):
        pytest.fail("the job made no model: the test shows nothing")
    centre.wait(2 * DAY_S)
    remove_all(centre, Retention(keep_s=DAY_S))
    assert jobs_of(centre) == {trained}


def test_a_job_that_holds_the_parts_of_a_model_in_the_making_stays(centre):
    part = (OutputRef(name="model", kind="model", size=1, sha256="x"),)
    earlier = centre.submit(step("s"), roles=ALONE)
    centre.run(lambda _task: {"outputs": part})
    centre.wait(2 * DAY_S)
    making = centre.submit(step("t"), labels={"model": "m"}, roles=ALONE, borrowed={"s": earlier})
    remove_all(centre, Retention(keep_s=DAY_S))
    assert jobs_of(centre) == {earlier, making}
    centre.greet("a")
    centre.run(lambda _task: {"outputs": part})
    centre.rerun(making, "t")
    with pytest.raises(ConflictError, match=f"holds the parts of model m {making}"):
        centre.write(lambda tx: forget_job(tx, earlier))


def test_the_registry_is_asked_once_for_a_batch(centre, monkeypatch):
    old = {centre.submit(step("s"), roles=ALONE) for _ in range(4)}
    centre.run()
    centre.wait(2 * DAY_S)
    asked = []
    monkeypatch.setattr(retention, "list_needed_jobs", lambda tx, jobs: asked.append(jobs) or set())
    statements = []
    event.listen(centre.store.engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
    assert remove_all(centre, Retention(keep_s=DAY_S))[0] == 4
    assert asked[0] == old
    assert not [text for text in statements if "model" in text], "the mapped classes ask job by job"


def test_files_that_no_job_names_any_more_go_at_the_end_of_a_look(centre):
    def upload(tx):
        blob = attachments.begin_blob(tx, owner="me", project="p", now=centre.now)
        attachments.add_piece(tx, blob, 0, b"x")
        attachments.end_blob(tx, blob, size=1, sha256="x")
        return blob

    blob = centre.write(upload)
    job = centre.submit(step("s"), attachments={"f": blob})
    centre.stop(job)
    centre.wait(1.5 * DAY_S)
    retention = Retention(keep_s=DAY_S)
    remove_all(centre, retention)
    assert jobs_of(centre) == set()
    assert centre.rows("SELECT id FROM blob") == centre.rows("SELECT position FROM blob_piece") == []
    assert retention.next_look == centre.now + timedelta(minutes=10)
