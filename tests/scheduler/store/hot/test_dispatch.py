"""Dispatch: seq grows each time, knocks are void when the next one is out, slots are never given twice."""

from datetime import timedelta

import pytest

from scheduler.service.limits import Patience
from scheduler.service.parties import PartyPatch, change_party
from scheduler.store.hot.dispatch import (
    dispatch_steps,
    list_expired,
    list_ready,
    lock_jobs,
    redispatch_tasks,
    survey,
)
from tests.scheduler.centre import ADMIN, Centre, chain, step


def ready(centre, **given):
    return centre.read(lambda tx: list_ready(tx, **{"after": None, "limit": 100, **given}))


def rooms(centre):
    return centre.read(survey)[0]


def test_ready_steps_come_by_priority_then_age(centre):
    made = []
    for priority in (0, 5, 0, 5):
        made.append(centre.submit(step("s"), priority=priority))
        centre.wait(1)
    order = [item.job for item in ready(centre)]
    assert order == [made[1], made[3], made[0], made[2]]


def test_pages_of_ready_steps_join_without_gap_or_repeat(centre):
    centre.submit_all([centre.plan(step("s"))] * 7)
    found, after = [], None
    while page := ready(centre, after=after, limit=3):
        found += [item.id for item in page]
        after = page[-1].rank
    assert found == [item.id for item in ready(centre)]
    assert len(set(found)) == 7


def test_a_ready_step_tells_its_slots_by_party(centre):
    centre.submit(step("s", slots=2), roles={"guest": ("a",), "host": ("b", "a")})
    assert ready(centre)[0].needs == {"a": 4, "b": 2}


def test_steps_that_wait_for_the_same_parties_are_one_queue(centre):
    roles = [{"guest": ("a",), "host": ("b", "a")}, {"guest": ("b",)}, {"guest": ("b",), "host": ("a",)}]
    jobs = [centre.submit(step("s"), roles=each) for each in roles * 2]
    queues = centre.read(survey)[1]
    assert queues == {'["a","b"]': {"a", "b"}, '["b"]': {"b"}}
    assert [item.job for item in ready(centre, queue='["b"]')] == [jobs[1], jobs[4]]
    assert [item.job for item in ready(centre, queue='["a","b"]')] == [jobs[0], jobs[2], jobs[3], jobs[5]]
    centre.dispatch()
    assert centre.read(survey)[1] == {}


def test_a_job_that_somebody_else_moves_is_left_to_the_next_pass(clean_postgres):
    centre = Centre(clean_postgres)
    jobs = [centre.submit(step("s")) for _ in range(2)]
    with clean_postgres.write() as other:
        assert lock_jobs(other, jobs[:1]) == {jobs[0]}
        assert [knock.task for knock in centre.dispatch()["a"]] == [f"{jobs[1]}-0-1-0"]
    assert [knock.task for knock in centre.dispatch()["a"]] == [f"{jobs[0]}-0-1-0"]


def test_a_dispatch_raises_seq_sets_the_lease_and_knocks_every_party(centre):
    job = centre.submit(step("s", gang=True))
    knocks = centre.dispatch()
    assert {party: [(k.seq, k.held) for k in items] for party, items in knocks.items()} == {
        "a": [(1, True)],
        "b": [(1, True)],
    }
    assert centre.states(job) == ("waiting", {"s": "dispatched"}, {"s/a": "dispatched", "s/b": "dispatched"})
    task = centre.detail(job).steps[0].tasks[0]
    assert task.lease_until == centre.now + timedelta(seconds=30)
    assert [(event.level, event.event) for event in centre.events(job)[1:]] == [
        ("step", "dispatched"), ("task", "dispatched"), ("task", "dispatched"),
    ]  # fmt: skip


def test_a_step_is_dispatched_once(centre):
    centre.submit(step("s"))
    [item] = ready(centre)
    for expected in (2, 0):
        knocks = centre.write(lambda tx: dispatch_steps(tx, [item.id], now=centre.now, lease_until=centre.now))
        assert sum(map(len, knocks.values())) == expected
    assert centre.rows("SELECT DISTINCT seq FROM task") == [(1,)]


