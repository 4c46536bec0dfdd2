"""The scheduler's loop: nudges run together, the sweep is the net, a failed pass is followed by the next."""

import threading
import time
from contextlib import contextmanager
from itertools import pairwise

import psycopg
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from scheduler.domain.messages import Knock
from scheduler.queues import loop as module
from scheduler.queues.inspect import read_lengths
from scheduler.queues.loop import Loop
from scheduler.service.limits import Patience
from scheduler.service.retention import Retention
from scheduler.store.session import Store
from tests.scheduler.centre import Centre, eventually, step

LIVELY = Patience(lease_s=0.4, dispatch_lease_s=0.2, offline_s=3600, offline_grace_s=0.3)


@contextmanager
def running(loop):
    thread = threading.Thread(target=loop.run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        loop.stop()
        thread.join(timeout=60)
        assert not thread.is_alive()


@pytest.fixture
def real(lite: Centre):
    """A centre on SQLite whose clock is the real one, as the loop's is."""
    from datetime import UTC, datetime

    lite.now = datetime.now(UTC)
    for party in "ab":
        lite.greet(party)
    return lite


@pytest.fixture
def broker(broker_url):
    with redis.Redis.from_url(broker_url) as client:
        yield client


def make_loop(centre: Centre, broker, **given) -> Loop:
    return Loop(centre.store, broker, **{"patience": Patience(offline_s=3600), "sweep_s": 100.0, **given})


def test_a_nudge_dispatches_and_knocks_at_once(real, broker):
    loop = make_loop(real, broker)
    with running(loop):
        eventually(lambda: loop._sweeps)
        job = real.submit(step("s"))
        loop.nudge()  # the next sweep is further away than `eventually` waits
        eventually(lambda: sum(read_lengths(broker, ["a", "b"]).values()) == 2)
    assert real.states(job)[1] == {"s": "dispatched"}


def test_without_a_nudge_the_sweep_finds_the_work(real, broker):
    with running(make_loop(real, broker, sweep_s=0.1)):
        time.sleep(0.2)
        job = real.submit(step("s"))
        eventually(lambda: real.states(job)[1] == {"s": "dispatched"})


def test_many_nudges_during_a_pass_are_one(real, broker, monkeypatch):
    loop, passes, gate = make_loop(real, broker), [], threading.Event()

    def slow_pass(tx, **given):
        passes.append(1)
        gate.wait(60)
        return module.Pass()

    monkeypatch.setattr(module, "dispatch_ready", slow_pass)
    with running(loop):
        eventually(lambda: passes)
        for _ in range(100):
            loop.nudge()
        gate.set()
        eventually(lambda: len(passes) == 2)
        time.sleep(0.2)
        assert len(passes) == 2


@pytest.mark.parametrize(("given", "pause_s"), [(0, 0.002), (20, 0.022), (1000, 0.04)])
def test_the_more_a_pass_gave_out_the_longer_the_next_may_wait(real, broker, monkeypatch, given, pause_s):
    loop, began = make_loop(real, broker), []
    dispatch = loop.dispatch

    def note_pass():
        began.append(time.monotonic())
        dispatch()
        loop.nudge()

    monkeypatch.setattr(loop, "dispatch", note_pass)
    monkeypatch.setattr(module, "dispatch_ready", lambda tx, **_: module.Pass(knocks={"a": [Knock("t", 1)] * given}))
    with running(loop):
        eventually(lambda: any(later - at < pause_s + 0.006 for at, later in pairwise(began)))
        pauses = [later - at for at, later in pairwise(began)]
    assert min(pauses) >= pause_s


def test_a_failed_pass_is_logged_with_its_traceback_and_the_next_one_works(real, broker, monkeypatch):
    logged, real_pass = [], module.dispatch_ready

    def fail_once(tx, **given):
        if not logged:
            raise RuntimeError("the disk is gone")
        return real_pass(tx, **given)

    monkeypatch.setattr(module, "dispatch_ready", fail_once)
    monkeypatch.setattr(module.log, "exception", lambda event, **fields: logged.append(event), raising=False)
    job = real.submit(step("s"))
    with running(make_loop(real, broker, sweep_s=0.1)):
        eventually(lambda: real.states(job)[1] == {"s": "dispatched"})
    assert logged == ["pass_failed"]


def test_only_passes_that_went_well_are_counted(real, broker, monkeypatch):
    loop, failures = make_loop(real, broker), []

    def fail(tx, **given):
        failures.append(1)
        raise RuntimeError("a defect")

    with monkeypatch.context() as patch, running(loop):
        patch.setattr(module.log, "exception", lambda event, **fields: None, raising=False)
        eventually(lambda: loop.count_passes() == 1)
        patch.setattr(module, "dispatch_ready", fail)
        loop.nudge()
        eventually(lambda: failures)
    assert loop.count_passes() == 1


def test_a_database_that_is_away_is_one_line_per_pass(real, broker, monkeypatch):
    logged, real_pass = [], module.dispatch_ready

    def fail_once(tx, **given):
        if not logged:
            raise psycopg.OperationalError("connection refused")
        return real_pass(tx, **given)

    monkeypatch.setattr(module, "dispatch_ready", fail_once)
    monkeypatch.setattr(module.log, "warning", lambda event, **fields: logged.append((event, fields)), raising=False)
    monkeypatch.setattr(module.log, "exception", lambda *said, **fields: pytest.fail("a traceback"), raising=False)
    job = real.submit(step("s"))
    with running(make_loop(real, broker, sweep_s=0.1)):
        eventually(lambda: real.states(job)[1] == {"s": "dispatched"})
    assert logged == [("pass_put_off", {"error": "OperationalError: connection refused"})]


def test_a_sweep_that_fails_each_time_keeps_no_work_from_starting(real, broker, monkeypatch):
    logged = []

    def fail(tx, **given):
        raise RuntimeError("a defect")

    monkeypatch.setattr(module, "list_due", fail)
    monkeypatch.setattr(module.log, "exception", lambda event, **fields: logged.append(event), raising=False)
    with running(make_loop(real, broker, sweep_s=0.1)):
        eventually(lambda: len(logged) >= 2)
        job = real.submit(step("s"))
        eventually(lambda: real.states(job)[1] == {"s": "dispatched"}, within_s=10)


def test_knocks_that_the_broker_did_not_take_are_sent_again_later(real, broker, free_port):
    gone = redis.Redis(port=free_port(), socket_connect_timeout=0.2, retry=Retry(NoBackoff(), 0))
    loop = make_loop(real, gone, patience=LIVELY, sweep_s=0.05)
    real.submit(step("s"))
    with running(loop):
        eventually(lambda: real.rows("SELECT MIN(seq) FROM task") > [(1,)])
        loop._broker = broker
        eventually(lambda: sum(read_lengths(broker, ["a", "b"]).values()) >= 2)


def test_the_sweep_sees_leases_pauses_and_deadlines(real, broker):
    silent = real.submit(step("s"), roles={"guest": ("a",)})
    late = real.submit(step("s"), roles={"guest": ("b",)}, deadline_s=0.2)
    for party, [knock] in real.dispatch().items():
        if party == "a":
            real.patience = LIVELY
            assert real.claim(party, knock).assignment
    with running(make_loop(real, broker, patience=LIVELY, sweep_s=0.05)):
        eventually(lambda: real.states(late)[0] == "timeout")
        eventually(lambda: real.rows(f"SELECT attempt FROM step WHERE job_id = '{silent}'") == [(2,)])
    assert [event.event for event in real.events(silent) if event.event in {"lost", "retried"}] == ["lost", "retried"]


def test_thousands_of_jobs_that_are_due_at_once_hold_nobody_up(real, broker, monkeypatch):
    monkeypatch.setattr(module, "MAX_SETTLED", 2)
    settled, seen, late = [], [], []
    loop, settle = make_loop(real, broker), module.settle_jobs

    def settle_some(tx, jobs, **given):
        settled.append(len(jobs))
        if len(settled) == 2:
            loop.nudge()
        return settle(tx, jobs, **given)

    def note_pass(tx, **given):
        seen.append(len(settled))
        return module.Pass()

    monkeypatch.setattr(module, "settle_jobs", settle_some)
    monkeypatch.setattr(module, "dispatch_ready", note_pass)
    late += real.submit_all([real.plan(step("s"), deadline_s=0.01)] * 7)
    time.sleep(0.02)
    loop.sweep()
    assert (settled, seen) == ([2, 2, 2, 1], [2])
    assert {real.states(job)[0] for job in late} == {"timeout"}


def test_every_tenth_sweep_looks_for_what_was_missed(real, broker):
    job = real.submit(step("s"))
    for party, [knock] in real.dispatch().items():
        real.claim(party, knock)
    with real.store.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE task SET state = 'success'")
    with running(make_loop(real, broker, sweep_s=0.02)):
        eventually(lambda: real.states(job)[0] == "success")


def test_a_cut_pass_is_followed_by_the_next_at_once(real, broker, monkeypatch):
    from scheduler.service import advance

    monkeypatch.setattr(advance, "PAGE", 2)
    monkeypatch.setattr(advance, "MAX_PAGES", 2)
    real.submit_all([real.plan(step("s"))] * 11)
    loop = make_loop(real, broker)
    with running(loop):
        eventually(lambda: real.rows("SELECT COUNT(*) FROM step WHERE state = 'dispatched'") == [(11,)])
        assert loop._sweeps == 1


def test_the_next_pass_goes_on_where_one_was_cut_off(real, broker, monkeypatch):
    places, cut = [], module.Place((0, 0.0, "x"), {})

    def note_pass(tx, *, place, **given):
        places.append(place)
        return module.Pass(place=None if place else cut)

    monkeypatch.setattr(module, "dispatch_ready", note_pass)
    loop = make_loop(real, broker)
    for _ in range(3):
        loop.dispatch()
    assert places == [None, cut, None]


def test_the_sweeps_tell_what_waits_behind_the_first_page_why(real, broker, monkeypatch):
    monkeypatch.setattr("scheduler.service.advance.PAGE", 1)
    monkeypatch.setattr("scheduler.service.advance.MAX_EXPLAINED", 1)
    jobs = real.submit_all([real.plan(step("s", slots=9))] * 3)
    with running(make_loop(real, broker, sweep_s=0.05)):
        eventually(lambda: all("8 slots in all" in real.job(job).reason for job in jobs))


def test_a_loop_can_be_stopped_before_it_began(sqlite_store: Store, broker):
    loop = Loop(sqlite_store, broker, patience=Patience(), sweep_s=1)
    loop.stop()
    loop.run()


def test_old_jobs_go_with_the_sweep_and_only_while_nothing_else_is_to_be_done(real, broker):
    jobs = [real.submit(step("s")) for _ in range(3)]
    for job in jobs:
        real.stop(job)
    loop = make_loop(real, broker, retention=Retention(keep_s=0.01, batch_jobs=1))
    time.sleep(0.02)
    loop.nudge()
    loop.remove_old()
    assert len(real.rows("SELECT id FROM job")) == 3
    loop._wake.clear()
    with running(loop):
        eventually(lambda: not real.rows("SELECT id FROM job"))


def test_without_a_setting_no_job_goes(real, broker):
    real.stop(real.submit(step("s")))
    loop = make_loop(real, broker, sweep_s=0.05)
    with running(loop):
        eventually(lambda: loop._sweeps > 2)
    assert len(real.rows("SELECT id FROM job")) == 1
