"""Reports: accepted once from whoever holds the task; what success sets free, and what failure leaves to settle."""

from dataclasses import replace

import pytest

from scheduler.domain.messages import Knock, OutputRef, Report, SyncRequest
from scheduler.domain.model import Failure, Retry
from scheduler.store.queries.snapshots import list_unsettled_jobs
from scheduler.store.queries.tracking import list_outputs, list_summaries
from tests.scheduler.centre import chain, step

MODEL = OutputRef(name="model", kind="model", size=7, sha256="ab", facts={"rows": 3})


@pytest.fixture
def running(centre):
    """The knocks of a one-step job, claimed by both parties."""
    centre.submit(step("s"))
    knocks = {party: items[0] for party, items in centre.dispatch().items()}
    for party, knock in knocks.items():
        centre.claim(party, knock)
    return knocks


def job_of(centre):
    return centre.rows("SELECT id FROM job")[0][0]


def test_the_last_report_ends_step_and_job_in_its_own_transaction(centre, running):
    job = job_of(centre)
    assert centre.report("a", running["a"]).accepted
    assert centre.states(job)[:2] == ("running", {"s": "running"})
    assert centre.report("b", running["b"]).accepted
    assert centre.states(job) == ("success", {"s": "success"}, {"s/a": "success", "s/b": "success"})
    detail = centre.detail(job)
    assert {detail.job.ended, detail.steps[0].step.ended, detail.steps[0].tasks[0].ended} == {centre.now}
    assert [(e.level, e.event) for e in centre.events(job)[-3:]] == [
        ("task", "succeeded"), ("step", "succeeded"), ("job", "succeeded"),
    ]  # fmt: skip


def test_a_report_keeps_outputs_summary_and_the_size_of_the_log(centre, running):
    job = job_of(centre)
    centre.report("a", running["a"], outputs=(MODEL,), summary={"auc": 0.5}, log_size=12, message="done")
    task = centre.detail(job).steps[0].tasks[0]
    assert (task.summary, task.log_size, task.progress, task.reason) == ({"auc": 0.5}, 12, 1.0, "done")
    [output] = centre.read(lambda tx: list_outputs(tx, job))
    assert (output.name, output.kind, output.size, output.sha256, output.facts) == (
        "model",
        "model",
        7,
        "ab",
        {"rows": 3},
    )
    assert (output.seq, output.where.party, output.where.task) == (1, "a", running["a"].task)
    assert [item.values for item in centre.read(lambda tx: list_summaries(tx, job))] == [{"auc": 0.5}]


def test_a_repeat_is_accepted_and_changes_nothing(centre, running):
    for _ in range(2):
        assert centre.report("a", running["a"], outputs=(MODEL,)).accepted
    job = job_of(centre)
    assert [e.event for e in centre.events(job) if e.task == running["a"].task].count("succeeded") == 1
    assert len(centre.read(lambda tx: list_outputs(tx, job))) == 1


def test_a_contradiction_after_the_end_is_stale(centre, running):
    centre.report("a", running["a"])
    reply = centre.report("a", running["a"], "failed", message="boom")
    assert (reply.accepted, reply.reason) == (False, "the task is success already")
    assert centre.states(job_of(centre))[2]["s/a"] == "success"


@pytest.mark.parametrize(
    ("party", "seq", "reason"),
    [
        ("b", 1, "there is no such task for your party"),
        ("a", 2, "dispatch 2 is void: the present one is 1"),
        ("a", 0, "dispatch 0 is void: the present one is 1"),
    ],
)
def test_a_foreign_or_stale_report_is_refused(centre, running, party, seq, reason):
    reply = centre.report(party, Knock(running["a"].task, seq))
    assert (reply.accepted, reply.reason) == (False, reason)
    assert centre.states(job_of(centre))[2] == {"s/a": "running", "s/b": "running"}


def test_a_task_that_was_not_claimed_cannot_be_reported(centre):
    centre.submit(step("s"))
    knock = centre.dispatch()["a"][0]
    assert centre.report("a", knock).reason == "the task is dispatched already"
    assert centre.rows("SELECT DISTINCT state FROM task") == [("dispatched",)]


def test_an_older_dispatch_cannot_speak_for_the_present_one(centre):
    centre.submit(step("s"))
    old = centre.dispatch()["a"][0]
    centre.wait(31)
    centre.greet("a")
    new = centre.redispatch()["a"][0]
    centre.claim("a", new)
    assert not centre.report("a", old).accepted
    assert centre.report("a", new).accepted


def test_a_report_is_accepted_while_the_party_counts_as_lost(centre, running):
    centre.wait(61)
    centre.settle()
    assert centre.states(job_of(centre))[2]["s/a"] == "lost_contact"
    assert centre.report("a", running["a"]).accepted


def test_reports_of_one_group_do_not_stand_in_for_each_other(centre, running):
    task, other = running["a"].task, running["b"].task
    void, good = (Report(task=task, seq=9, outcome="failed"), Report(task=task, seq=1, outcome="success"))
    calls = [
        ("b", SyncRequest(agent="agent-b", reports=(Report(task=task, seq=1, outcome="failed"),))),
        ("a", SyncRequest(agent="agent-a", reports=(void, good))),
        ("b", SyncRequest(agent="agent-b", reports=(Report(task=other, seq=1, outcome="success"),))),
    ]  # fmt: skip
    replies = centre.sync_all(*calls)
    assert [[item.accepted for item in reply.reports] for reply in replies] == [[False], [False, True], [True]]
    assert centre.states(job_of(centre))[0] == "success"


