"""Hot path: reports of ended tasks, and what success sets free. Everything else is left to be settled."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from scheduler.domain.messages import Report, ReportReply
from scheduler.domain.rollup import ENDING
from scheduler.domain.states import Event, Level, State
from scheduler.domain.values import valueclass
from scheduler.store.columns import to_epoch, to_json
from scheduler.store.hot.journal import Entry, append_events, from_state, in_state, to_state
from scheduler.store.sql import make_sql
from scheduler.store.tables.jobs import OutputRow
from scheduler.store.tx import Tx
from scheduler.store.work import Work

_LOCK_JOBS = make_sql(
    "SELECT id FROM job WHERE id {any}SELECT job_id FROM task WHERE id {in:tasks}{end} ORDER BY id {lock}"
)
_END = make_sql(
    "UPDATE task SET state = {of:outcomes:text}, reason = {of:reasons:text}, failure = {of:failures:text}, "
    "summary = {of:summaries:text}, log_size = {of:sizes}, ended = :now, "
    "progress = CASE WHEN {of:outcomes:text} = 'success' THEN 1.0 ELSE progress END "
    "WHERE id {in:seqs} AND seq = {of:seqs} AND party_id = {of:parties:text} "
    f"AND {from_state(Level.TASK, Event.SUCCEEDED)} RETURNING id, step_id, job_id, state, reason"
)
_HELD_BY = make_sql(
    # The first condition is the index's own: SQLite does not conclude it from the second.
    "SELECT id, seq, log_size FROM task WHERE party_id = :party AND state IN ('dispatched', 'running', 'lost_contact') "
    "AND state <> 'dispatched' AND agent = :agent"
)
_LOOK = make_sql("SELECT id, party_id, seq, state FROM task WHERE id {in:tasks}")
_END_STEPS = make_sql(
    f"UPDATE step SET {to_state(Level.STEP, Event.SUCCEEDED)}, reason = '', ended = :now "
    f"WHERE id {{any}}SELECT step_id FROM task WHERE id {{in:tasks}}{{end}} AND {from_state(Level.STEP, Event.SUCCEEDED)} "
    "AND NOT EXISTS (SELECT 1 FROM task WHERE task.step_id = step.id AND task.attempt = step.attempt "
    "AND task.state <> 'success' {each}) "
    "RETURNING id, job_id"
)
_FREE_STEPS = make_sql(
    f"UPDATE step SET {to_state(Level.STEP, Event.READIED)}, reason = '', ready_since = :now "
    "WHERE id {any}SELECT step_id FROM dep WHERE needs {any}SELECT id FROM step "
    f"WHERE id {{any}}SELECT step_id FROM task WHERE id {{in:tasks}}{{end}} AND {in_state(State.SUCCESS)}{{end}}{{end}} "
    f"AND {from_state(Level.STEP, Event.READIED)} AND not_before IS NULL "
    "AND NOT EXISTS (SELECT 1 FROM dep WHERE dep.step_id = step.id "
    "AND (SELECT state FROM step AS need WHERE need.id = dep.needs) <> 'success' {each}) "
    "AND EXISTS (SELECT 1 FROM job WHERE job.id = step.job_id AND job.stop_kind IS NULL {each}) RETURNING id, job_id"
)
_END_JOBS = make_sql(
    f"UPDATE job SET {to_state(Level.JOB, Event.SUCCEEDED)}, reason = '', ended = :now "
    f"WHERE id {{any}}SELECT job_id FROM task WHERE id {{in:tasks}}{{end}} AND {from_state(Level.JOB, Event.SUCCEEDED)} "
    "AND NOT EXISTS (SELECT 1 FROM step WHERE step.job_id = job.id AND step.state <> 'success' {each}) RETURNING id"
)
# Steps that success alone does not complete: broken ones, stopping ones, those with members that only serve.
_UNSETTLED = make_sql(
    f"SELECT job_id FROM step WHERE id {{any}}SELECT step_id FROM task WHERE id {{in:tasks}}{{end}} "
    f"AND NOT {in_state(State.SUCCESS)} AND ((SELECT stop_kind FROM job WHERE job.id = step.job_id) IS NOT NULL "
    "OR EXISTS (SELECT 1 FROM task WHERE task.step_id = step.id AND task.attempt = step.attempt "
    "AND (task.service OR task.state IN ('failed', 'canceled', 'timeout')) {each}))"
)
# In the order of the queue's own index: without one, all that is unfinished could be looked through.
_ANY_READY = make_sql("SELECT 1 FROM step WHERE state = 'ready' ORDER BY rank, created, id LIMIT 1")
_STOPPING = make_sql(
    "SELECT id FROM job WHERE id {any}SELECT job_id FROM task WHERE id {in:tasks}{end} "
    f"AND stop_kind IS NOT NULL AND {in_state(State.WAITING, State.RUNNING)}"
)


@valueclass(frozen=True, slots=True)
class ReportBy:
    """A report with the party that makes it, as its token says."""

    party: str
    report: Report


@valueclass(frozen=True, slots=True)
class Reported:
    """The answers, in order, and the jobs that must be settled in the same transaction."""

    replies: list[ReportReply]
    unsettled: set[str]


def list_held(tx: Tx, party: str, agent: str) -> list[tuple[str, int, int]]:
    """(task, seq, size of its log) of what the party's worker `agent` has claimed and not reported."""
    return [(row[0], row[1], row[2]) for row in tx.run(_HELD_BY, party=party, agent=agent)]


