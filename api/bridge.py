"""Between the event loop and the sync store: a bounded pool of readers, one writer with group commit."""

import asyncio
import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from types import TracebackType
from typing import Any, Final, Self, TypeVar

import structlog

from scheduler.domain.errors import BusyError, FedrotaError
from scheduler.domain.messages import SyncReply
from scheduler.domain.model import Submission
from scheduler.domain.values import valueclass
from scheduler.service.agents import Call, Sightings, sync_workers
from scheduler.service.jobs import Submitted, submit_jobs
from scheduler.service.limits import Patience
from scheduler.service.open_jobs import OpenJobs
from scheduler.store.effects import Effects
from scheduler.store.failures import STORE_AWAY, UnsureCommitError, is_lost_connection, is_lost_race
from scheduler.store.session import Store
from scheduler.store.tx import Tx
from scheduler.store.work import Work, both, complete

Result = TypeVar("Result")

log: Final = structlog.get_logger()

READ_THREADS: Final = 4
READS_WAITING: Final = 512
BATCH: Final = 256
WRITES_WAITING: Final = 8192


def utc_now() -> datetime:
    """The present moment."""
    return datetime.now(UTC)


class Threads:
    """Runs blocking work on a few threads; refuses more than a bounded number of waiting pieces."""

    def __init__(self, name: str, *, threads: int = READ_THREADS, waiting: int = READS_WAITING) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._limit = threads + waiting
        self._lock = threading.Lock()
        self._pending = 0

    async def call(self, work: Callable[[], Result]) -> Result:
        """Run `work` on the pool; BusyError where too many wait already."""
        with self._lock:
            if self._pending >= self._limit:
                raise BusyError("too many reads are waiting: try again in a moment")
            self._pending += 1
        future = self._pool.submit(work)
        future.add_done_callback(self._count_off)
        return await asyncio.wrap_future(future)

    def _count_off(self, _done: Future[Any]) -> None:
        with self._lock:
            self._pending -= 1

    def close(self) -> None:
        """Let running work end."""
        self._pool.shutdown(wait=True, cancel_futures=True)


class Reader(Threads):
    """Runs queries on a few threads; what waits for anything but the store belongs on others."""

    def __init__(self, store: Store, *, threads: int = READ_THREADS, waiting: int = READS_WAITING) -> None:
        super().__init__("reader", threads=threads, waiting=waiting)
        self._store = store

    async def read(self, query: Callable[[Tx], Result]) -> Result:
        """What `query` finds in a transaction of its own; BusyError where too many wait already."""
        return await self.call(lambda: self._query(query))

    def _query(self, query: Callable[[Tx], Result]) -> Result:
        """What it finds; once more where the connection broke, since a read changes nothing."""
        try:
            return self._query_once(query)
        except STORE_AWAY as failure:
            if not is_lost_connection(failure):
                raise
            log.warning("read_repeated", error=repr(failure))
            return self._query_once(query)

    def _query_once(self, query: Callable[[Tx], Result]) -> Result:
        with self._store.read() as tx:
            return query(tx)


@valueclass(frozen=True, slots=True)
class Receipt(Submitted):
    """What a submit made, and the moment at which it was stored."""

    at: datetime


class _Kind(Enum):
    SUBMIT = 1
    COLD = 2
    SYNC = 3


@dataclass(slots=True, eq=False)
class _Operation:
    """Something to write, and who waits for its answer."""

    kind: _Kind
    payload: Any
    future: asyncio.Future[Any]
    result: Any = None
    error: Exception | None = None

    def resolve(self) -> None:
        """Wake whoever waits, if anybody still does."""
        if self.future.done():
            return
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.result)


class _Trial:
    """Keeps the exception of its block for the operation that it belongs to."""

    def __init__(self) -> None:
        self.error: Exception | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        self.error = error if isinstance(error, Exception) else None
        return self.error is not None


