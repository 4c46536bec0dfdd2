"""The life of the worker: one call to the gateway in flight, carrying whatever has piled up; owns all parallelism."""

import sys
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import replace

import structlog

from scheduler.domain.messages import (
    Assignment,
    BeatReply,
    ClaimReply,
    Hello,
    Knock,
    ReportReply,
    SyncReply,
    SyncRequest,
    Welcome,
)
from workers.agenda import CALL_ITEMS, Agenda
from workers.attempt import FENCED, Attempt, Stop, make_stop
from workers.backoff import Pauses
from workers.executors.base import Ending
from workers.gateway import GatewayAwayError, GatewayPort, HelloNeededError, RefusedError
from workers.greeting import Greeting
from workers.journal import NO_PROCESS, Journal
from workers.observer import Observer
from workers.spool import Key, Record, Spool
from workers.workbench import Workbench

log = structlog.get_logger(__name__)

HURRY_S = 2.0
SPOOL_S = 0.02
"""So long a report waits for the runner to save it with others, where it is in a call that may hang."""


class Runner:
    """Claims, starts, beats, reports. `knock`, `stop_task` and `shut_down` may come from any thread."""

    def __init__(
        self,
        gateway: GatewayPort,
        workbench: Workbench,
        *,
        spool: Spool,
        journal: Journal,
        make_hello: Callable[[], Hello],
        observer: Observer,
    ) -> None:
        self._gateway = gateway
        self._workbench = workbench
        self._spool = spool
        self._journal = journal
        self._observer = observer
        lock = threading.RLock()
        self._changed = threading.Condition(lock)
        self._left_alone = threading.Condition(lock)
        self._is_away = True
        """Whether the runner's thread is in a call or a pause, so that it sees to nothing else."""
        self._saving = threading.Lock()
        self._agenda = Agenda(slots=1)
        self._is_over = False
        self._pauses = Pauses(self._wait_out)
        self._greeting = Greeting(
            gateway,
            lambda: replace(make_hello(), knows=self._list_known()),
            pauses=self._pauses,
            on_welcome=self._welcomed,
            give_up=workbench.give_up,
        )
        self._threads = [
            threading.Thread(target=target, name=name, daemon=True)
            for target, name in ((self._run, "runner"), (self._save, "spool"))
        ]

    @property
    def welcome(self) -> Welcome | None:
        """What the gateway said last; None until it has answered once."""
        return self._greeting.welcome

    @property
    def problem(self) -> str:
        """Why the gateway cannot be reached or does not want us; empty while all is well."""
        return self._greeting.problem

    def watch_failures(self, told: Callable[[int], object]) -> None:
        """Have `told` called with the number of calls in a row that failed, 0 once the gateway answers as it should."""
        self._pauses.on_count = told

    def _list_known(self) -> tuple[Key, ...]:
        with self._changed:
            return tuple(self._agenda.list_known())

    def start(self, leftovers: Iterable[Record]) -> None:
        """Begin, with the reports that a former life left."""
        self._agenda.add_due(leftovers)
        for thread in self._threads:
            thread.start()

    def knock(self, knocks: Iterable[Knock]) -> None:
        """There are tasks to claim."""
        with self._changed:
            if not self._agenda.is_closing:
                self._journal.end(self._agenda.add_knocks(knocks))
                self._changed.notify_all()

    def stop_task(self, task: str, seq: int, kind: str) -> None:
        """End an attempt and report it as `kind` (canceled, failed, timeout); nothing where it is not here."""
        stop = make_stop(kind)
        with self._changed:
            self._agenda.stop_early((task, seq), stop)
        self._stop((task, seq), stop)

    def shut_down(self, grace_s: float) -> None:
        """Claim nothing more; give what runs half of `grace_s` to end, the other half to clean up; report the rest."""
        with self._changed:
            self._agenda.is_closing = True
            self._changed.notify_all()
        self._wait_until(lambda: not self._agenda.running, grace_s / 2)
        interrupted = Stop(outcome="failed", kind="interrupted", message="the party's worker was shut down")
        for attempt in list(self._agenda.running.values()):
            self._stop(attempt.key, interrupted, grace_s=grace_s / 2)
        self._wait_until(lambda: not self._agenda.running, grace_s / 2 + HURRY_S)
        self._wait_until(lambda: self._agenda.is_quiet, HURRY_S)
        with self._changed:
            self._is_over = True
            self._changed.notify_all()
            self._left_alone.notify_all()
        for thread in self._threads:
            thread.join(HURRY_S)

    def list_running(self) -> list[Assignment]:
        """What runs now."""
        with self._changed:
            return [attempt.assignment for attempt in self._agenda.running.values()]

    def _wait_until(self, is_so: Callable[[], bool], timeout_s: float) -> None:
        with self._changed:
            self._changed.wait_for(is_so, timeout_s)

    def _run(self) -> None:
        """The runner's thread. An error that nobody foresaw ends the worker: its supervisor starts it anew."""
        is_done = False
        try:
            while not self._is_over:
                self._turn()
            is_done = True
        finally:
            self._gateway.close()
            if not is_done:
                log.critical("runner_died", exc_info=sys.exc_info())
                self._workbench.give_up()

    def _turn(self) -> None:
        """Wait for something to say, say it, act upon the answer."""
        if self._greeting.is_due:
            self._greeting.say_hello()
            return
        request = self._next_request()
        if request is None:
            return
        try:
            reply = self._gateway.sync(request)
        except (GatewayAwayError, HelloNeededError, RefusedError) as wrong:
            self._take_failure(request, wrong)
            return
        self._greeting.take_accepted_call()
        self._pauses.reset()
        self._apply(reply)

    def _take_failure(self, request: SyncRequest, wrong: GatewayAwayError | HelloNeededError | RefusedError) -> None:
        with self._changed:
            self._journal.end(self._agenda.put_back())
        if isinstance(wrong, GatewayAwayError):
            self._pauses.take("gateway_away", str(wrong), after_s=wrong.after_s)
        elif isinstance(wrong, HelloNeededError):
            self._greeting.take_refused_call(str(wrong))
        else:
            self._isolate(request, str(wrong))

    def _welcomed(self, welcome: Welcome, is_other: bool) -> None:  # noqa: FBT001  a callback's signature
        """The gateway knows us; knocks of another installation mean nothing to it."""
        with self._changed:
            if is_other:
                dropped = self._agenda.drop_knocks()
                self._journal.end(dropped)
                log.warning("knocks_dropped", count=len(dropped))
            self._agenda.slots, self._agenda.heartbeat_s = welcome.slots, welcome.heartbeat_s
            self._changed.notify_all()
        if not self._greeting.is_doubtful:
            self._pauses.on_count(0)

    def _wait_out(self, pause_s: float) -> None:
        give_up = time.monotonic() + pause_s
        self._wait_until(lambda: self._is_over or time.monotonic() >= give_up, pause_s)

    def _next_request(self) -> SyncRequest | None:
        """Everything that has piled up; None after a wait for nothing."""
        with self._changed:
            self._is_away = False
            is_gathering = self._agenda.is_gathering(time.monotonic())
        if not is_gathering:
            self._save_ended()
        with self._changed:
            now = time.monotonic()
            request = self._agenda.next_call(now, self._workbench.agent)
            if request is None:
                self._changed.wait(0.0 if self._is_over else self._agenda.wait_s(now))
                return None
            self._is_away = True
            self._left_alone.notify()
        self._journal.begin((claim.task, claim.seq) for claim in request.claims)
        if not (request.claims or request.reports):
            self._journal.sync()
        return request

    def _save_ended(self) -> None:
        """Make the reports of what has ended safe, all together; from now on they are due."""
        with self._saving:
            with self._changed:
                records = list(self._agenda.unsaved)
            if not records:
                return
            if self._spool.write(records):
                self._journal.end(record.key for record in records)
            with self._changed:
                self._agenda.add_due(records)
                self._changed.notify_all()

    def _save(self) -> None:
        """The spool's thread: no report stays unsaved for long because a call hangs or the gateway is away."""
        is_over = False
        try:
            while not is_over:
                with self._changed:
                    self._left_alone.wait_for(lambda: (self._is_away and self._agenda.unsaved) or self._is_over)
                    is_over = self._is_over
                if not is_over:
                    time.sleep(SPOOL_S)
                self._save_ended()
        finally:
            if not is_over:
                log.critical("spool_thread_died", exc_info=sys.exc_info())
                self._workbench.give_up()

    def _isolate(self, request: SyncRequest, reason: str) -> None:
        """The gateway will never take this call: find the one item that is to blame, then drop that."""
        items = [*request.claims, *request.reports, *request.beats]
        if len(items) > 1:
            self._agenda.call_items = 1
            return
        log.error("item_refused", reason=reason, item=type(items[0]).__name__ if items else "empty call")
        with self._changed:
            for report in request.reports:
                self._drop_report((report.task, report.seq))
            for claim in request.claims:
                self._agenda.forget_knock((claim.task, claim.seq))
            self._journal.end((claim.task, claim.seq) for claim in request.claims)
            self._journal.end((report.task, report.seq) for report in request.reports)
            for beat in request.beats:
                self._agenda.confirm_last_words(BeatReply(task=beat.task, seq=beat.seq, verdict="fenced"))
        self._pauses.take("call_refused", reason)

    def _apply(self, reply: SyncReply) -> None:
        for beat in reply.beats:
            self._apply_beat(beat)
        for report in reply.reports:
            self._apply_report(report)
        for claim in reply.claims:
            self._apply_claim(claim)
        refused = [(claim.task, claim.seq) for claim in reply.claims if claim.assignment is None]
        self._journal.end([*((report.task, report.seq) for report in reply.reports), *refused])
        with self._changed:
            self._agenda.call_items = min(CALL_ITEMS, self._agenda.call_items * 2)
            self._changed.notify_all()

    def _apply_beat(self, reply: BeatReply) -> None:
        key = (reply.task, reply.seq)
        with self._changed:
            self._agenda.confirm_last_words(reply)
            attempt = self._agenda.running.get(key)
            if attempt is None:
                return
            attempt.confirm(reply.batch)
        if reply.verdict == "stop":
            self._stop(key, make_stop(reply.stop_kind))
        elif reply.verdict == "fenced":
            self._stop(key, FENCED)

    def _apply_report(self, reply: ReportReply) -> None:
        key = (reply.task, reply.seq)
        if not reply.accepted:
            log.warning("report_stale", task=reply.task, seq=reply.seq, reason=reply.reason)
            self._drop_unwanted(key)
        with self._changed:
            self._drop_report(key)

    def _drop_unwanted(self, key: Key) -> None:
        """Remove the outputs of a success that came too late; a refused failure may follow one that counts."""
        with self._changed:
            record = self._agenda.find_due(key)
        if record is not None and record.report.outcome == "success":
            self._workbench.drop_outputs(key)

    def _drop_report(self, key: Key) -> None:
        self._agenda.delivered(key)
        self._spool.forget(key)

    def _apply_claim(self, reply: ClaimReply) -> None:
        key = (reply.task, reply.seq)
        assignment = reply.assignment
        with self._changed:
            self._agenda.claimed(key)
            is_known = self._agenda.knows(key)
            if assignment is None or is_known:
                self._agenda.take_early_stop(key)  # nothing begins that it could stop
            if assignment is not None and is_known:
                return
            older = self._agenda.find_running(reply.task) if assignment is not None else None
            if older is not None:
                older.successor = assignment
        if assignment is None:
            log.info("claim_refused", task=reply.task, seq=reply.seq, reason=reply.reason)
        elif older is not None:
            self._stop(older.key, FENCED)
        else:
            self._begin(assignment)

    def _begin(self, assignment: Assignment) -> None:
        attempt = Attempt(assignment, changed=self._changed, on_started=self._on_started, on_ended=self._on_ended)
        with self._changed:
            attempt.last_beat = time.monotonic()
            attempt.stop = self._agenda.take_early_stop(attempt.key)
            self._agenda.running[attempt.key] = attempt
            is_closing = self._agenda.is_closing
        self._observer.received(assignment)
        if attempt.stop is not None:
            attempt.ended(Ending(outcome="failed"))
        elif is_closing:
            attempt.ended(Ending(outcome="failed", kind="interrupted", message="the party's worker was shut down"))
        else:
            self._start(attempt)

    def _start(self, attempt: Attempt) -> None:
        handle = self._workbench.start(attempt, self._on_timeout)
        with self._changed:
            attempt.handle = handle
            stop = attempt.stop
        if handle is not None and stop is not None:  # it came while the attempt was being started
            handle.stop(self._workbench.stop_grace_s if stop is not FENCED else 0.0)

    def _on_timeout(self, key: Key, timeout_s: float) -> None:
        message = f"the task did not end within its {timeout_s:g} s"
        self._stop(key, Stop(outcome="timeout", kind="timeout", message=message))

    def _stop(self, key: Key, stop: Stop, *, grace_s: float | None = None) -> None:
        """End a running attempt; the first reason counts, but being fenced off overrides all."""
        with self._changed:
            attempt = self._agenda.running.get(key)
            if attempt is None or (attempt.stop is not None and stop is not FENCED):
                return
            attempt.stop = stop
            handle = attempt.handle
        log.info("task_stopping", task=key[0], seq=key[1], outcome=stop.outcome or "fenced")
        if handle is None:
            return
        if stop is FENCED:
            handle.kill()
        else:
            handle.stop(self._workbench.stop_grace_s if grace_s is None else grace_s)

    def _on_started(self, attempt: Attempt, pid: int, birth: int) -> None:
        self._journal.note(attempt.key, pid or NO_PROCESS, birth)
        self._observer.started(attempt.assignment)

    def _on_ended(self, attempt: Attempt, ending: Ending) -> None:
        """In the executors' thread: hand the report to the next call, at once."""
        record = attempt.make_record(ending)
        is_fenced = attempt.stop is FENCED
        self._workbench.tidy(attempt.key, keep_outputs=record.report.outcome == "success" and not is_fenced)
        if is_fenced:
            self._journal.end([attempt.key])
        self._observer.ended(attempt.assignment, record.report)
        with self._changed:
            del self._agenda.running[attempt.key]
            if not is_fenced:
                self._agenda.unsaved.append(record)
            self._tell_runner()
        if attempt.successor is not None:
            self._begin(attempt.successor)

    def _tell_runner(self) -> None:
        """An attempt has ended: wake the runner, unless it knows already and gathers some more."""
        if self._is_away:
            self._left_alone.notify()
        if len(self._agenda.unsaved) <= 1 or not self._agenda.is_gathering(time.monotonic()):
            self._changed.notify_all()
