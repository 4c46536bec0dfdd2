"""Rows turned into frozen values: nothing of the row is lost."""

from dataclasses import fields

from scheduler.domain.model import Failure, Retry
from scheduler.domain.states import State
from scheduler.store.tables.jobs import JobRow, StepRow, TaskRow
from scheduler.store.tables.parties import ComponentRow, PartyRow
from scheduler.store.views import make_component, view_job, view_party, view_retry, view_step, view_task
from tests.scheduler.centre import step


def test_a_stored_job_becomes_values_of_the_domain(centre):
    job = centre.submit(step("s", retry=Retry(attempts=7, on=("error",))), labels={"a": "b"})
    centre.run(lambda task: {"outcome": "failed", "kind": "exit", "message": "boom"})
    with centre.store.read() as tx:
        found = view_job(tx.session.get(JobRow, job))
        seen = view_step(tx.session.get(StepRow, f"{job}-0"))
        task = view_task(tx.session.get(TaskRow, f"{job}-0-1-0"), "s")
        party = view_party(tx.session.get(PartyRow, "a"))
        component = make_component("noop", tx.session.get(ComponentRow, ("a", "noop")).offer)
    assert (found.state, found.roles, found.labels, found.stop_kind) == (
        State.FAILED, {"guest": ("a",), "host": ("b",)}, {"a": "b"}, State.FAILED,
    )  # fmt: skip
    assert (seen.retry.attempts, seen.retry.on, seen.needs) == (7, ("error",), ())
    assert (task.party, task.step, task.failure, task.summary) == ("a", "s", Failure(kind="exit", message="boom"), {})
    assert (party.slots, component.name, component.roles) == (8, "noop", ())
    for value in (found, seen, task):
        assert all(isinstance(getattr(value, field.name), State) for field in fields(value) if field.name == "state")


def test_a_retry_rule_comes_back_as_it_was_stored():
    assert view_retry({"attempts": 1, "backoff_s": 2.0, "cap_s": 3.0, "on": ["lost"]}) == Retry(
        attempts=1, backoff_s=2.0, cap_s=3.0, on=("lost",)
    )
