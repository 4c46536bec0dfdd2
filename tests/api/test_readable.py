from api.readable import check_readable, list_read
from scheduler.domain.model import StepPlan, Submission
from scheduler.service.audit import Actor
from scheduler.service.parties import create_party
from scheduler.service.tables import disable_table, record_table
from scheduler.store.queries.data_tables import DataTable
from tests.api.conftest import ADMIN, now

STEP = StepPlan(
    name="r",
    run={"component": "reader"},
    members=(("guest", "a"), ("host", "b"), ("host", "c")),
    params={"table": "t"},
    overrides={"host": {"namespace": "n"}, "host.1": {"table": "u"}},
)


def test_each_member_reads_its_own_table():
    assert list(list_read(STEP)) == [("a", "default", "t"), ("b", "n", "t"), ("c", "n", "u")]
    assert list(list_read(StepPlan(name="s", run={}, members=(("guest", "a"),)))) == []


def test_only_disabled_tables_are_problems(store):
    by, at = Actor(ADMIN), now()
    submission = Submission(name="j", owner="me", project="p", roles={}, steps=(STEP,))
    with store.write() as tx:
        for party, name in (("b", "t"), ("c", "u")):
            create_party(tx, party, org="o", slots=1, by=by, now=at)
            table = DataTable(
                party=party, namespace="n", name=name, owner="me", rows=1, columns=[], size=1, sha256="x", facts={},
                created=at,
            )  # fmt: skip
            record_table(tx, table, by=by, now=at)
        assert list(check_readable(tx, submission)) == []
        disable_table(tx, table, is_disabled=True, by=by, now=at)
        (problem,) = list(check_readable(tx, submission))
    assert problem.message == "table 'n/u' at party 'c' is disabled."
