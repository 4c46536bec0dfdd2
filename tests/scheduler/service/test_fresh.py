from datetime import UTC, datetime

import pytest

from scheduler.domain.access import Principal
from scheduler.domain.plan import Catalogue, Draft, StepDraft, make_submission
from scheduler.service.audit import Actor
from scheduler.service.fresh import view_fresh
from scheduler.service.jobs import submit_jobs
from scheduler.service.open_jobs import OpenJobs
from scheduler.service.parties import create_party
from scheduler.store.migrate import migrate
from scheduler.store.queries.jobs import get_job_detail
from scheduler.store.session import make_store
from scheduler.store.work import complete

NOW = datetime(2026, 1, 2, 3, 4, 5, 678_000, tzinfo=UTC)


@pytest.fixture
def submission():
    steps = (
        StepDraft(name="b", run={"component": "x"}, needs=("a",), params={"n": 1}, overrides={"host.1": {"n": 2}}),
        StepDraft(name="a", run={"command": ["x"]}, roles=("host",), timeout_s=5.0, slots=2, gang=True),
        StepDraft(name="c", run={"component": "x"}, services=("guest",)),
    )
    catalogue = Catalogue(parties=frozenset("123"), offers={}, check_params=lambda _schema, _params: ())
    roles = {"guest": ("1",), "host": ("2", "3")}
    return make_submission(
        Draft(
            name="x", owner="ann", org="hq", project="p", roles=roles, steps=steps, deadline_s=60.0, labels={"a": "b"}
        ),
        catalogue,
    )


def test_a_fresh_job_looks_as_if_it_were_read_back(tmp_path, submission):
    store = make_store(f"sqlite:///{tmp_path / 'x.db'}")
    migrate(store)
    with store.write() as tx:
        for party in "123":
            create_party(tx, party, org="", slots=1, by=Actor(Principal(name="r", kind="user")), now=NOW)
        (made,) = complete(submit_jobs(tx, [submission], now=NOW, open_jobs=OpenJobs(10)))
    with store.read() as tx:
        assert view_fresh(submission, job=made.job, now=NOW) == get_job_detail(tx, made.job)
    store.close()


def test_a_job_that_was_not_made_has_no_ids(submission):
    detail = view_fresh(submission, job="", now=NOW)
    assert detail.job.id == ""
    assert {step.step.id for step in detail.steps} | {task.id for step in detail.steps for task in step.tasks} == {""}
