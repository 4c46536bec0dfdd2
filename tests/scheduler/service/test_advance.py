"""The scheduler's pass: nobody's backlog stands in another's way, and one defect stops nothing."""

import pytest

from scheduler.domain.machine import TIMEOUT_GRACE_S
from scheduler.domain.messages import Claim
from scheduler.service import advance
from scheduler.service.parties import PartyPatch, change_party, create_party
from scheduler.store.hot.dispatch import lock_jobs
from scheduler.store.writes import moves
from tests.scheduler.centre import ADMIN, Centre, chain, step


@pytest.fixture
def small_pages(monkeypatch):
    monkeypatch.setattr(advance, "PAGE", 3)


def add(centre, *parties, slots=4):
    for party in parties:
        centre.slots[party] = slots
        centre.write(lambda tx, p=party: create_party(tx, p, org="o", slots=slots, by=ADMIN, now=centre.now))
        centre.greet(party)


def test_a_backlog_of_an_absent_party_does_not_hide_the_work_of_others(centre, small_pages):
    add(centre, "c", "d")
    centre.submit_all([centre.plan(step("s"))] * 20)
    centre.wait(30)
    centre.greet("c")
    centre.greet("d")
    job = centre.submit(step("s"), roles={"guest": ("c",), "host": ("d",)})
    assert set(centre.dispatch()) == {"c", "d"}
    assert centre.states(job)[1] == {"s": "dispatched"}


def test_a_full_window_does_not_hide_the_work_of_others(centre, small_pages):
    add(centre, "c")
    centre.submit_all([centre.plan(step("s"))] * 40)
    centre.submit(step("s"), roles={"guest": ("c",)}, priority=-5)
    assert {party: len(items) for party, items in centre.dispatch().items()} == {"a": 16, "b": 16, "c": 1}


def count_listed(centre, monkeypatch):
    """How many ready steps a pass reads."""
    listed, real = [], advance.list_ready

    def spy(tx, **given):
        listed.extend(found := real(tx, **given))
        return found

    monkeypatch.setattr(advance, "list_ready", spy)
    knocks = centre.dispatch()
    return len(listed), {party: len(items) for party, items in knocks.items()}


def test_a_long_queue_for_an_absent_party_is_not_read(centre, small_pages, monkeypatch):
    add(centre, "c")
    centre.submit_all([centre.plan(step("s"))] * 40)
    centre.wait(30)
    centre.greet("b")
    centre.greet("c")
    lone = centre.submit(step("s"), roles={"guest": ("b",)})
    assert count_listed(centre, monkeypatch) == (3 + 1, {"b": 1})
    assert centre.states(lone)[1] == {"s": "dispatched"}


def test_a_long_queue_of_gangs_for_busy_parties_is_not_read_again_and_again(centre, small_pages, monkeypatch):
    """Every nudge would walk through it."""
    add(centre, "c")
    centre.submit(step("runs", gang=True, slots=8))
    for party, [knock] in centre.dispatch().items():
        centre.claim(party, knock)
    centre.submit_all([centre.plan(step("s", gang=True, slots=8))] * 40)
    lone = centre.submit(step("s"), roles={"guest": ("c",)}, priority=-5)
    centre.wait(11)
    assert count_listed(centre, monkeypatch) == (3 + 1, {"c": 1})
    assert centre.states(lone)[1] == {"s": "dispatched"}


def test_whatever_waits_behind_the_first_page_is_told_why(centre, small_pages, monkeypatch):
    monkeypatch.setattr(advance, "MAX_EXPLAINED", 2)
    add(centre, "c", "d")
    backlog = centre.submit_all([centre.plan(step("s"), roles={"guest": ("c",)})] * 7)
    lone = centre.submit(step("s"), roles={"guest": ("d",)}, priority=-5)
    centre.wait(30)
    centre.greet("a")
    centre.dispatch()
    assert centre.job(lone).reason == "step s: queued: the scheduler looks at it next"
    centre.explain()
    assert "party d is offline since" in centre.job(lone).reason
    assert all("party c is offline since" in centre.job(job).reason for job in backlog)
    centre.greet("d")
    centre.explain()
    assert centre.job(lone).reason == "step s: queued: the scheduler looks at it next"


def test_why_a_step_waits_is_not_written_while_somebody_else_moves_its_job(clean_postgres, small_pages):
    centre = Centre(clean_postgres)
    jobs = centre.submit_all([centre.plan(step("s"))] * 5)
    centre.wait(30)
    with clean_postgres.write() as other:
        lock_jobs(other, jobs[4:])
        centre.explain()
    assert [centre.job(job).reason.startswith("step s: party a is offline") for job in jobs[3:]] == [True, False]


def test_queues_are_read_until_a_party_of_theirs_is_full(centre, small_pages, monkeypatch):
    add(centre, "c")
    centre.submit_all([centre.plan(step("s"))] * 40)
    listed, knocks = count_listed(centre, monkeypatch)
    assert knocks == {"a": 16, "b": 16}
    assert listed <= 16 + 2 * 3


