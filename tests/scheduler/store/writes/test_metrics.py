"""Deleting the points of very many jobs."""

from scheduler.store.writes.metrics import delete_metrics


def test_more_jobs_than_a_statement_takes(centre):
    centre.write(lambda tx: delete_metrics(tx, [str(number) for number in range(40_000)]))
    assert centre.rows("SELECT COUNT(*) FROM metric") == [(0,)]
