import asyncio
import threading
import time
from datetime import UTC, datetime

import pytest

from api.bridge import BATCH, Reader, Writer
from scheduler.domain.access import Principal, Role
from scheduler.domain.errors import BusyError, ConflictError, NotFoundError
from scheduler.domain.messages import Claim, SyncRequest
from scheduler.domain.plan import Catalogue, Draft, StepDraft, make_submission
from scheduler.service.agents import Call
from scheduler.service.audit import Actor
from scheduler.service.jobs import request_stop, submit_jobs
from scheduler.service.limits import Patience
from scheduler.service.open_jobs import OpenJobs
from scheduler.service.parties import PartyPatch, change_party, create_party
from scheduler.service.tags import create_tag
from scheduler.store.failures import STORE_AWAY, UnsureCommitError
from scheduler.store.queries.jobs import get_job
from scheduler.store.queries.parties import get_party
from scheduler.store.sql import make_sql
from scheduler.store.work import complete

BY = Actor(Principal(name="root", kind="user", role=Role.PROJECT_ADMIN))


def now():
    return datetime.now(UTC)


def make_wish(name="first", key=None, owner="ann"):
    catalogue = Catalogue(parties=frozenset({"9999"}), offers={}, check_params=lambda _schema, _params: ())
    steps = (StepDraft(name="read", run={"component": "noop"}),)
    draft = Draft(
        name=name,
        owner=owner,
        project="p1",
        roles={"guest": ("9999",)},
        steps=steps,
        origin={"n": name},
        idempotency_key=key,
    )
    return make_submission(draft, catalogue)


@pytest.fixture
def seen():
    return {"effects": [], "batches": []}


@pytest.fixture
async def writer(either_store, seen):
    with either_store.write() as tx:
        create_party(tx, "9999", org="", slots=4, by=BY, now=now())
    made = Writer(
        either_store,
        patience=Patience(),
        open_jobs_per_user=100,
        on_commit=seen["effects"].append,
        on_batch=seen["batches"].append,
    )
    made.start()
    yield made
    await made.close()


def block(writer):
    """Keep the writer's thread busy; what is queued meanwhile becomes one batch."""
    entered, go = threading.Event(), threading.Event()

    def wait(_tx):
        entered.set()
        go.wait(60)

    task = asyncio.ensure_future(writer.write(wait))
    return task, entered, go


async def in_one_batch(writer, *waiting):
    task, entered, go = block(writer)
    await asyncio.to_thread(entered.wait, 60)
    tasks = [asyncio.ensure_future(item) for item in waiting]
    await asyncio.sleep(0.01)
    go.set()
    await task
    return await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_submit_is_answered_after_its_commit(writer, either_store, seen):
    receipt = await writer.submit(make_wish())
    with either_store.read() as tx:
        assert get_job(tx, receipt.job).name == "first"
    assert receipt.is_new
    assert any(effects.has_ready_work and receipt.job in effects.changed_jobs for effects in seen["effects"])


async def test_what_waits_together_is_one_batch_and_answers_find_their_askers(writer, either_store, seen):
    receipts = await in_one_batch(writer, *(writer.submit(make_wish(f"job-{number}")) for number in range(40)))
    assert seen["batches"] == [1, 40]
    with either_store.read() as tx:
        assert [get_job(tx, receipt.job).name for receipt in receipts] == [f"job-{number}" for number in range(40)]


async def test_what_comes_in_one_turn_of_the_loop_is_one_batch_though_the_writer_has_nothing_to_do(writer, seen):
    receipts = await asyncio.gather(*(writer.submit(make_wish(f"job-{number}")) for number in range(20)))
    assert all(receipt.is_new for receipt in receipts)
    assert seen["batches"] == [20]


async def test_a_turn_with_very_much_goes_in_batches(writer, seen):
    await asyncio.gather(*(writer.write(lambda _tx: None) for _ in range(3 * BATCH + 1)))
    assert sum(seen["batches"]) == 3 * BATCH + 1
    assert max(seen["batches"]) < 2 * BATCH


async def test_too_much_that_waits_is_refused_and_the_rest_is_written(writer, monkeypatch):
    monkeypatch.setattr("api.bridge.WRITES_WAITING", 3)
    answers = await in_one_batch(writer, *(writer.submit(make_wish(f"job-{number}")) for number in range(4)))
    assert [isinstance(answer, BusyError) for answer in answers] == [False, False, True, True]
    assert (await writer.submit(make_wish("later"))).is_new


async def test_a_refused_operation_fails_alone(writer, seen):
    def refuse(_tx):
        raise ConflictError("no")

    first, refused, second = await in_one_batch(
        writer, writer.submit(make_wish("a")), writer.write(refuse), writer.submit(make_wish("b"))
    )
    assert isinstance(refused, ConflictError)
    assert first.is_new
    assert second.is_new
    assert seen["batches"] == [1, 3]


