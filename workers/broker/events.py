"""Buffered Celery events, so that Flower shows every party task as a task of its own."""

import json
import threading
import time
from collections import deque
from typing import Any, Final

import orjson
import structlog
from celery import Celery
from kombu.exceptions import KombuError
from kombu.serialization import register
from kombu.utils.json import dumps

from scheduler.domain.messages import Assignment, Report

log = structlog.get_logger(__name__)

Event = tuple[str, dict[str, Any]]

WAITING: Final = 20_000
GROUP: Final = 200
PAUSE_S: Final = 0.25
FAILURE_PAUSE_S: Final = 5.0
SERIALIZER: Final = "party-task-events"
_EVENT_OF: Final = {"success": "task-succeeded", "canceled": "task-revoked"}


class CeleryEvents:
    """An observer that sends events from a thread of its own; without a broker the oldest are lost, nothing else."""

    def __init__(self, app: Celery, hostname: str) -> None:
        self._app = app
        self._hostname = hostname
        self._waiting: deque[Event] = deque(maxlen=WAITING)
        self._wake = threading.Event()
        self._begun: dict[str, float] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="celery-events", daemon=True)

    def start(self) -> None:
        """Begin to send."""
        register(SERIALIZER, encode_events, None, content_type="application/json", content_encoding="utf-8")
        self._thread.start()

    def stop(self) -> None:
        """Send what waits, then end."""
        self._over.set()
        self._wake.set()
        self._thread.join(2.0)

    def received(self, assignment: Assignment) -> None:
        """The gateway has assigned it."""
        self._begun[make_uuid(assignment)] = time.time()
        self._add(
            "task-received",
            assignment,
            name=name_task(assignment),
            args=render_args(assignment),
            kwargs="{}",
            retries=max(0, assignment.attempt - 1),
            eta=None,
            expires=None,
        )

    def started(self, assignment: Assignment) -> None:
        """It runs."""
        self._add("task-started", assignment)

    def ended(self, assignment: Assignment, report: Report) -> None:
        """It is over."""
        runtime = time.time() - self._begun.pop(make_uuid(assignment), time.time())
        kind = _EVENT_OF.get(report.outcome, "task-failed")
        if kind == "task-succeeded":
            result = json.dumps(dict(report.summary), default=str) if report.summary else "{}"
            self._add(kind, assignment, result=result, runtime=runtime)
        elif kind == "task-revoked":
            self._add(kind, assignment, terminated=True, signum=15, expired=False)
        else:
            words = f"{report.kind or report.outcome}: {report.message}"
            self._add(kind, assignment, exception=words, traceback=report.detail)

    def _add(self, kind: str, assignment: Assignment, **fields: Any) -> None:
        self._waiting.append((kind, {"uuid": make_uuid(assignment), "timestamp": time.time(), **fields}))
        if not self._wake.is_set():  # it is cleared before the thread looks at what waits
            self._wake.set()

    def _run(self) -> None:
        while not self._over.is_set():
            self._wake.wait()
            try:
                self._send_while_connected()
            except self._list_errors() as away:
                log.warning("events_not_sent", reason=str(away), waiting=len(self._waiting))
                self._wake.set()  # what waits need not wait for more
                self._over.wait(FAILURE_PAUSE_S)

    def _list_errors(self) -> tuple[type[BaseException], ...]:
        """What a broker that is away, or takes no more, raises."""
        connection = self._app.connection_for_write()
        return (OSError, KombuError, *connection.connection_errors, *connection.channel_errors)

    def _send_while_connected(self) -> None:
        with self._app.connection_for_write() as connection:
            dispatcher = self._app.events.Dispatcher(
                connection,
                hostname=self._hostname,
                buffer_group=frozenset({"task"}),
                buffer_limit=GROUP + 1,  # a group is sent here
                buffer_while_offline=False,  # it would keep what failed for good, and never send it
                serializer=SERIALIZER,
            )
            while self._waiting or not self._over.is_set():
                self._wake.wait()
                self._wake.clear()
                while self._waiting:
                    self._send_group(dispatcher)
                self._over.wait(PAUSE_S)

    def _send_group(self, dispatcher: Any) -> None:
        """The oldest events in one message; they wait again where that fails."""
        group = [self._waiting.popleft() for _ in range(min(GROUP, len(self._waiting)))]
        is_sent = False
        try:
            for kind, fields in group:
                dispatcher.send(kind, **fields)
            dispatcher.flush(groups=True, errors=False)
            is_sent = True
        finally:
            if not is_sent:
                room = WAITING - len(self._waiting)
                self._waiting.extendleft(reversed(group[max(0, len(group) - room) :]))


def make_uuid(assignment: Assignment) -> str:
    """One id per dispatch, so that every try is a task of its own."""
    return f"{assignment.task}-{assignment.seq}"


def name_task(assignment: Assignment) -> str:
    """What runs, in a word."""
    run = assignment.run
    if "component" in run:
        return str(run["component"])
    if "image" in run:
        return f"container:{run['image']}"
    command = run.get("command") or ["?"]
    return f"command:{command[0]}"


def render_args(assignment: Assignment) -> str:
    """What tells tasks of one name apart."""
    return (
        f"(job={assignment.job!r}, name={assignment.job_name!r}, step={assignment.step!r}, "
        f"role={assignment.role!r}, party={assignment.party!r}, attempt={assignment.attempt})"
    )


def encode_events(events: Any) -> str:
    """JSON as Celery's own serializer makes it, many times as fast; what is no UTF-8 goes the slow way."""
    try:
        return orjson.dumps(events).decode()
    except TypeError:
        slow: str = dumps(events)
        return slow
