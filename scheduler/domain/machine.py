"""How a job advances: from what is stored and the time, the moves that are due. Pure, and idempotent.

Success runs through set-based statements in the store; everything else (failure, stop, deadline, lost
contact, retry, rerun) and every repair goes through `settle`, which must find nothing to do after them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from scheduler.domain import poison, rollup
from scheduler.domain.errors import ConflictError, NotFoundError
from scheduler.domain.model import Failure, Job, Step, Task
from scheduler.domain.states import HELD, TERMINAL, Event, Level, State, target

TIMEOUT_GRACE_S = 30.0
"""How long a party may be late in ending a task that has run out of time."""


class IllegalMoveError(Exception):
    """The table of states has no such move; a defect of the caller."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One state change to be made by compare-and-set on `source`."""

    level: Level
    id: str
    event: Event
    source: State
    target: State
    reason: str
    failure: Failure | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StopTask:
    """Ask the party to end a running task as `kind`."""

    task: Task
    kind: State
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAttempt:
    """The next try of a step whose tasks have all ended, not before `not_before`."""

    step: Step
    attempt: int
    spent: int
    not_before: datetime | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StopJob:
    """The job is to end as `kind`; nothing new starts."""

    kind: State
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How patient the centre is, in seconds."""

    offline_grace_s: float


@dataclass(slots=True)
class Settlement:
    """What is due, in the order in which it must be written."""

    moves: list[Move] = field(default_factory=list)
    stops: list[StopTask] = field(default_factory=list)
    attempts: list[NewAttempt] = field(default_factory=list)
    stop_job: StopJob | None = None

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""
        return not (self.moves or self.stops or self.attempts or self.stop_job)


def make_move(
    level: Level,
    item: Job | Step | Task,
    event: Event,
    reason: str = "",
    *,
    failure: Failure | None = None,
) -> Move:
    """The move that `event` means for `item`; IllegalMoveError where the table has none."""
    reached = target(level, item.state, event)
    if reached is None:
        raise IllegalMoveError(f"{level} {item.id} is {item.state}: {event} is not possible")
    return Move(
        level=level,
        id=item.id,
        event=event,
        source=item.state,
        target=reached,
        reason=reason,
        failure=failure,
    )


def settle(
    job: Job,
    steps: Sequence[Step],
    tasks: Iterable[Task],
    *,
    now: datetime,
    limits: Limits,
    draw: float,
) -> Settlement:
    """Everything that is due for `job`.

    `steps` come in the plan's order, so each one's needs come before it; `tasks` are those of each
    step's present attempt; `draw` is a random number in [0, 1) for the pause before a retry.
    """
    work = _Settling(job, steps, tasks, now=now, limits=limits, draw=draw)
    while work.run_pass():
        pass
    return work.due


class _Settling:
    """One settlement in the making: a copy of the job that moves as its moves are written down."""

    def __init__(
        self,
        job: Job,
        steps: Sequence[Step],
        tasks: Iterable[Task],
        *,
        now: datetime,
        limits: Limits,
        draw: float,
    ) -> None:
        self.job = job
        self.steps = {step.name: step for step in steps}
        self.tasks: dict[str, list[Task]] = {step.id: [] for step in steps}
        for task in tasks:
            self.tasks[task.step_id].append(task)
        self.now = now
        self.limits = limits
        self.draw = draw
        self.retried: set[str] = set()
        self.due = Settlement()

    def run_pass(self) -> bool:
        """Note what is due now; True where something was, so that another pass may find more."""
        before = self._size()
        if self.job.state in TERMINAL:
            return False
        self._check_deadline()
        for name in self.steps:
            self._settle_step(name)
        self._settle_job()
        return self._size() > before

    def _size(self) -> int:
        due = self.due
        return len(due.moves) + len(due.stops) + len(due.attempts) + (due.stop_job is not None)

    def _check_deadline(self) -> None:
        deadline = self.job.deadline
        if deadline is not None and deadline <= self.now:
            self._stop_job(State.TIMEOUT, f"the job's deadline {deadline:%Y-%m-%d %H:%M:%S}Z has passed")

    def _stop_job(self, kind: State, reason: str) -> None:
        if self.job.stop_kind is None:
            self.due.stop_job = StopJob(kind=kind, reason=reason)
            self.job = replace(self.job, stop_kind=kind, stop_reason=reason)

    def _settle_step(self, name: str) -> None:
        step = self.steps[name]
        if step.state in TERMINAL or name in self.retried:
            return
        if step.state in {State.WAITING, State.READY}:
            self._settle_idle(step)
        else:
            self._settle_active(step)

    def _settle_idle(self, step: Step) -> None:
        if self.job.stop_kind is not None:
            self._cancel_tasks(step, self.job.stop_reason)
            self._move_step(step, Event.CANCELED, self.job.stop_reason)
        elif step.state is State.WAITING and self._is_due(step):
            self._move_step(step, Event.READIED, "")

    def _is_due(self, step: Step) -> bool:
        if step.not_before is not None and step.not_before > self.now:
            return False
        return all(self.steps[need].state is State.SUCCESS for need in step.needs)

    def _settle_active(self, step: Step) -> None:
        for task in self.tasks[step.id]:
            self._settle_lease(task)
        for task in self.tasks[step.id]:
            self._settle_overtime(step, task)
        tasks = self.tasks[step.id]
        is_broken = any(task.is_over and task.state is not State.SUCCESS for task in tasks)
        if is_broken or self.job.stop_kind is not None:
            self._break_off(step)
        elif all(task.state is State.SUCCESS for task in tasks if not task.service):
            self._end_services(step)
        if all(task.is_over for task in self.tasks[step.id]):
            self._end_attempt(step)

    def _settle_overtime(self, step: Step, task: Task) -> None:
        """The party ends a task at its timeout; this is for one that does not.

        One that was silent may have ended it in time: as long as it may be late, it may also come back and say so.
        """
        if step.timeout_s is None or task.state not in HELD or task.stop_kind is not None:
            return
        if (
            task.state is State.LOST_CONTACT
            and task.lease_until
            and not self._is_past(task.lease_until, TIMEOUT_GRACE_S)
        ):
            return
        if task.started is not None and self._is_past(task.started, step.timeout_s + TIMEOUT_GRACE_S):
            self._stop_task(task, State.TIMEOUT, f"the step's timeout of {step.timeout_s:g} s has passed")

    def _is_past(self, since: datetime, seconds: float) -> bool:
        return since + timedelta(seconds=seconds) <= self.now

    def _stop_task(self, task: Task, kind: State, reason: str) -> None:
        self.due.stops.append(StopTask(task=task, kind=kind, reason=reason))
        self._replace_task(task, replace(task, stop_kind=kind, reason=reason))

    def _settle_lease(self, task: Task) -> None:
        if task.state not in HELD or task.lease_until is None:
            return
        if task.lease_until <= self.now:
            self._settle_silence(task, task.lease_until)

    def _settle_silence(self, task: Task, lease_until: datetime) -> None:
        """The party has not been heard of for a whole lease."""
        if task.stop_kind is not None:
            event = rollup.ENDING[task.stop_kind]
            self._move_task(task, event, f"{task.reason}; party {task.party} did not confirm it")
        elif task.state is State.RUNNING:
            self._move_task(task, Event.LOST, f"no word from party {task.party}")
        elif self._is_past(lease_until, self.limits.offline_grace_s):
            text = f"party {task.party} was out of reach for {self.limits.offline_grace_s:g} s"
            self._move_task(task, Event.FAILED, text, failure=Failure(kind="lost", message=text))

    def _break_off(self, step: Step) -> None:
        """End what is left of an attempt that cannot succeed any more, or of a job that stops."""
        kind, reason = self._breaking(step)
        self._cancel_tasks(step, reason)
        for task in self.tasks[step.id]:
            if task.state in HELD and task.stop_kind is None:
                self._stop_task(task, kind, reason)

    def _end_services(self, step: Step) -> None:
        """All who work have succeeded: whoever only served them has done its part."""
        for task in self.tasks[step.id]:
            if task.state in HELD and task.stop_kind is None:
                self._stop_task(task, State.SUCCESS, "the others have succeeded")

    def _breaking(self, step: Step) -> tuple[State, str]:
        culprit = rollup.first_failure(self.tasks[step.id])
        if culprit is not None:
            return State.CANCELED, f"party {culprit.party} ({culprit.role}) {culprit.state}"
        kind = self.job.stop_kind or State.CANCELED
        return (State.TIMEOUT if kind is State.TIMEOUT else State.CANCELED), self.job.stop_reason

    def _cancel_tasks(self, step: Step, reason: str) -> None:
        for task in self.tasks[step.id]:
            if task.state in {State.WAITING, State.DISPATCHED}:
                self._move_task(task, Event.CANCELED, reason)

    def _end_attempt(self, step: Step) -> None:
        tasks = self.tasks[step.id]
        culprit = rollup.first_failure(tasks)
        if culprit is None:
            self._move_step(step, Event.SUCCEEDED, "")
        elif self.job.stop_kind is not None:
            event = Event.TIMED_OUT if self.job.stop_kind is State.TIMEOUT else Event.CANCELED
            self._move_step(step, event, self.job.stop_reason)
        else:
            self._fail_or_retry(step, culprit)

    def _fail_or_retry(self, step: Step, culprit: Task) -> None:
        failure = rollup.failure_of(culprit)
        words = f"party {culprit.party} ({culprit.role}): {failure.message}"
        is_counted = failure.kind != "interrupted"
        spent = step.spent + is_counted
        if poison.may_retry(step, failure, spent):
            self._retry(step, spent, words, pause_s=self._pause(step, spent) if is_counted else 0.0)
            return
        event = Event.TIMED_OUT if culprit.state is State.TIMEOUT else Event.FAILED
        if culprit.state is State.CANCELED:
            event = Event.CANCELED
        self._move_step(step, event, words)
        self._stop_job(_kind_after(event), f"step {step.name}: {words}")

    def _pause(self, step: Step, spent: int) -> float:
        return self.draw * min(step.retry.cap_s, step.retry.backoff_s * 2.0 ** (spent - 1))

    def _retry(self, step: Step, spent: int, words: str, *, pause_s: float) -> None:
        attempt = NewAttempt(
            step=step,
            attempt=step.attempt + 1,
            spent=spent,
            not_before=self.now + timedelta(seconds=pause_s) if pause_s > 0 else None,
            reason=f"attempt {step.attempt} ended: {words}; next try follows",
        )
        self.due.attempts.append(attempt)
        # Its fresh tasks are not in this settlement: what becomes of the step is for a later one.
        self.retried.add(step.name)
        self.steps[step.name] = replace(step, state=State.WAITING)
        self.tasks[step.id] = []

    def _settle_job(self) -> None:
        outcome = rollup.job_outcome((step.state for step in self.steps.values()), self.job.stop_kind)
        if outcome is not None:
            event = rollup.ENDING[outcome]
            reason = "" if outcome is State.SUCCESS else self._last_word()
            move = make_move(Level.JOB, self.job, event, reason)
            self.due.moves.append(move)
            self.job = replace(self.job, state=move.target)

    def _last_word(self) -> str:
        reasons = (step.reason for step in self.steps.values() if step.state is not State.SUCCESS)
        return self.job.stop_reason or next(filter(None, reasons), "")

    def _move_step(self, step: Step, event: Event, reason: str) -> None:
        move = make_move(Level.STEP, step, event, reason)
        self.due.moves.append(move)
        self.steps[step.name] = replace(step, state=move.target, reason=reason)

    def _move_task(self, task: Task, event: Event, reason: str, *, failure: Failure | None = None) -> None:
        move = make_move(Level.TASK, task, event, reason, failure=failure)
        self.due.moves.append(move)
        moved = replace(task, state=move.target, reason=reason, failure=failure or task.failure, ended=self.now)
        if move.target is State.LOST_CONTACT:
            # Its grace begins now, as it is stored: the centre itself may have been away.
            moved = replace(moved, lease_until=self.now)
        self._replace_task(task, moved)

    def _replace_task(self, old: Task, new: Task) -> None:
        siblings = self.tasks[old.step_id]
        siblings[siblings.index(old)] = new


def _kind_after(event: Event) -> State:
    """The state in which a job is to end after one of its steps ended by `event`."""
    return {Event.TIMED_OUT: State.TIMEOUT, Event.CANCELED: State.CANCELED}.get(event, State.FAILED)


def choose_rerun(job: Job, steps: Sequence[Step], from_step: str | Sequence[str] | None) -> list[Step]:
    """The steps that a rerun of an ended job makes anew: `from_step` (one, or several) and all that depends on it.

    A step that did not succeed is always made anew; the others keep their outputs.
    ConflictError while the job is open, or where there is nothing to do again.
    """
    if job.state not in TERMINAL:
        raise ConflictError(f"job {job.id} is {job.state}: stop it first, or wait for its end")
    named = {from_step} if isinstance(from_step, str) else set(from_step or ())
    for unknown in sorted(named - {step.name for step in steps}):
        raise NotFoundError("step", unknown)
    chosen: dict[str, Step] = {}
    for step in steps:
        is_first = step.name in named or step.state is not State.SUCCESS
        if is_first or any(need in chosen for need in step.needs):
            chosen[step.name] = step
    if not chosen:
        raise ConflictError(f"every step of job {job.id} succeeded: name the step to run again from")
    return list(chosen.values())