async def test_a_refused_operation_leaves_nothing_behind(writer, either_store):
    def change_and_refuse(tx):
        change_party(tx, "9999", PartyPatch(slots=99), by=BY, now=now())
        raise ConflictError("after all not")

    results = await in_one_batch(writer, writer.write(change_and_refuse), writer.submit(make_wish()))
    assert isinstance(results[0], ConflictError)
    with either_store.read() as tx:
        assert get_party(tx, "9999").slots == 4


async def test_an_unexpected_error_fails_alone_and_the_others_are_repeated(writer, either_store):
    runs = []

    def count(tx):
        runs.append(1)
        return get_party(tx, "9999").slots

    def explode(tx):
        change_party(tx, "9999", PartyPatch(slots=99), by=BY, now=now())
        raise RuntimeError("boom")

    receipt, boom, slots = await in_one_batch(
        writer, writer.submit(make_wish()), writer.write(explode), writer.write(count)
    )
    assert isinstance(boom, RuntimeError)
    assert slots == 4
    with either_store.read() as tx:
        assert get_job(tx, receipt.job).id == receipt.job
        assert get_party(tx, "9999").slots == 4


async def test_a_statement_that_the_database_refuses_fails_alone(writer, either_store):
    def break_the_transaction(tx):
        tx.connection.exec_driver_sql("SELECT * FROM no_such_table")

    receipt, broken = await in_one_batch(writer, writer.submit(make_wish()), writer.write(break_the_transaction))
    assert isinstance(broken, Exception)
    with either_store.read() as tx:
        assert get_job(tx, receipt.job).id == receipt.job


def end_own_connection(tx):
    tx.run(make_sql("SELECT pg_terminate_backend(pg_backend_pid())"))


@pytest.fixture
def on_postgres(either_store):
    """Connections can only be lost where there is a server."""
    return either_store.is_postgres


async def test_a_connection_that_is_lost_before_the_commit_costs_nobody_an_answer(writer, on_postgres, seen):
    runs = []

    def lose_the_first(tx):
        runs.append(1)
        if on_postgres and len(runs) == 1:
            end_own_connection(tx)
        return len(runs)

    assert await writer.write(lose_the_first) == 1 + on_postgres
    runs.clear()
    receipt, _ = await in_one_batch(writer, writer.submit(make_wish()), writer.write(lose_the_first))
    assert receipt.is_new
    assert sum(effects.changed_jobs == {receipt.job} for effects in seen["effects"]) == 1


async def test_a_key_that_another_gateway_uses_at_the_same_moment_finds_its_job(writer, either_store, on_postgres):
    if not on_postgres:
        return  # SQLite has one writer at a time
    wish = make_wish(key="k")
    with either_store.write() as tx:
        [first] = complete(submit_jobs(tx, [wish], now=now(), open_jobs=OpenJobs(100)))
        tx.flush()
        repeat = asyncio.ensure_future(writer.submit(wish))
        await asyncio.sleep(0.5)
        assert not repeat.done()
    answer = await repeat
    assert (answer.job, answer.is_new) == (first.job, False)


async def test_a_tag_that_another_gateway_makes_at_the_same_moment_is_a_conflict(writer, either_store, on_postgres):
    if not on_postgres:
        return  # SQLite has one writer at a time

    def make(tx):
        return create_tag(tx, "good", by=BY.principal, now=now())

    with either_store.write() as tx:
        make(tx)
        tx.flush()
        late = asyncio.ensure_future(writer.write(make))
        await asyncio.sleep(0.5)
        assert not late.done()
    with pytest.raises(ConflictError, match="there is a tag 'good' already"):
        await late


async def test_a_connection_that_is_lost_again_and_again_is_an_error(writer, on_postgres):
    if on_postgres:
        with pytest.raises(STORE_AWAY):
            await writer.write(end_own_connection)
    assert (await writer.submit(make_wish())).is_new


async def test_a_read_whose_connection_is_lost_is_run_once_more(either_store, on_postgres):
    reader, runs = Reader(either_store), []

    def lose(tx, *, times):
        runs.append(1)
        if on_postgres and len(runs) <= times:
            end_own_connection(tx)
        return len(runs)

    assert await reader.read(lambda tx: lose(tx, times=1)) == 1 + on_postgres
    runs.clear()
    if on_postgres:
        with pytest.raises(STORE_AWAY):
            await reader.read(lambda tx: lose(tx, times=9))
        assert len(runs) == 2
    reader.close()


async def test_a_read_that_fails_otherwise_is_not_repeated(either_store):
    reader, runs = Reader(either_store), []

    def fail(tx):
        runs.append(1)
        tx.run(make_sql("SELECT 1 FROM nowhere"))

    with pytest.raises(Exception, match="nowhere"):
        await reader.read(fail)
    assert len(runs) == 1
    reader.close()


