"""L1: the real store under many threads that all begin at once, on SQLite and on PostgreSQL."""

import random
import threading
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

import psycopg
import pytest

from scheduler.domain.errors import ConflictError
from scheduler.domain.messages import Beat, Claim, Knock, Report, SyncRequest
from scheduler.service import advance, agents, jobs
from scheduler.service.open_jobs import OpenJobs
from scheduler.store.migrate import migrate
from scheduler.store.queries.snapshots import list_unsettled_jobs
from scheduler.store.session import Store, make_store
from scheduler.store.work import complete
from tests.scheduler.centre import Centre, chain, clear, hello, step

JOBS = 300


@pytest.fixture(scope="module")
def sqlite_races(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A SQLite file as in production: WAL, every commit synced."""
    store = make_store(f"sqlite:///{tmp_path_factory.mktemp('races') / 'core.db'}")
    migrate(store)
    yield store
    store.close()


@pytest.fixture(scope="module")
def postgres_races(postgres_server) -> Iterator[Store]:
    """A PostgreSQL database for these tests."""
    name = f"races_{uuid.uuid4().hex[:16]}"
    with psycopg.connect(postgres_server.get_uri(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    store = make_store(postgres_server.get_uri(name).replace("postgresql://", "postgresql+psycopg://", 1), pool_size=16)
    migrate(store)
    yield store
    store.close()
    with psycopg.connect(postgres_server.get_uri(), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite_races", "postgres_races"], ids=["sqlite", "postgres"])
def centre(request: pytest.FixtureRequest) -> Centre:
    """A centre on an emptied database."""
    store = request.getfixturevalue(request.param)
    clear(store)
    return Centre(store, {"a": 8, "b": 8})


def together(*works: Callable[[], object]) -> list[object]:
    """Run all at the same moment, each in a thread of its own; their results, or the first failure."""
    barrier = threading.Barrier(len(works))
    results: list[object] = [None] * len(works)
    failures: list[BaseException] = []

    def run(number: int, work: Callable[[], object]) -> None:
        barrier.wait()
        try:
            results[number] = work()
        except BaseException as failure:  # noqa: BLE001  handed to the test's own thread
            failures.append(failure)

    threads = [threading.Thread(target=run, args=item) for item in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return results


def sync(centre: Centre, party: str, *, agent: str = "", **given: object) -> agents.SyncReply:
    """One agent call, without the centre's own bookkeeping, which is not made for threads."""
    request = SyncRequest(agent=agent or f"agent-{party}", **given)
    with centre.store.write() as tx:
        return complete(
            agents.sync_workers(tx, [agents.Call(party, request)], now=centre.now, patience=centre.patience)
        )[0]


def start(centre: Centre, count: int, *, claimed: bool = True) -> dict[str, dict[str, Knock]]:
    """`count` one-step jobs, dispatched (and claimed); {job: {party: knock}}."""
    with centre.store.engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE party SET slots = {count}")
    centre.submit_all([centre.plan(step("s"))] * count)
    found: dict[str, dict[str, Knock]] = {}
    for party, knocks in centre.dispatch().items():
        for knock in knocks:
            found.setdefault(knock.task.split("-")[0], {})[party] = knock
        if claimed:
            replies = centre.sync(party, claims=tuple(Claim(knock.task, knock.seq) for knock in knocks)).claims
            assert all(reply.assignment for reply in replies)
    assert len(found) == count
    return found


def done(knock: Knock, outcome: str = "success") -> tuple[Report]:
    return (Report(task=knock.task, seq=knock.seq, outcome=outcome, message=outcome),)


def chunks(items: Sequence[Knock], size: int) -> Iterator[Sequence[Knock]]:
    return (items[at : at + size] for at in range(0, len(items), size))


def test_a_dispatch_is_claimed_by_one_agent_alone(centre):
    knocks = [found["a"] for found in start(centre, JOBS, claimed=False).values()]
    granted: Counter[str] = Counter()
    guard = threading.Lock()

    def claim_all(agent: str) -> None:
        order = random.Random(agent).sample(knocks, len(knocks))
        for group in chunks(order, 10):
            claims = tuple(Claim(knock.task, knock.seq) for knock in group)
            replies = sync(centre, "a", agent=agent, claims=claims).claims
            with guard:
                granted.update(reply.task for reply in replies if reply.assignment)

    together(*[lambda name=f"agent-{n}": claim_all(name) for n in range(4)])
    assert granted == {knock.task: 1 for knock in knocks}


def test_two_last_reports_at_the_same_moment_leave_no_job_open(centre):
    """Write skew: without the lock on the job each sees the other's task unfinished."""
    found = list(start(centre, JOBS).values())

    def report(party: str) -> None:
        for knocks in found:
            barrier.wait()
            assert sync(centre, party, reports=done(knocks[party])).reports[0].accepted

    barrier = threading.Barrier(2)
    together(lambda: report("a"), lambda: report("b"))
    assert centre.rows("SELECT state, COUNT(*) FROM job GROUP BY state") == [("success", JOBS)]
    assert centre.read(list_unsettled_jobs) == []


def test_schedulers_at_once_dispatch_everything_once_and_never_over_slots(centre):
    wishes = [centre.plan(step("s", gang=n % 2 == 0, slots=1 + n % 3)) for n in range(200)]
    centre.submit_all(wishes)
    knocked: Counter[tuple[str, int]] = Counter()
    guard = threading.Lock()

    def work() -> None:
        for _ in range(6):
            with centre.store.write() as tx:
                done = advance.dispatch_ready(tx, now=centre.now, patience=centre.patience)
            with guard:
                knocked.update((knock.task, knock.seq) for knocks in done.knocks.values() for knock in knocks)
            used = centre.rows("SELECT SUM(slots) FROM task WHERE gang AND state = 'dispatched' GROUP BY party_id")
            assert all(slots <= 8 for (slots,) in used)

    together(*[work] * 4)
    assert set(knocked.values()) == {1}
    assert centre.rows("SELECT DISTINCT seq FROM task ORDER BY seq") == [(0,), (1,)]
    gangs = centre.rows("SELECT party_id, SUM(slots) FROM task WHERE gang AND seq > 0 GROUP BY party_id")
    loose = centre.rows("SELECT party_id, SUM(slots) FROM task WHERE seq > 0 GROUP BY party_id")
    assert all(slots <= 8 for _, slots in gangs)
    assert all(slots <= 16 + 8 for _, slots in loose)


def test_redispatch_at_once_knocks_each_task_once(centre):
    start(centre, 50, claimed=False)
    centre.wait(31)
    for party in "ab":
        sync(centre, party)

    def work() -> list[tuple[str, int]]:
        with centre.store.write() as tx:
            found = advance.redispatch_expired(tx, now=centre.now, patience=centre.patience)
        return [(knock.task, knock.seq) for knocks in found.knocks.values() for knock in knocks]

    knocked = Counter(item for found in together(*[work] * 4) for item in found)
    assert len(knocked) == 100
    assert set(knocked.values()) == {1}
    assert {seq for _, seq in knocked} == {2}


def test_a_worker_that_starts_anew_while_its_calls_are_answered_locks_nobody_out(centre):
    """Its hello voids all its knocks, and takes its row; calls take tasks first, then the row. Each claim is answered."""
    knocks = [found["a"] for found in start(centre, 150, claimed=False).values()]

    def greet() -> None:
        for _ in range(60):
            with centre.store.write() as tx:
                agents.greet_worker(tx, "a", hello("a"), now=centre.now, patience=centre.patience, run_id="r")

    def claim(seed: int) -> None:
        for group in chunks(random.Random(seed).sample(knocks, len(knocks)), 15):
            sync(centre, "a", claims=tuple(Claim(knock.task, knock.seq) for knock in group))

    together(greet, greet, *[lambda n=n: claim(n) for n in range(3)])
    counts = "SELECT state, COUNT(*) FROM task WHERE party_id = 'a' GROUP BY state"
    assert sum(number for state, number in centre.rows(counts) if state in {"running", "dispatched"}) == 150
    with centre.store.write() as tx:
        again = advance.redispatch_expired(tx, now=centre.now, patience=centre.patience).knocks.get("a", [])
    sync(centre, "a", claims=tuple(Claim(knock.task, knock.seq) for knock in again))
    assert centre.rows(counts) == [("running", 150)]


def stop_all(centre: Centre, found: Sequence[str]) -> int:
    stopped = 0
    for job in found:
        try:
            with centre.store.write() as tx:
                jobs.request_stop(tx, job, reason="race", now=centre.now, patience=centre.patience)
            stopped += 1
        except ConflictError:
            continue
    return stopped


def finish(centre: Centre) -> None:
    """Every task that runs is told to stop, and does."""
    for party, task, seq in centre.rows("SELECT party_id, id, seq FROM task WHERE state = 'running'"):
        assert sync(centre, party, beats=(Beat(task=task, seq=seq),)).beats[0].verdict == "stop"
        assert sync(centre, party, reports=done(Knock(task, seq), "canceled")).reports[0].accepted
    assert centre.rows("SELECT id FROM job WHERE state IN ('waiting', 'running')") == []
    assert centre.rows("SELECT id FROM task WHERE state NOT IN ('success', 'canceled')") == []
    assert centre.read(list_unsettled_jobs) == []


def test_a_stop_against_claims_leaves_nothing_running_unasked(centre):
    found = start(centre, 80, claimed=False)

    def claim(party: str) -> int:
        replies = [sync(centre, party, claims=(Claim(k[party].task, 1),)).claims[0] for k in found.values()]
        return sum(reply.assignment is not None for reply in replies)

    _, *granted = together(lambda: stop_all(centre, list(found)), lambda: claim("a"), lambda: claim("b"))
    states = dict(centre.rows("SELECT state, COUNT(*) FROM task GROUP BY state"))
    assert states.get("running", 0) <= sum(map(int, granted))
    finish(centre)
    assert centre.rows("SELECT DISTINCT state FROM job") == [("canceled",)]


def test_a_stop_against_reports_ends_every_job_one_way(centre):
    found = start(centre, 80)

    def report(party: str) -> None:
        for knocks in found.values():
            assert sync(centre, party, reports=done(knocks[party])).reports[0].accepted

    order = list(reversed(found))
    together(lambda: stop_all(centre, order), lambda: report("a"), lambda: report("b"))
    finish(centre)
    for job, state in centre.rows("SELECT id, state FROM job"):
        ends = [
            event.event
            for event in centre.events(job)
            if event.level == "job" and event.state in {"success", "canceled"}
        ]
        assert [end for end in ends if end != "stop_requested"] == [{"success": "succeeded"}.get(state, state)]


def test_one_key_makes_one_job_however_many_submit_at_once(centre):
    """What the gateway does: a submit that fails is tried once more, alone."""
    for number in range(10):
        wish = centre.plan(step("s"), idempotency_key=f"k{number}", name=f"n{number}")

        def submit(wish: object = wish) -> str:
            for attempt in range(2):
                try:
                    with centre.store.write() as tx:
                        [answer] = complete(jobs.submit_jobs(tx, [wish], now=centre.now, open_jobs=OpenJobs(1000)))
                    return answer.job
                except psycopg.errors.UniqueViolation:
                    assert attempt == 0
            raise AssertionError

        assert len(set(together(*[submit] * 6))) == 1
    assert centre.rows("SELECT COUNT(*) FROM job") == [(10,)]
    assert centre.rows("SELECT COUNT(*) FROM idempotency") == [(10,)]


class Traffic:
    """Gateways with groups over many jobs and parties, schedulers and sweeps, all at once."""

    def __init__(self, centre: Centre) -> None:
        self.centre = centre
        self.inbox: dict[str, list[Knock]] = {"a": [], "b": []}
        self.guard = threading.Lock()
        self.over = threading.Event()

    def gateway(self, seed: int) -> None:
        """Claims, beats and reports of whatever has been knocked, in any order."""
        chance = random.Random(seed)
        while not self.over.is_set():
            with self.guard:
                taken = {party: [items.pop() for _ in range(min(6, len(items)))] for party, items in self.inbox.items()}
            for items in taken.values():
                chance.shuffle(items)
            for use in (_claims, _beats, _reports):
                _call(self.centre, {party: use(items) for party, items in taken.items()}, chance)

    def scheduler(self) -> None:
        """Passes and sweeps until every job has ended."""
        for _ in range(100_000):
            _make_passes(self.centre, self.fill)
            if not self.centre.rows("SELECT 1 FROM job WHERE state IN ('waiting', 'running') LIMIT 1"):
                break
        self.over.set()

    def fill(self, knocks: dict[str, list[Knock]]) -> None:
        """Deliver."""
        with self.guard:
            for party, items in knocks.items():
                self.inbox[party] += items


def test_groups_that_lock_many_jobs_never_lock_each_other_out(centre):
    """No deadlock, no lost row."""
    ways = ({"guest": ("a",), "host": ("b",)}, {"host": ("a",), "guest": ("b",)})
    centre.submit_all([centre.plan(*chain(3), roles=ways[n % 2]) for n in range(120)])
    traffic = Traffic(centre)
    works = [*[lambda n=n: traffic.gateway(n) for n in range(3)], traffic.scheduler, traffic.scheduler]
    together(*[lambda work=work: _until(traffic.over, work) for work in works])
    assert centre.rows("SELECT state, COUNT(*) FROM job GROUP BY state") == [("success", 120)]


def _call(centre: Centre, said: dict[str, dict[str, object]], chance: random.Random) -> None:
    """One group with a call of each party, in any order."""
    order = chance.sample(list(said.items()), len(said))
    calls = [agents.Call(party, SyncRequest(agent=f"agent-{party}", **given)) for party, given in order]
    with centre.store.write() as tx:
        complete(agents.sync_workers(tx, calls, now=centre.now, patience=centre.patience))


def _make_passes(centre: Centre, fill: Callable[[dict[str, list[Knock]]], None]) -> None:
    """Five passes and a sweep."""
    for _ in range(5):
        with centre.store.write() as tx:
            done = advance.dispatch_ready(tx, now=centre.now, patience=centre.patience)
        fill(done.knocks)
    with centre.store.write() as tx:
        due = advance.list_due(tx, now=centre.now, patience=centre.patience, is_thorough=True)
        advance.settle_jobs(tx, due, now=centre.now, patience=centre.patience)


def _until(over: threading.Event, work: Callable[[], None]) -> None:
    """One thread's failure ends all."""
    try:
        work()
    finally:
        over.set()


def _claims(knocks: Sequence[Knock]) -> dict[str, object]:
    return {"claims": tuple(Claim(knock.task, knock.seq) for knock in knocks)}


def _beats(knocks: Sequence[Knock]) -> dict[str, object]:
    return {"beats": tuple(Beat(task=knock.task, seq=knock.seq) for knock in knocks)}


def _reports(knocks: Sequence[Knock]) -> dict[str, object]:
    return {"reports": tuple(Report(task=knock.task, seq=knock.seq, outcome="success") for knock in knocks)}