class Writer:
    """One thread that takes all that is queued into one transaction; answers come after its commit.

    `on_commit` is called in the thread with what the commit has caused, `on_batch` with its size.
    """

    def __init__(
        self,
        store: Store,
        *,
        patience: Patience,
        open_jobs_per_user: int,
        on_commit: Callable[[Effects], None],
        on_batch: Callable[[int], None] = lambda _size: None,
    ) -> None:
        self._store = store
        self._patience = patience
        self._open_jobs = OpenJobs(open_jobs_per_user)
        self._on_commit = on_commit
        self._on_batch = on_batch
        self._queue: queue.SimpleQueue[list[_Operation]] = queue.SimpleQueue()
        """What the thread has not taken yet; an empty list is the last."""
        self._gathered: list[_Operation] = []
        """What has come in the present turn of the event loop."""
        self._waiting = 0
        """How many operations have no answer yet."""
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._sightings = Sightings()
        self._is_closed = False
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self) -> None:
        """Begin; call it in the event loop."""
        self._loop = asyncio.get_running_loop()
        self._thread.start()

    async def close(self) -> None:
        """Finish what is queued, take nothing more."""
        if not self._is_closed and self._loop is not None:
            self._is_closed = True
            self._hand_over()
            self._queue.put([])
            await asyncio.to_thread(self._thread.join)

    async def submit(self, submission: Submission) -> Receipt:
        """Store a job; errors as in `submit_jobs`."""
        found: Receipt = await self._put(_Kind.SUBMIT, submission)
        return found

    async def sync(self, call: Call) -> SyncReply:
        """Answer an agent call."""
        found: SyncReply = await self._put(_Kind.SYNC, call)
        return found

    async def write(self, use_case: Callable[[Tx], Result]) -> Result:
        """Run any other function of the service in a transaction; it may be run twice, the first undone."""
        found: Result = await self._put(_Kind.COLD, use_case)
        return found

    def _put(self, kind: _Kind, payload: Any) -> asyncio.Future[Any]:
        if self._is_closed or self._loop is None:
            raise BusyError("this gateway is stopping: try again in a moment")
        if self._waiting >= WRITES_WAITING:
            raise BusyError("too many writes are waiting: try again in a moment")
        operation = _Operation(kind, payload, self._loop.create_future())
        if not self._gathered:
            # What comes in the same turn of the loop goes in one transaction; the thread would take the
            # first alone, and then wait for the interpreter's lock while the loop reads the others.
            self._loop.call_soon(self._hand_over)
        self._gathered.append(operation)
        self._waiting += 1
        return operation.future

    def _hand_over(self) -> None:
        gathered, self._gathered = self._gathered, []
        for first in range(0, len(gathered), BATCH):
            self._queue.put(gathered[first : first + BATCH])

    def _run(self) -> None:
        is_last = False
        while not is_last:
            batch, is_last = self._take()
            if batch:
                self._on_batch(len(batch))
                self._settle(batch)
                self._answer(batch)

    def _take(self) -> tuple[list[_Operation], bool]:
        """What is queued, fewer operations than two full batches have; and whether it was the last."""
        batch: list[_Operation] = []
        found = self._queue.get()
        while found:
            batch += found
            if len(batch) >= BATCH:
                return batch, False
            try:
                found = self._queue.get_nowait()
            except queue.Empty:
                return batch, False
        return batch, True

    def _settle(self, batch: Sequence[_Operation], *, may_repeat: bool = True) -> None:
        """One transaction for all; where it fails, smaller ones, so that a failure is its own operation's alone.

        Where the connection broke before the commit, the same once more, and also where another gateway was a moment
        faster to store the same: it is found then. Where it broke in the commit, nobody knows what is stored: a submit
        that was repeated then could make a second job.
        """
        trial = _Trial()
        with trial:
            effects = self._transact(batch)
        if trial.error is None:
            self._on_commit(effects)
        elif may_repeat and _is_worth_repeating(batch, trial.error):
            log.warning("batch_repeated", size=len(batch), error=repr(trial.error))
            self._settle(batch, may_repeat=False)
        elif len(batch) == 1 or isinstance(trial.error, UnsureCommitError):
            for item in batch:
                item.error = trial.error
        else:
            if not isinstance(trial.error, FedrotaError):
                log.warning("batch_repeated", size=len(batch), error=repr(trial.error))
            for part in _split(batch):
                self._settle(part)

    def _transact(self, batch: Sequence[_Operation]) -> Effects:
        now = utc_now()
        with self._store.write() as tx:
            for item in batch:
                if item.kind is _Kind.COLD:
                    _run_alone(tx, item)
            synced = self._sync(tx, [item for item in batch if item.kind is _Kind.SYNC], now)
            submitted = self._submit(tx, [item for item in batch if item.kind is _Kind.SUBMIT], now)
            complete(both(synced, submitted))
        return tx.effects

    def _submit(self, tx: Tx, items: Sequence[_Operation], now: datetime) -> Work[None]:
        if not items:
            return
        submissions = [item.payload for item in items]
        answers = yield from submit_jobs(tx, submissions, now=now, open_jobs=self._open_jobs)
        for item, answer in zip(items, answers, strict=True):
            if isinstance(answer, FedrotaError):
                item.error = answer
            else:
                item.result, item.error = Receipt(answer.job, answer.is_new, now), None

    def _sync(self, tx: Tx, items: Sequence[_Operation], now: datetime) -> Work[None]:
        if not items:
            return
        calls = [item.payload for item in items]
        replies = yield from sync_workers(tx, calls, now=now, patience=self._patience, sightings=self._sightings)
        for item, reply in zip(items, replies, strict=True):
            item.result = reply

    def _answer(self, batch: Sequence[_Operation]) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._resolve, batch)

    def _resolve(self, batch: Sequence[_Operation]) -> None:
        self._waiting -= len(batch)
        for item in batch:
            item.resolve()


def _run_alone(tx: Tx, item: _Operation) -> None:
    """Run a cold operation so that its refusal undoes nothing but itself."""
    trial = _Trial()
    with trial, tx.savepoint():
        item.result = item.payload(tx)
        tx.flush()  # what comes after it in the same transaction must find it stored
    # The next one must see what statements past the session have changed.
    tx.session.expunge_all()
    item.error = trial.error
    if trial.error is not None and not isinstance(trial.error, FedrotaError):
        raise trial.error


def _is_worth_repeating(batch: Sequence[_Operation], error: Exception) -> bool:
    return is_lost_connection(error) or (len(batch) == 1 and is_lost_race(error))


def _split(batch: Sequence[_Operation]) -> list[list[_Operation]]:
    """Cold operations each alone and the others together; these alone too where there are no others."""
    hot = [item for item in batch if item.kind is not _Kind.COLD]
    cold = [[item] for item in batch if item.kind is _Kind.COLD]
    return [hot, *cold] if hot and cold else [[item] for item in batch]