def test_the_rooms_count_knocked_running_and_gang_slots(centre):
    centre.submit(step("loose"), step("gang", gang=True, slots=3))
    knocks = centre.dispatch()
    assert (rooms(centre)["a"].live, rooms(centre)["a"].running) == (4, 3)
    for knock in knocks["a"]:
        centre.claim("a", knock)
    assert (rooms(centre)["a"].live, rooms(centre)["a"].running) == (4, 4)
    assert (rooms(centre)["b"].live, rooms(centre)["b"].running) == (4, 3)
    centre.wait(61)
    centre.settle()
    assert rooms(centre)["a"].running == 4, "a party out of touch still holds its slots"
    assert set(rooms(centre)) == {"a", "b"}


def test_an_unanswered_knock_is_sent_again_under_the_next_number(centre):
    centre.submit(step("s"))
    old = centre.dispatch()["a"][0]
    centre.wait(29)
    centre.sync("a")
    assert centre.redispatch() == {}
    centre.wait(1)
    [new] = centre.redispatch()["a"]
    assert (new.task, new.seq) == (old.task, 2)
    assert centre.redispatch() == {}
    assert centre.claim("a", old).reason == "dispatch 1 is void: the present one is 2"
    assert centre.claim("a", new).assignment.seq == 2


def test_a_busy_worker_is_not_knocked_again_for_what_it_has_no_slot_for(centre):
    """Each knock more would be a line in the job's history, every half minute for as long as the others run."""
    runs, waits, gang = (
        centre.submit(step(name, roles=("guest",), gang=name == "gang")) for name in ("s", "t", "gang")
    )
    centre.write(lambda tx: change_party(tx, "a", PartyPatch(slots=1), by=ADMIN, now=centre.now))
    knocks = {knock.task.split("-")[0]: knock for knock in centre.dispatch()["a"]}
    assert set(knocks) == {runs, waits, gang}
    centre.claim("a", knocks[runs])
    for _ in range(3):
        centre.wait(30)
        centre.beat("a", knocks[runs])
        assert [knock.task for knock in centre.redispatch()["a"]] == [knocks[gang].task]
    centre.report("a", knocks[runs])
    assert centre.claim("a", knocks[waits]).assignment, "the knock that the worker has kept is good"


def test_what_a_busy_worker_never_heard_of_is_knocked_again_once_it_has_room(centre):
    runs, lost = (centre.submit(step("s", slots=8, roles=("guest",))) for _ in range(2))
    knocks = {knock.task.split("-")[0]: knock for knock in centre.dispatch()["a"]}
    centre.claim("a", knocks[runs])
    centre.wait(30)
    centre.beat("a", knocks[runs])
    assert centre.redispatch() == {}
    centre.report("a", knocks[runs])
    [again] = centre.redispatch()["a"]
    assert (again.task, again.seq) == (knocks[lost].task, 2)


def test_a_worker_that_starts_anew_is_knocked_again_though_its_former_life_filled_the_slots(centre):
    runs, waits = (centre.submit(step("s", slots=8, roles=("guest",))) for _ in range(2))
    knocks = {knock.task.split("-")[0]: knock for knock in centre.dispatch()["a"]}
    centre.claim("a", knocks[runs])
    centre.greet("a", agent="new")
    assert [knock.task for knock in centre.redispatch()["a"]] == [knocks[waits].task]


def test_a_worker_that_starts_anew_is_knocked_again_without_delay(centre):
    """It has heard none of the knocks that its former life was sent."""
    centre.submit(step("s"), step("t"))
    knocks = centre.dispatch()
    assert centre.claim("a", knocks["a"][0]).assignment
    centre.wait(1)
    centre.greet("a", agent="new")
    [again] = centre.redispatch()["a"]
    assert again.task == knocks["a"][1].task
    assert again.seq > knocks["a"][1].seq