def test_what_waits_in_several_queues_starts_in_one_order(centre, monkeypatch):
    monkeypatch.setattr(advance, "PAGE", 1)
    add(centre, "c", "d")
    roles = ({"guest": ("a",), "host": ("b",)}, {"guest": ("c",), "host": ("d",)})
    for number in range(12):
        centre.submit(step("s"), roles=roles[number % 2], priority=number)
    knocks = centre.dispatch()
    order = [
        row[0]
        for row in centre.rows("SELECT step_id FROM event WHERE event = 'dispatched' AND level = 'step' ORDER BY id")
    ]
    assert order == [row[0] for row in centre.rows("SELECT id FROM step ORDER BY rank")]
    assert {party: len(items) for party, items in knocks.items()} == dict.fromkeys("abcd", 6)


def test_what_a_wide_step_waits_for_is_kept_over_pages(centre, small_pages):
    first = centre.submit(step("s", gang=True))
    for party, [knock] in centre.dispatch().items():
        centre.claim(party, knock)
    centre.wait(1)
    wide = centre.submit(step("wide", gang=True, slots=8))
    centre.wait(11)
    small = centre.submit_all([centre.plan(step("small", gang=True))] * 8)
    assert centre.dispatch() == {}
    centre.explain()
    assert centre.job(small[-1]).reason.startswith("step small: party a is kept free for step ")
    for party in "ab":
        task = f"{first}-0-1-{'ab'.index(party)}"
        centre.report(party, Claim(task, 1))
    assert {knock.task.split("-")[0] for items in centre.dispatch().values() for knock in items} == {wide}


def test_reasons_are_written_once_and_taken_back_with_the_dispatch(centre):
    centre.wait(60)
    job = centre.submit(step("s"))
    centre.dispatch()
    assert "is offline since" in centre.job(job).reason
    for party in "ab":
        centre.greet(party)
    centre.dispatch()
    assert centre.job(job).reason == "step s: the parties' workers have been told and have not taken it yet"


def test_a_resumed_party_gets_what_waited(centre):
    centre.write(lambda tx: change_party(tx, "a", PartyPatch(drained=True), by=ADMIN, now=centre.now))
    centre.submit(step("s"))
    assert centre.dispatch() == {}
    centre.write(lambda tx: change_party(tx, "a", PartyPatch(drained=False), by=ADMIN, now=centre.now))
    assert centre.effects.has_ready_work
    assert set(centre.dispatch()) == {"a", "b"}


def test_priority_then_age_decides_when_slots_are_short(centre):
    jobs = []
    for priority in (0, 0, 9):
        jobs.append(centre.submit(step("s", gang=True, slots=8), priority=priority))
        centre.wait(1)
    order = []
    while knocks := centre.dispatch():
        order.append(knocks["a"][0].task.split("-")[0])
        for party, [knock] in knocks.items():
            centre.claim(party, knock)
            centre.report(party, knock)
    assert order == [jobs[2], jobs[0], jobs[1]]


def test_more_ready_work_than_a_pass_looks_at_asks_for_another(centre, monkeypatch):
    monkeypatch.setattr(advance, "PAGE", 2)
    monkeypatch.setattr(advance, "MAX_PAGES", 2)
    centre.submit_all([centre.plan(step("s"))] * 5)
    first = centre.write(lambda tx: advance.dispatch_ready(tx, now=centre.now, patience=centre.patience))
    assert (first.is_cut, len(first.knocks["a"])) == (True, 4)
    second = centre.write(lambda tx: advance.dispatch_ready(tx, now=centre.now, patience=centre.patience))
    assert (second.is_cut, len(second.knocks["a"])) == (False, 1)


def test_a_backlog_that_cannot_start_hides_nobody_for_ever(centre, monkeypatch):
    monkeypatch.setattr(advance, "PAGE", 2)
    monkeypatch.setattr(advance, "MAX_PAGES", 3)
    add(centre, "c")
    centre.submit_all([centre.plan(step("s", gang=True, slots=9))] * 17)
    lone = centre.submit(step("s"), roles={"guest": ("c",)}, priority=-5)
    places, place = [], None
    for _ in range(5):
        done = centre.write(
            lambda tx, at=place: advance.dispatch_ready(tx, now=centre.now, patience=centre.patience, place=at)
        )
        place = done.place
        places.append(done.is_cut)
    assert places == [True, True, True, True, False]
    assert centre.states(lone)[1] == {"s": "dispatched"}


def test_what_is_kept_is_kept_where_the_next_pass_goes_on(centre, monkeypatch):
    monkeypatch.setattr(advance, "PAGE", 1)
    monkeypatch.setattr(advance, "MAX_PAGES", 2)
    centre.submit(step("s", gang=True))
    centre.dispatch()
    centre.submit(step("never", gang=True, slots=9), priority=3)
    centre.submit(step("wide", gang=True, slots=8), priority=2)
    small = centre.submit(step("small", gang=True), priority=1)
    centre.wait(11)
    first = centre.write(lambda tx: advance.dispatch_ready(tx, now=centre.now, patience=centre.patience))
    assert first.place is not None
    centre.write(lambda tx: advance.dispatch_ready(tx, now=centre.now, patience=centre.patience, place=first.place))
    assert centre.states(small)[1] == {"small": "ready"}