async def test_what_may_have_been_committed_is_not_repeated(writer, either_store):
    """A trigger ends the connection in the middle of the commit."""
    runs = []

    def fail_in_the_commit(tx):
        runs.append(1)
        tx.connection.exec_driver_sql("INSERT INTO doomed VALUES (1)")

    if not either_store.is_postgres:
        return
    with either_store.engine.begin() as connection:
        for statement in DOOMED:
            connection.exec_driver_sql(statement)
    both = await in_one_batch(writer, writer.submit(make_wish()), writer.write(fail_in_the_commit))
    assert [type(found) for found in both] == [UnsureCommitError] * 2
    assert len(runs) == 1


DOOMED = (
    "CREATE TABLE doomed (x int)",
    "CREATE FUNCTION doom() RETURNS trigger LANGUAGE plpgsql AS "
    "'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END'",
    "CREATE CONSTRAINT TRIGGER doom AFTER INSERT ON doomed DEFERRABLE INITIALLY DEFERRED "
    "FOR EACH ROW EXECUTE FUNCTION doom()",
)


async def test_a_call_that_cannot_be_written_fails_alone(writer):
    """Beside a good submit of the same batch, which is repeated without it."""
    bad = Call("9999", SyncRequest(agent="a", claims=(Claim(object(), 1),)))  # type: ignore[arg-type]
    receipt, failed = await in_one_batch(writer, writer.submit(make_wish()), writer.sync(bad))
    assert receipt.is_new
    assert isinstance(failed, Exception)


async def test_cold_operations_of_one_batch_see_each_other(writer):
    receipt = await writer.submit(make_wish())
    stops = [
        writer.write(lambda tx: request_stop(tx, receipt.job, reason="enough", now=now(), patience=Patience()).state)
        for _ in range(2)
    ]
    first, second = await in_one_batch(writer, *stops)
    assert first == "canceled"
    assert isinstance(second, ConflictError)


async def test_two_submits_with_one_key_in_one_batch_make_one_job(writer):
    first, second, other = await in_one_batch(
        writer,
        writer.submit(make_wish("a", key="k")),
        writer.submit(make_wish("a", key="k")),
        writer.submit(make_wish("b", key="k")),
    )
    assert (first.is_new, second.is_new) == (True, False)
    assert first.job == second.job
    assert isinstance(other, ConflictError)


async def test_an_unknown_claim_is_an_answer(writer):
    reply = await writer.sync(Call("9999", SyncRequest(agent="a", claims=(Claim("nope", 1),))))
    assert reply.claims[0].assignment is None


async def test_closing_finishes_what_is_queued_and_refuses_the_rest(writer, either_store):
    task, entered, go = block(writer)
    await asyncio.to_thread(entered.wait, 60)
    waiting = [asyncio.ensure_future(writer.submit(make_wish(f"job-{number}"))) for number in range(5)]
    await asyncio.sleep(0)
    closing = asyncio.ensure_future(writer.close())
    await asyncio.sleep(0.01)
    with pytest.raises(BusyError, match="stopping"):
        await writer.submit(make_wish("late"))
    go.set()
    await closing
    await task
    receipts = await asyncio.gather(*waiting)
    with either_store.read() as tx:
        assert all(get_job(tx, receipt.job) for receipt in receipts)


async def test_an_asker_who_has_gone_disturbs_nobody(writer):
    task, entered, go = block(writer)
    await asyncio.to_thread(entered.wait, 60)
    gone = asyncio.ensure_future(writer.submit(make_wish("gone")))
    await asyncio.sleep(0)
    gone.cancel()
    stays = asyncio.ensure_future(writer.submit(make_wish("stays")))
    await asyncio.sleep(0)
    go.set()
    await task
    assert (await stays).is_new


async def test_effects_of_an_undone_batch_are_not_told(writer, seen):
    def explode(tx):
        tx.effects.has_ready_work = True
        tx.effects.changed_jobs.add("ghost")
        raise RuntimeError("boom")

    with pytest.raises(RuntimeError):
        await writer.write(explode)
    assert all("ghost" not in effects.changed_jobs for effects in seen["effects"])


async def test_the_reader_refuses_what_it_cannot_keep_waiting(store):
    reader = Reader(store, threads=1, waiting=1)
    go = threading.Event()
    first = asyncio.ensure_future(reader.call(lambda: go.wait(60)))
    second = asyncio.ensure_future(reader.read(lambda tx: get_party(tx, "none")))
    await asyncio.sleep(0.01)
    with pytest.raises(BusyError):
        await reader.call(time.time)
    go.set()
    assert await first
    with pytest.raises(NotFoundError):
        await second
    await asyncio.sleep(0.01)
    assert await reader.call(lambda: 7) == 7
    reader.close()
