"""Claims: granted to the right party with the present number, once; a repeat by the same agent is granted again."""

import pytest

from scheduler.domain.messages import Claim, InputRef, Knock, OutputRef, SyncRequest
from tests.scheduler.centre import chain, step

DATA = (OutputRef(name="data", kind="table", size=1, sha256="x"),)


@pytest.fixture
def knocks(centre):
    centre.submit(step("s", params={"x": 1}, overrides={"host": {"x": 2}}, timeout_s=9))
    return {party: items[0] for party, items in centre.dispatch().items()}


def test_a_claim_starts_task_step_and_job(centre, knocks):
    centre.wait(1)
    reply = centre.claim("b", knocks["b"])
    told = reply.assignment
    job = told.job
    assert (told.task, told.seq, told.attempt, told.role, told.party, told.position) == (
        knocks["b"].task,
        1,
        1,
        "host",
        "b",
        0,
    )
    assert (told.job_name, told.step, told.run, told.params, told.timeout_s) == (
        "job",
        "s",
        {"component": "noop"},
        {"x": 2},
        9.0,
    )
    assert [(peer.role, peer.party, peer.identity) for peer in told.peers] == [
        ("guest", "a", "key-a"),
        ("host", "b", "key-b"),
    ]
    assert told.peers[1].task == told.task
    assert centre.states(job) == ("running", {"s": "running"}, {"s/a": "dispatched", "s/b": "running"})
    detail = centre.detail(job)
    assert {detail.job.started, detail.steps[0].step.started, detail.steps[0].tasks[1].started} == {centre.now}
    assert detail.steps[0].tasks[1].agent == "agent-b"
    assert [(e.level, e.event) for e in centre.events(job)[-3:]] == [
        ("job", "claimed"),
        ("step", "claimed"),
        ("task", "claimed"),
    ]


def test_a_repeat_by_the_same_agent_is_granted_again_and_changes_nothing(centre, knocks):
    first = centre.claim("a", knocks["a"])
    events = len(centre.events(first.assignment.job))
    assert centre.claim("a", knocks["a"]) == first
    assert len(centre.events(first.assignment.job)) == events


@pytest.mark.parametrize(
    ("party", "agent", "seq", "reason"),
    [
        ("b", "agent-b", 1, "there is no such task for your party"),
        ("a", "agent-a", 2, "dispatch 2 is void: the present one is 1"),
        ("a", "agent-a", 0, "dispatch 0 is void: the present one is 1"),
        ("a", "agent-a", -(2**40), f"dispatch {-(2**40)} is void: the present one is 1"),
    ],
)
def test_a_foreign_or_stale_claim_is_refused_with_the_reason(centre, knocks, party, agent, seq, reason):
    reply = centre.claim(party, Knock(knocks["a"].task, seq), agent=agent)
    assert (reply.assignment, reply.reason) == (None, reason)
    assert centre.rows("SELECT DISTINCT state FROM task") == [("dispatched",)]


def test_another_agent_of_the_same_party_gets_nothing(centre, knocks):
    assert centre.claim("a", knocks["a"]).assignment
    assert centre.claim("a", knocks["a"], agent="second").reason == "the task is running"


def test_an_unknown_task_is_refused_like_a_foreign_one(centre):
    for task in ("nope", "", 'x"y', "x'; DROP TABLE job; --"):
        assert centre.claim("a", Knock(task, 1)).reason == "there is no such task for your party"


def test_a_claim_after_a_stop_is_refused(centre, knocks):
    centre.stop(centre.rows("SELECT id FROM job")[0][0])
    assert centre.claim("a", knocks["a"]).reason == "the task is canceled"


def test_claims_of_several_parties_for_one_task_in_one_group_do_not_stand_in_for_each_other(centre, knocks):
    task = knocks["a"].task
    calls = [
        ("b", SyncRequest(agent="agent-b", claims=(Claim(task, 1),))),
        ("a", SyncRequest(agent="agent-a", claims=(Claim(task, 7), Claim(task, 1)))),
        ("a", SyncRequest(agent="other", claims=(Claim(task, 1),))),
    ]
    replies = centre.sync_all(*calls)
    granted = [[bool(claim.assignment) for claim in reply.claims] for reply in replies]
    assert granted == [[False], [False, True], [False]]
    assert centre.rows(f"SELECT agent FROM task WHERE id = '{task}'") == [("agent-a",)]


def test_inputs_point_to_the_accepted_dispatch_of_the_source_at_the_same_member(centre):
    centre.submit(*chain(2), roles={"guest": ("a",), "host": ("b", "a")})
    for party, items in centre.dispatch().items():
        for knock in items:
            centre.claim(party, knock)
            centre.report(party, knock, outputs=DATA)
    found = {}
    for party, items in centre.dispatch().items():
        for knock in items:
            told = centre.claim(party, knock).assignment
            found[told.role, told.position] = told.inputs
    source = {(t.role, t.position): t.id for t in centre.detail(centre.rows("SELECT id FROM job")[0][0]).steps[0].tasks}
    assert found == {member: {"data": InputRef(task=task, seq=1, output="data")} for member, task in source.items()}


def test_an_output_that_the_party_did_not_write_is_no_input(centre):
    centre.submit(*chain(2))
    for party, items in centre.dispatch().items():
        centre.claim(party, items[0])
        centre.report(party, items[0], outputs=DATA if party == "a" else ())
    told = {party: centre.claim(party, items[0]).assignment.inputs for party, items in centre.dispatch().items()}
    assert list(told["a"]) == ["data"]
    assert told["b"] == {}


def test_inputs_come_from_the_attempt_that_counts(centre):
    job = centre.submit(*chain(2))
    centre.run(lambda task: {"outcome": "failed"} if task.step == "s1" else {})
    centre.rerun(job, "s0")
    knock = centre.dispatch()["a"][0]
    centre.wait(31)
    centre.greet("a")
    centre.greet("b")
    again = centre.redispatch()
    for party in "ab":
        centre.claim(party, again[party][0])
        centre.report(party, again[party][0], outputs=DATA)
    told = centre.claim("a", centre.dispatch()["a"][0]).assignment
    assert told.inputs["data"] == InputRef(task=knock.task, seq=again["a"][0].seq, output="data")
    assert knock.task.endswith("-0-2-0")
