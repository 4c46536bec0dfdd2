"""Reads of jobs: pages that stay put, filters, reasons, attempts."""

import pytest

from scheduler.domain.errors import InvalidDocumentError, NotFoundError
from scheduler.domain.states import State
from scheduler.store.queries.jobs import (
    JobFilter,
    get_job,
    get_job_detail,
    get_origin,
    get_step_detail,
    get_task,
    list_attempts,
    list_jobs,
)
from scheduler.store.queries.paging import render_cursor
from tests.scheduler.centre import chain, step


def listed(centre, after=None, limit=50, **wanted):
    return centre.read(lambda tx: list_jobs(tx, JobFilter(**wanted), after=after, limit=limit))


def ids(centre, **wanted):
    return [job.id for job in listed(centre, **wanted).items]


def test_pages_neither_repeat_nor_skip_while_jobs_come_in(centre):
    made = [centre.submit(step("s")) for _ in range(5)]
    centre.wait(1)
    made += [centre.submit(step("s")) for _ in range(4)]
    page = listed(centre, limit=4)
    seen = [job.id for job in page.items]
    while page.next:
        centre.wait(1)
        centre.submit(step("s"))
        page = listed(centre, after=page.next, limit=4)
        seen += [job.id for job in page.items]
    assert sorted(seen) == sorted(made)
    assert set(seen[:4]) == set(made[5:])


def test_the_last_page_has_no_next(centre):
    centre.submit_all([centre.plan(step("s"))] * 4)
    assert listed(centre, limit=4).next is None
    assert listed(centre, limit=3).next is not None


@pytest.mark.parametrize(
    "key", [[1.0], [1, "x"], ["x", 1.0], [1e300, "x"], [-1e9, "x"], [1.0, "\0"], {}, None, [True, "x"]]
)
def test_a_cursor_that_is_not_ours_is_refused(centre, key):
    with pytest.raises(InvalidDocumentError, match="not a cursor of this list"):
        listed(centre, after=render_cursor(key))


def test_filters_narrow_and_combine(centre):
    mine = centre.submit(step("s"), name="Breast Cancer", labels={"team": "x", "n.1": "y"})
    centre.submit(step("s"), name="100%_other", owner="her", project="q", labels={"team": "y"})
    alone = centre.submit(step("s"), roles={"guest": ("a",)})
    centre.stop(alone)
    assert ids(centre, name="cancer") == [mine]
    assert len(ids(centre, name="%_")) == 1
    assert ids(centre, name="%x_") == []
    assert set(ids(centre, owner="me")) == set(ids(centre, owner="me", org="")) == {mine, alone}
    assert ids(centre, org="lab") == ids(centre, id_prefix="%") == []
    assert ids(centre, id_prefix=mine) == ids(centre, id_prefix=mine[:-1], name_prefix="breast") == [mine]
    assert ids(centre, name_prefix="cancer") == ids(centre, name_prefix="_") == []
    assert len(ids(centre, project="q")) == 1
    assert ids(centre, states=[State.CANCELED]) == [alone]
    assert alone not in ids(centre, party="b")
    assert len(ids(centre, party="a")) == 3
    assert ids(centre, labels={"team": "x"}) == [mine]
    assert ids(centre, labels={"team": "x", "n.1": "y"}) == [mine]
    assert ids(centre, labels={"team": "x", "n": "y"}) == []
    assert ids(centre, labels={'te"am': "x"}) == []
    odd = {'te"am': "1", "a\\b.c[0]": "2", "": "3", "$": "4"}
    quoted = centre.submit(step("s"), labels=odd)
    assert all(ids(centre, labels={name: value}) == [quoted] for name, value in odd.items())
    assert set(ids(centre, owner="me", states=[State.WAITING], party="b")) == {mine, quoted}


def test_every_listed_job_says_why_it_waits(centre):
    waits = centre.submit(*chain(2))
    centre.wait(60)
    centre.dispatch()
    runs = centre.submit(step("s"))
    for party in "ab":
        centre.greet(party)
    centre.claim("a", next(k for k in centre.dispatch()["a"] if k.task.startswith(runs)))
    stopped = centre.submit(step("s"))
    centre.stop(stopped, "not needed")
    reasons = {job.id: job.reason for job in listed(centre).items}
    assert reasons[waits].startswith("step s0: ")
    assert reasons[runs] == "step s is running"
    assert reasons[stopped] == "not needed"


def test_a_jobs_detail_is_in_the_order_of_the_plan(centre):
    job = centre.submit(*chain(3), roles={"guest": ("b",), "host": ("a",)})
    detail = centre.detail(job)
    assert [item.step.name for item in detail.steps] == ["s0", "s1", "s2"]
    assert [[task.party for task in item.tasks] for item in detail.steps] == [["b", "a"]] * 3
    assert [(task.step, task.party) for task in detail.tasks] == [(f"s{n}", party) for n in range(3) for party in "ba"]
    assert detail.steps[1].step.reason == "waits for step s0"
    assert detail.steps[1].tasks[0].reason == "waits for step s0"


def test_what_is_not_there_is_named(centre):
    job = centre.submit(step("s"))
    for query, words in [
        (lambda tx: get_job(tx, "x"), "no job 'x'"),
        (lambda tx: get_job_detail(tx, "x"), "no job 'x'"),
        (lambda tx: get_origin(tx, "x"), "no job 'x'"),
        (lambda tx: get_step_detail(tx, job, "x"), "no step 'x'"),
        (lambda tx: get_step_detail(tx, "x", "s"), "no job 'x'"),
        (lambda tx: list_attempts(tx, job, "x"), "no step 'x'"),
        (lambda tx: get_task(tx, "x"), "no task 'x'"),
    ]:
        with pytest.raises(NotFoundError, match=words):
            centre.read(query)


def test_the_origin_is_what_the_caller_sent(centre):
    origin = {"steps": [1, {"ä": None}], "x": "\u2028"}
    job = centre.submit(step("s"), origin=origin)
    assert centre.read(lambda tx: get_origin(tx, job)) == origin


def test_attempts_keep_the_history(centre):
    job = centre.submit(step("s"))
    centre.run(lambda task: {"outcome": "failed", "message": "boom"} if task.party == "a" else {})
    centre.rerun(job)
    centre.run()
    attempts = centre.read(lambda tx: list_attempts(tx, job, "s"))
    assert [number for number, _ in attempts] == [1, 2]
    assert [[task.state for task in tasks] for _, tasks in attempts] == [["failed", "canceled"], ["success", "success"]]
    assert attempts[0][1][0].failure.message == "boom"
    task = attempts[0][1][0]
    assert centre.read(lambda tx: get_task(tx, task.id)) == task


def test_one_task_says_why_it_waits(centre):
    job = centre.submit(*chain(2))
    task = centre.detail(job).steps[1].tasks[0].id
    assert centre.read(lambda tx: get_task(tx, task)).reason == "waits for step s0"
    centre.run()
    assert centre.read(lambda tx: get_task(tx, task)).state == "success"
