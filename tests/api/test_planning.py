"""References to earlier jobs' outputs are checked before a job is made."""

import pytest

from api.planning import check_readable, list_read
from scheduler.domain.model import StepPlan, Submission
from scheduler.service.audit import Actor
from scheduler.service.parties import create_party
from scheduler.service.tables import disable_table, record_table
from scheduler.store.queries.data_tables import DataTable
from tests.api.conftest import ADMIN, now

MODEL = {"name": "data", "kind": "table", "size": 1, "sha256": "x"}


@pytest.fixture
async def trained(gateway):
    job = await gateway.submit()
    await gateway.run_tasks(outputs=[MODEL])
    return job


def use(job, step="read", output="data", **changes):
    wanted = {"name": "use", "component": "noop", "inputs": {"data": f"{job}:{step}.{output}"}, **changes}
    return {"name": "second", "parties": {"guest": ["9999"], "host": ["10000"]}, "steps": [wanted]}


async def test_a_step_may_read_what_an_earlier_job_left(gateway, trained):
    answer = await gateway.post("/jobs", use(trained))
    assert answer.status == 201, answer.raw
    assert await gateway.run_tasks()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"job": "4711"}, "there is no job '4711'"),
        ({"step": "reed"}, "Did you mean 'read.data'?"),
        ({"output": "model"}, "has no output read.model."),
    ],
)
async def test_what_is_not_there_is_refused_with_its_place(gateway, trained, given, words):
    answer = await gateway.post("/jobs", use(**{"job": trained, **given}))
    assert answer.status == 422, answer.raw
    assert list(answer.problems) == ["steps.0.inputs.data"]
    assert words in answer.json["error"]["message"]
    assert len((await gateway.get("/jobs")).json["items"]) == 1


async def test_an_output_at_no_member_of_the_step_is_refused(gateway):
    job = await gateway.submit(parties={"guest": ["9999"]})
    await gateway.run_tasks(outputs=[MODEL])
    answer = await gateway.post("/jobs", {**use(job), "parties": {"host": ["10000"]}})
    assert "none of them takes part" in answer.problems["steps.0.inputs.data"]


@pytest.mark.parametrize(("token", "words"), [("other_lead", "may not read output"), ("stranger", "there is no job")])
async def test_outputs_that_the_caller_may_not_read_are_not_taken(gateway, trained, token, words):
    answer = await gateway.post("/jobs", use(trained), token=token)
    assert answer.status == 422
    assert words in answer.problems["steps.0.inputs.data"]


READING = StepPlan(
    name="r",
    run={"component": "reader"},
    members=(("guest", "a"), ("host", "b"), ("host", "c")),
    params={"table": "t"},
    overrides={"host": {"namespace": "n"}, "host.1": {"table": "u"}},
)


def test_each_member_reads_its_own_table():
    assert list(list_read(READING)) == [("a", "default", "t"), ("b", "n", "t"), ("c", "n", "u")]
    assert list(list_read(StepPlan(name="s", run={}, members=(("guest", "a"),)))) == []


def test_only_disabled_tables_are_problems(store):
    by, at = Actor(ADMIN), now()
    submission = Submission(name="j", owner="me", project="p", roles={}, steps=(READING,))
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
