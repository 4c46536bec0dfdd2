"""Plain rows: the same values as the ORM's."""

import pytest
from sqlmodel import select

from scheduler.store.queries.plain import PlainRows
from scheduler.store.tables.jobs import JobRow, StepRow, TaskRow
from scheduler.store.tables.parties import PartyRow
from tests.scheduler.centre import chain


@pytest.mark.parametrize("kind", [JobRow, StepRow, TaskRow, PartyRow])
def test_a_plain_row_has_every_value_that_the_orm_gives(centre, kind):
    centre.submit(*chain(2))
    centre.wait(1)
    centre.dispatch()
    names = [column.name for column in kind.__table__.columns]

    def read(tx):
        wanted = PlainRows(kind, "1 = 1 ORDER BY id")
        plain = wanted.parse(*tx.run_all(wanted.select()))
        return plain, tx.session.exec(select(kind).order_by(kind.id)).all()

    plain, rows = centre.read(lambda tx: [[[getattr(row, n) for n in names] for row in found] for found in read(tx)])
    assert len(plain) > 0
    assert plain == rows
    assert [[type(value) for value in row] for row in plain] == [[type(value) for value in row] for row in rows]


def test_a_column_that_nobody_reads_stays_in_the_store(centre):
    job = centre.submit(*chain(1))
    wanted = PlainRows(JobRow, "id {in:jobs}", without=["origin"])
    (row,) = centre.read(lambda tx: wanted.parse(*tx.run_all(wanted.select(jobs=[job]))))
    assert row.id == job
    assert not hasattr(row, "origin")