def test_what_the_first_page_keeps_takes_nothing_from_what_was_kept_before(centre, monkeypatch):
    monkeypatch.setattr(advance, "PAGE", 1)
    monkeypatch.setattr(advance, "MAX_PAGES", 2)
    add(centre, "c")
    wide = {"gang": True, "slots": 4}
    for party in "bc":
        centre.submit(step("s", gang=True, slots=centre.slots[party]), roles={"guest": (party,)}, priority=9)
    centre.dispatch()
    for number, party in enumerate("bc"):
        centre.submit(step("s", **wide), roles={"guest": ("a",), "host": (party,)}, priority=8 - number)
    small = centre.submit(step("s", gang=True), roles={"guest": ("a",)}, priority=6)
    centre.wait(11)
    first = centre.write(lambda tx: advance.dispatch_ready(tx, now=centre.now, patience=centre.patience))
    assert first.place.held["a"].slots == 8
    centre.write(lambda tx: advance.dispatch_ready(tx, now=centre.now, patience=centre.patience, place=first.place))
    assert centre.states(small)[1] == {"s": "ready"}


def test_nothing_ready_is_an_empty_pass(centre):
    assert centre.dispatch() == {}
    assert centre.redispatch() == {}
    assert centre.settle() == 0


def test_a_job_that_cannot_be_settled_is_logged_and_the_others_are_settled(centre, monkeypatch):
    jobs = centre.submit_all([centre.plan(step("s"))] * 3)
    for party, items in centre.dispatch().items():
        centre.sync(party, claims=tuple(Claim(knock.task, knock.seq) for knock in items))
    centre.wait(61)
    real, logged = moves.apply_settlement, []

    def apply(tx, job, due, now):
        real(tx, job, due, now)
        if job.id == sorted(jobs)[1]:
            raise moves.StaleMoveError("a defect")

    monkeypatch.setattr("scheduler.service.settling.apply_settlement", apply)
    monkeypatch.setattr(advance.log, "exception", lambda event, **fields: logged.append((event, fields)), raising=False)
    assert centre.settle() == 3
    assert logged == [("job_not_settled", {"job": sorted(jobs)[1]})]
    lost = [centre.states(job)[2]["s/a"] for job in sorted(jobs)]
    assert lost == ["lost_contact", "running", "lost_contact"]


@pytest.mark.parametrize("spoil", ["job SET labels = '{'", "step SET retry = '[]'", "task SET state = 'odd'"])
def test_a_row_that_cannot_be_read_keeps_no_other_job_from_its_end(centre, spoil):
    spoilt, other = centre.submit_all([centre.plan(step("s"), deadline_s=10)] * 2)
    table = spoil.split(" ")[0]
    with centre.store.engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE {spoil} WHERE {'id' if table == 'job' else 'job_id'} = '{spoilt}'")
    centre.wait(10)
    assert centre.settle(is_thorough=False) == 2
    assert centre.rows(f"SELECT state FROM job WHERE id = '{other}'") == [("timeout",)]


def test_a_centre_that_was_away_for_long_gives_parties_their_grace_from_its_return_on(centre):
    job = centre.submit(step("s"))
    knocks = {party: knock for party, [knock] in centre.dispatch().items()}
    for party, knock in knocks.items():
        centre.claim(party, knock)
    centre.wait(48 * 3600)
    centre.settle()
    centre.wait(5)
    assert [centre.beat(party, knock).verdict for party, knock in knocks.items()] == ["go", "go"]
    assert centre.states(job)[2] == {"s/a": "running", "s/b": "running"}
    centre.wait(60)
    centre.settle()
    centre.wait(centre.patience.offline_grace_s)
    centre.settle()
    assert centre.events(job)[-1].event == "retried"


def test_what_ended_within_its_timeout_while_the_centre_was_away_counts(centre):
    """Its party has the result, and had nobody to tell."""
    jobs = [centre.submit(step("s", timeout_s=60.0, roles=("guest",))) for _ in range(2)]
    told, silent = centre.dispatch()["a"]
    for knock in (told, silent):
        centre.claim("a", knock)
    centre.wait(3600)
    assert centre.settle() == 2
    centre.wait(TIMEOUT_GRACE_S - 1)
    assert centre.settle(is_thorough=False) == 0
    assert centre.report("a", told).accepted
    centre.wait(1)
    centre.settle(is_thorough=False)
    assert [centre.states(job)[0] for job in jobs] == ["success", "timeout"]


def test_a_sweep_stops_a_job_at_its_deadline(centre):
    job = centre.submit(*chain(2), deadline_s=10)
    knocks = centre.dispatch()
    centre.claim("a", knocks["a"][0])
    centre.wait(10)
    centre.settle(is_thorough=False)
    assert centre.effects.stops == [("a", knocks["a"][0].task, 1, "timeout")]
    assert centre.job(job).reason == "stopping: the job's deadline 2026-03-01 12:00:10Z has passed"
    centre.report("a", knocks["a"][0], "timeout")
    assert centre.states(job)[:2] == ("timeout", {"s0": "timeout", "s1": "canceled"})
