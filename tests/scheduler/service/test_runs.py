import pytest

from scheduler.domain.access import Principal, Role
from scheduler.domain.errors import BusyError, ConflictError, NotFoundError
from scheduler.domain.states import State
from scheduler.service.runs import (
    LAST_RUN,
    Definition,
    change_definition,
    find_open_run,
    forget_definition,
    start_run,
    stop_run,
)
from scheduler.service.templates import TemplateText, create_template
from scheduler.store.queries.jobs import list_job_details
from scheduler.store.queries.templates import get_template
from tests.scheduler.centre import Centre, step

BY = Principal(name="me", kind="user", role=Role.LEAD, org="hq", project="p")
ONE = Definition(id="d1", kind="some.task", project="p")


@pytest.fixture
def defined(centre: Centre) -> Centre:
    """A centre with one stored definition."""
    text = TemplateText(kind=ONE.kind, name="first", body={"x": 1})
    centre.write(lambda tx: create_template(tx, "d1", text, by=BY, now=centre.now))
    return centre


def start(centre: Centre, definition: Definition = ONE, limit: int = 10) -> str:
    submission = centre.plan(step("a"))
    return centre.write(lambda tx: start_run(tx, definition, submission, now=centre.now, open_jobs_per_user=limit)).job


def stop(centre: Centre) -> None:
    centre.write(lambda tx: stop_run(tx, ONE, reason="by me", now=centre.now, patience=centre.patience))


def test_a_start_submits_a_job_and_remembers_it(defined):
    job = start(defined)
    found = defined.read(lambda tx: get_template(tx, "p", ONE.kind, "d1"))
    assert found.body == {"x": 1, LAST_RUN: job}
    assert defined.read(lambda tx: find_open_run(tx, found)).id == job


def test_a_definition_has_one_open_run(defined):
    start(defined)
    with pytest.raises(ConflictError, match="runs already"):
        start(defined)
    with pytest.raises(ConflictError, match="stop it first"):
        defined.write(lambda tx: forget_definition(tx, ONE, by=BY))


def test_after_its_end_it_may_run_again(defined):
    first = start(defined)
    defined.run()
    assert defined.job(first).state is State.SUCCESS
    assert start(defined) != first


def test_a_run_that_is_being_stopped_no_longer_counts(defined):
    job = start(defined)
    for party, (knock,) in defined.dispatch().items():
        defined.claim(party, knock)
    stop(defined)
    assert defined.job(job).stop_kind is State.CANCELED
    with pytest.raises(ConflictError, match="does not run"):
        stop(defined)
    assert start(defined) != job
    with pytest.raises(ConflictError):
        start(defined)


def test_a_change_keeps_the_latest_run_and_a_forgotten_one_leaves_its_jobs(defined):
    job = start(defined)
    defined.write(lambda tx: change_definition(tx, ONE, name="second", body={"y": 2}, by=BY, now=defined.now))
    found = defined.read(lambda tx: get_template(tx, "p", ONE.kind, "d1"))
    assert (found.name, found.body) == ("second", {"y": 2, LAST_RUN: job})
    stop(defined)
    defined.write(lambda tx: forget_definition(tx, ONE, by=BY))
    assert defined.job(job).id == job


def test_what_cannot_be_submitted_changes_nothing(defined):
    with pytest.raises(BusyError):
        start(defined, limit=0)
    assert defined.read(lambda tx: get_template(tx, "p", ONE.kind, "d1")).body == {"x": 1}
    with pytest.raises(NotFoundError):
        start(defined, Definition(id="d1", kind="other.task", project="p"))


def test_details_of_many_jobs_are_those_of_each(defined):
    jobs = [start(defined), defined.submit(step("a"), step("b", needs=("a",)))]
    defined.run()
    found = defined.read(lambda tx: list_job_details(tx, [*jobs, "nothing"]))
    assert found == {job: defined.detail(job) for job in jobs}
    assert defined.read(lambda tx: list_job_details(tx, [])) == {}
