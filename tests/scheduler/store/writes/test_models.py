from dataclasses import replace

import pytest

from scheduler.store.hot.submit import NewJob
from scheduler.store.queries.models import get_model
from scheduler.store.tables.models import ModelRow
from scheduler.store.writes.models import count_loads, delete_model, insert_model, insert_trained, replace_model
from tests.scheduler.centre import step


@pytest.fixture
def model(centre):
    job = centre.submit(step("s"), labels={"model": "m"})
    centre.run()
    return centre.read(lambda tx: get_model(tx, "p", "m", job))


def get(centre, version):
    return centre.read(lambda tx: get_model(tx, "p", "m", version))


def test_what_is_stored_is_read_again(centre, model):
    parent = ("m", model.version)
    other = replace(
        model, id="x", version="2", components=(), recipe={"a": [1]}, parent=parent, notes="n", imported=True
    )
    centre.write(lambda tx: insert_model(tx, other))
    assert get(centre, "2") == other


def test_jobs_without_the_label_cost_no_statement(centre):
    statements = []

    class Spy:
        def insert_last(self, kind, rows):
            statements.append((kind, rows))

    plain = NewJob("1", centre.plan(step("s")))
    empty = NewJob("2", centre.plan(step("s"), labels={"model": ""}))
    insert_trained(Spy(), [plain, empty], centre.now)
    assert statements == []
    insert_trained(Spy(), [plain, NewJob("3", centre.plan(step("s"), labels={"model": "m"}))], centre.now)
    assert [row["id"] for row in dict(statements)[ModelRow]] == ["3"]


def test_members_are_replaced_and_keep_their_counts(centre, model):
    centre.write(lambda tx: count_loads(tx, model.id, [("host", "b"), ("host", "nobody")]))
    guest, host = get(centre, model.version).members
    moved = replace(model, members=(host, replace(guest, party="c", source_party="c")), notes="new")
    centre.write(lambda tx: replace_model(tx, model.id, moved))
    found = get(centre, model.version)
    assert [(each.party, each.loaded) for each in found.members] == [("b", 1), ("c", 0)]
    assert (found.notes, found.owner, found.created) == ("new", model.owner, model.created)


def test_deleting_what_is_not_there_is_no_error(centre, model):
    for _ in range(2):
        centre.write(lambda tx: delete_model(tx, model.id))