def lock_jobs_of(tx: Tx, tasks: Iterable[str]) -> None:
    """Lock the jobs of the tasks, all at once and in order, before anything in them is moved."""
    if tx.is_postgres:
        tx.run_ahead(_LOCK_JOBS, tasks=sorted(set(tasks)))


def end_tasks(tx: Tx, reports: Sequence[ReportBy], *, now: datetime) -> Work[Reported]:
    """Accept each report whose dispatch still runs at its party; their jobs are locked already."""
    by_task = {item.report.task: item for item in reports}
    tasks, moved = {"tasks": list(by_task)}, {"tasks": list(by_task), "now": to_epoch(now)}
    # Steps that are done set others free and complete their jobs.
    asked = tx.ask(
        (_END, {**_columns(by_task), "now": to_epoch(now)}),
        (_END_STEPS, moved),
        (_FREE_STEPS, moved),
        (_END_JOBS, moved),
        (_STOPPING, tasks),
        (_UNSETTLED, tasks),
        (_ANY_READY, {}),
    )
    yield
    ended, done, freed, finished, stopping, broken, ready = asked()
    accepted = {row[0]: row for row in ended}
    entries = [
        Entry(Level.TASK, ENDING[State(state)], state, job, step, task, reason)
        for task, step, job, state, reason in ended
    ]
    entries += [Entry(Level.STEP, Event.SUCCEEDED, State.SUCCESS, job, step) for step, job in done]
    entries += [Entry(Level.STEP, Event.READIED, State.READY, job, step) for step, job in freed]
    entries += [Entry(Level.JOB, Event.SUCCEEDED, State.SUCCESS, row[0]) for row in finished]
    append_events(tx, entries, now)
    _insert_outputs(tx, [by_task[task].report for task in accepted], accepted)
    # A slot is free again: a step that waits for it, here or in another job, may start.
    tx.effects.has_ready_work = tx.effects.has_ready_work or bool(ended and ready)
    refused = [task for task in by_task if task not in accepted]
    present = {row[0]: row for row in tx.run(_LOOK, tasks=refused)} if refused else {}
    replies = [_reply(item, item.report.task in accepted, present.get(item.report.task)) for item in reports]
    to_settle = {row[0] for row in (*stopping, *broken)} & {row[2] for row in ended}
    return Reported(replies, to_settle | {row[2] for row in ended if row[3] != State.SUCCESS})


def _columns(by_task: dict[str, ReportBy]) -> dict[str, dict[str, Any]]:
    reports = {task: item.report for task, item in by_task.items()}
    return {
        "outcomes": {task: str(State(report.outcome)) for task, report in reports.items()},
        "reasons": {task: _message(report) for task, report in reports.items()},
        "failures": {task: _failure(report) for task, report in reports.items()},
        "summaries": {task: to_json(report.summary) if report.summary else None for task, report in reports.items()},
        "sizes": {task: report.log_size for task, report in reports.items()},
        "seqs": {task: report.seq for task, report in reports.items()},
        "parties": {task: item.party for task, item in by_task.items()},
    }


def _failure(report: Report) -> str | None:
    if report.outcome == "success":
        return None
    said = {"kind": report.kind or report.outcome, "message": _message(report), "detail": report.detail}
    return to_json({**said, "worker_died": True} if report.worker_died else said)


def _message(report: Report) -> str:
    """What the worker said, or the kind of the end where it said nothing; PostgreSQL stores no NUL character."""
    said = report.message.replace("\0", "\ufffd")
    return said or ("" if report.outcome == "success" else f"ended as {report.kind or report.outcome}, without a word")


def _insert_outputs(tx: Tx, reports: Sequence[Report], accepted: dict[str, tuple[Any, ...]]) -> None:
    rows = [
        {
            "task_id": report.task,
            "name": output.name,
            "job_id": accepted[report.task][2],
            "seq": report.seq,
            "kind": output.kind,
            "size": output.size,
            "sha256": output.sha256,
            "facts": to_json(output.facts),
        }
        for report in reports
        if report.outcome == "success"
        for output in report.outputs
    ]
    tx.insert_last(OutputRow, rows)


def _reply(item: ReportBy, accepted: bool, row: tuple[Any, ...] | None) -> ReportReply:  # noqa: FBT001
    report = item.report
    is_repeat = row is not None and row[1:] == (item.party, report.seq, report.outcome)
    if accepted or is_repeat:
        return ReportReply(task=report.task, seq=report.seq, accepted=True)
    return ReportReply(task=report.task, seq=report.seq, accepted=False, reason=_refusal(item, row))


def _refusal(item: ReportBy, row: tuple[Any, ...] | None) -> str:
    if row is None or row[1] != item.party:
        return "there is no such task for your party"
    if row[2] != item.report.seq:
        return f"dispatch {item.report.seq} is void: the present one is {row[2]}"
    return f"the task is {row[3]} already"