def test_a_claim_of_a_workers_former_life_that_comes_late_is_refused(centre):
    """Nobody would run it: the new life has reported it lost already, and heard that it never had it."""
    centre.submit(step("s"))
    knock = centre.dispatch()["a"][0]
    centre.greet("a")
    assert not centre.report("a", knock, "failed", kind="lost").accepted
    assert centre.claim("a", knock).assignment is None
    assert centre.claim("a", centre.redispatch()["a"][0]).assignment


def test_a_claimed_task_is_not_knocked_again(centre):
    """The lease is looked at again in the statement itself."""
    centre.submit(step("s"))
    knock = centre.dispatch()["a"][0]
    centre.wait(31)
    centre.sync("a")
    expired = centre.read(lambda tx: list_expired(tx, now=centre.now, seen_since=centre.now, limit=9))
    assert [task for task, _ in expired] == [knock.task]
    centre.claim("a", knock)
    again = centre.write(lambda tx: redispatch_tasks(tx, [knock.task], now=centre.now, lease_until=centre.now))
    assert again == {}


def test_a_fresh_knock_is_not_sent_again_though_it_was_listed(centre):
    centre.submit(step("s"))
    knock = centre.dispatch()["a"][0]
    again = centre.write(lambda tx: redispatch_tasks(tx, [knock.task], now=centre.now, lease_until=centre.now))
    assert again == {}


def test_absent_parties_are_not_knocked_and_do_not_hide_present_ones(centre, monkeypatch):
    monkeypatch.setattr("scheduler.service.advance.MAX_EXPIRED", 3)
    centre.submit_all([centre.plan(step("s"))] * 8)
    centre.dispatch()
    centre.wait(40)
    centre.greet("b")
    assert {party: len(items) for party, items in centre.redispatch().items()} == {"b": 3}
    centre.greet("a")
    assert sum(len(items) for items in centre.redispatch().values()) == 3


@pytest.mark.parametrize("state", ["drained", "offline", "never"])
def test_a_closed_party_is_named_with_what_to_do(centre, state):
    job = centre.submit(step("s"))
    if state == "drained":
        centre.write(
            lambda tx: tx.session.connection().exec_driver_sql("UPDATE party SET drained = true WHERE id = 'b'")
        )
    elif state == "never":
        centre.write(
            lambda tx: tx.session.connection().exec_driver_sql("UPDATE party SET last_seen = NULL WHERE id = 'b'")
        )
    else:
        centre.wait(60)
        centre.greet("a")
    assert centre.dispatch() == {}
    words = {
        "drained": "party b is drained: it takes no new work until it is resumed",
        "offline": "party b is offline since 2026-03-01 12:00:00Z: start its worker",
        "never": "party b has never connected: start its worker",
    }[state]
    detail = centre.detail(job)
    assert detail.steps[0].step.reason == words
    assert detail.job.reason == f"step s: {words}"
    assert detail.steps[0].tasks[1].reason == words


def test_a_gang_waits_until_every_party_has_the_slots_and_says_for_whom(centre):
    first = centre.submit(step("s", gang=True, slots=8))
    centre.wait(1)
    second = centre.submit(step("s", gang=True, slots=1))
    knocks = centre.dispatch()
    assert [k.task for k in knocks["a"]] == [f"{first}-0-1-0"]
    assert centre.detail(second).steps[0].step.reason == "party a has 0 of 8 slots free"
    for party in "ab":
        centre.claim(party, knocks[party][0])
        centre.report(party, knocks[party][0])
    assert [k.task for k in centre.dispatch()["a"]] == [f"{second}-0-1-0"]


def test_knocks_run_ahead_up_to_the_window(centre):
    centre.submit_all([centre.plan(step("s"))] * 30)
    assert {party: len(items) for party, items in centre.dispatch().items()} == {"a": 16, "b": 16}


def test_readied_steps_of_a_chain_need_no_sweep(centre):
    centre.submit(*chain(3))
    assert centre.run() == 6


def test_patience_counts_from_the_dispatch(centre):
    centre.patience = Patience(dispatch_lease_s=5)
    job = centre.submit(step("s"))
    centre.dispatch()
    assert centre.detail(job).steps[0].tasks[0].lease_until == centre.now + timedelta(seconds=5)
