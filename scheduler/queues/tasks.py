"""The scheduler as a Celery worker: its loop is a step of the worker's life, `scheduler.advance` its open door."""

import threading
from typing import Any, Final

import redis
import structlog
from celery import Celery, bootsteps
from redis.backoff import NoBackoff
from redis.retry import Retry

from config.garbage import spare_the_old
from config.settings import Settings
from scheduler.queues.app import make_celery
from scheduler.queues.loop import Loop
from scheduler.queues.names import ADVANCE, SCHEDULER
from scheduler.queues.nudge import NudgeListener
from scheduler.queues.pulse import Pulse, find_late_s
from scheduler.service.limits import patience_from
from scheduler.service.retention import retention_from
from scheduler.store.schema import check_schema
from scheduler.store.session import Store, make_store

log: Final = structlog.get_logger()


def make_scheduler(settings: Settings) -> Celery:
    """The scheduler's Celery app; its loop starts and stops with the worker that runs it."""
    app = make_celery(
        "scheduler",
        broker_url=settings.broker_url.get_secret_value(),
        queue=SCHEDULER,
        profile="centre",
    )
    app.conf.fedrota_settings = settings
    app.steps["worker"].add(LoopStep)
    app.task(name=ADVANCE, bind=True)(advance)
    return app


def advance(task: Any) -> None:
    """Ask for a pass; the same as a nudge, for whoever speaks Celery."""
    task.app.fedrota_loop.nudge()


class LoopStep(bootsteps.StartStopStep):
    """Runs the loop and the listener for nudges in threads of the worker's process."""

    requires = ("celery.worker.components:Pool",)

    def __init__(self, worker: Any, **kwargs: Any) -> None:
        super().__init__(worker, **kwargs)
        self._thread: threading.Thread | None = None
        self._listener: NudgeListener | None = None
        self._loop: Loop | None = None
        self._pulse: Pulse | None = None
        self._store: Store | None = None

    def start(self, worker: Any) -> None:
        """Begin; a database whose schema is not this release's is refused."""
        settings: Settings = worker.app.conf.fedrota_settings
        broker_url = settings.broker_url.get_secret_value()
        self._store = make_store(settings.sql_url(), pool_size=2)
        check_schema(self._store)
        # One new try, for a connection that a restarted broker has closed; a broker that is away must not
        # hold up the passes, and its knocks are repeated when their leases run out.
        broker = redis.Redis.from_url(
            broker_url,
            socket_timeout=5,
            socket_connect_timeout=2,
            retry=Retry(NoBackoff(), 1),
        )
        self._loop = Loop(
            self._store,
            broker,
            patience=patience_from(settings),
            sweep_s=settings.sweep_s,
            retention=retention_from(settings),
        )
        worker.app.fedrota_loop = self._loop
        self._thread = threading.Thread(target=self._loop.run, name="scheduler-loop", daemon=True)
        self._thread.start()
        self._listener = NudgeListener(self._loop.nudge, broker_url=broker_url, postgres_dsn=settings.postgres_dsn())
        self._listener.__enter__()
        self._pulse = Pulse(broker, self._loop.count_passes, late_s=find_late_s(settings.sweep_s))
        self._pulse.__enter__()
        spare_the_old()
        log.info("scheduler_ready", database=self._store.engine.dialect.name)

    def stop(self, worker: Any) -> None:  # noqa: ARG002  the signature is celery's
        """End after the present pass; rows need no hand-over."""
        for thread in (self._listener, self._pulse):
            if thread is not None:
                thread.__exit__(None, None, None)
        if self._loop is not None and self._thread is not None:
            self._loop.stop()
            self._thread.join(timeout=10)
        if self._store is not None:
            self._store.close()
        log.info("scheduler_stopped")

    def terminate(self, worker: Any) -> None:
        """The same: a pass is short."""
        self.stop(worker)