def test_success_of_a_step_readies_exactly_those_whose_needs_are_all_met(centre):
    job = centre.submit(step("l"), step("r"), step("both", needs=("l", "r")), step("one", needs=("l",)))
    knocks = centre.dispatch()
    left = [knock for items in knocks.values() for knock in items if "-0-1-" in knock.task]
    for party, knock in zip("ab", left, strict=True):
        centre.claim(party, knock)
        centre.report(party, knock)
    assert centre.states(job)[1] == {"l": "success", "r": "dispatched", "both": "waiting", "one": "ready"}
    assert centre.effects.has_ready_work


def test_a_freed_slot_is_told_only_where_a_step_waits(centre):
    centre.submit(step("s"))
    knocks = centre.dispatch()
    for party in "ab":
        centre.claim(party, knocks[party][0])
    centre.report("a", knocks["a"][0])
    assert not centre.effects.has_ready_work
    centre.submit(step("waits"))
    centre.report("b", knocks["b"][0])
    assert centre.effects.has_ready_work


@pytest.mark.parametrize(("outcome", "state"), [("failed", "failed"), ("timeout", "timeout"), ("canceled", "canceled")])
def test_a_bad_end_is_settled_in_the_same_transaction(centre, running, outcome, state):
    job = job_of(centre)
    centre.report("a", running["a"], outcome, kind="error", message="boom", detail="line 1")
    assert centre.states(job)[:1] == ("running",)
    assert centre.effects.stops == [("b", running["b"].task, 1, "canceled")]
    assert centre.beat("b", running["b"]).verdict == "stop"
    centre.report("b", running["b"], "canceled")
    detail = centre.detail(job)
    assert (detail.job.state, detail.job.reason) == (state, "step s: party a (guest): boom")
    assert detail.steps[0].tasks[0].failure == Failure(kind="error", message="boom", detail="line 1")
    assert detail.steps[0].tasks[1].failure.kind == "canceled"
    assert centre.read(list_unsettled_jobs) == []


def test_a_failure_without_a_word_still_has_a_reason(centre, running):
    centre.report("a", running["a"], "failed", kind="exit")
    centre.report("b", running["b"], "canceled")
    assert centre.job(job_of(centre)).reason == "step s: party a (guest): ended as exit, without a word"


def test_a_message_with_a_nul_character_is_stored_all_the_same(centre, running):
    assert centre.report(
        "a", running["a"], "failed", message="bad \0 byte", detail="x\0y", summary={"k\0": "v\0"}
    ).accepted


def test_a_failure_worth_another_try_makes_a_fresh_attempt(centre):
    job = centre.submit(step("s", retry=Retry(attempts=2, backoff_s=0.0)))
    centre.run(lambda task: {"outcome": "failed", "kind": "lost"} if task.attempt == 1 and task.party == "a" else {})
    assert centre.states(job)[0] == "success"
    detail = centre.detail(job)
    assert (detail.steps[0].step.attempt, detail.steps[0].step.spent) == (2, 1)
    assert [(task.attempt, task.seq) for task in detail.steps[0].tasks] == [(2, 1), (2, 1)]


def test_success_frees_nothing_in_a_job_that_stops(centre):
    job = centre.submit(*chain(2))
    knocks = centre.dispatch()
    for party in "ab":
        centre.claim(party, knocks[party][0])
    centre.stop(job)
    for party in "ab":
        centre.report(party, knocks[party][0])
    assert centre.states(job)[:2] == ("canceled", {"s0": "success", "s1": "canceled"})
    assert centre.dispatch() == {}


def test_all_success_in_spite_of_a_stop_is_a_success(centre, running):
    job = job_of(centre)
    centre.stop(job)
    for party in "ab":
        centre.report(party, running[party])
    assert centre.states(job)[0] == "success"


def test_a_member_that_only_serves_is_ended_with_the_others(centre):
    job = centre.submit(step("s", services=("host",)))
    knocks = {party: items[0] for party, items in centre.dispatch().items()}
    for party, knock in knocks.items():
        centre.claim(party, knock)
    centre.report("a", knocks["a"])
    assert centre.states(job)[0] == "running"
    reply = centre.beat("b", knocks["b"])
    assert (reply.verdict, reply.stop_kind) == ("stop", "success")
    centre.report("b", knocks["b"])
    assert centre.states(job) == ("success", {"s": "success"}, {"s/a": "success", "s/b": "success"})


def test_a_serving_member_that_comes_after_all_is_over_is_ended_too(centre):
    job = centre.submit(step("s", services=("host",)))
    knocks = {party: items[0] for party, items in centre.dispatch().items()}
    centre.claim("a", knocks["a"])
    centre.report("a", knocks["a"])
    centre.claim("b", knocks["b"])
    assert centre.beat("b", knocks["b"]).verdict == "stop"
    centre.report("b", knocks["b"])
    assert centre.states(job)[0] == "success"


def test_the_longest_name_of_an_output_that_the_gateway_takes_is_stored(centre, running):
    name = "".join(chr(0x10000 + number * 7919 % 0xFFFF) for number in range(512))
    assert centre.report("a", running["a"], outputs=(replace(MODEL, name=name),)).accepted
    assert centre.rows("SELECT name FROM output") == [(name,)]
