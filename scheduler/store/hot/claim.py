"""Hot path: claims of dispatched tasks by their parties, and the assignments that answer them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson

from scheduler.domain.messages import Assignment, ClaimReply, Peer
from scheduler.domain.plan import merge_params
from scheduler.domain.states import HELD, Event, Level, State
from scheduler.domain.values import valueclass
from scheduler.store.columns import to_epoch
from scheduler.store.hot.journal import Entry, append_events, from_state, in_state, to_state
from scheduler.store.hot.sources import Sources, load_sources
from scheduler.store.sql import make_sql
from scheduler.store.tx import Tx
from scheduler.store.work import Work

_CLAIM = make_sql(
    f"UPDATE task SET {to_state(Level.TASK, Event.CLAIMED)}, agent = {{of:agents:text}}, "
    "lease_until = :lease, started = COALESCE(started, CAST(:now AS double precision)) "
    "WHERE id {in:seqs} AND seq = {of:seqs} AND party_id = {of:parties:text} "
    f"AND {from_state(Level.TASK, Event.CLAIMED)} "
    "RETURNING id, step_id, party_id, role, position, attempt, seq, state, agent, job_id, slots, service"
)
_START_STEPS = make_sql(
    f"UPDATE step SET {to_state(Level.STEP, Event.CLAIMED)}, started = COALESCE(started, CAST(:now AS double precision)) "
    f"WHERE id {{any}}SELECT step_id FROM task WHERE id {{in:tasks}}{{end}} AND {from_state(Level.STEP, Event.CLAIMED)} "
    "AND EXISTS (SELECT 1 FROM task WHERE task.step_id = step.id AND task.attempt = step.attempt "
    f"AND {in_state(State.RUNNING, of='task')} {{each}}) RETURNING id, job_id"
)
_START_JOBS = make_sql(
    f"UPDATE job SET {to_state(Level.JOB, Event.CLAIMED)}, started = COALESCE(started, CAST(:now AS double precision)) "
    f"WHERE id {{any}}SELECT job_id FROM task WHERE id {{in:tasks}} AND {in_state(State.RUNNING)}{{end}} "
    f"AND {from_state(Level.JOB, Event.CLAIMED)} RETURNING id"
)
_TASKS = make_sql(
    "SELECT id, step_id, party_id, role, position, attempt, seq, state, agent, job_id, slots FROM task WHERE id {in:tasks}"
)
_STEPS = make_sql(
    "SELECT id, job_id, (SELECT name FROM job WHERE job.id = step.job_id), name, run, params, overrides, inputs, "
    "timeout_s FROM step WHERE id {any}SELECT step_id FROM task WHERE id {in:tasks}{end}"
)
_PEERS = make_sql(
    "SELECT step_id, attempt, id, role, party_id, position, "
    "(SELECT identity FROM party WHERE party.id = task.party_id) FROM task "
    "WHERE step_id {any}SELECT step_id FROM task WHERE id {in:tasks}{end} ORDER BY member"
)


@valueclass(frozen=True, slots=True)
class ClaimBy:
    """A claim with who makes it: the party comes from the token."""

    party: str
    agent: str
    task: str
    seq: int


@valueclass(frozen=True, slots=True)
class Claimed:
    """The answers, in order, and the jobs that must be settled in the same transaction."""

    replies: list[ClaimReply]
    unsettled: set[str]


def claim_tasks(tx: Tx, claims: Sequence[ClaimBy], *, now: datetime, lease_until: datetime) -> Work[Claimed]:
    """Answer every claim, in order; their jobs are locked already. A repeat by the same agent is granted again."""
    by_task = {claim.task: claim for claim in claims}
    tasks, at = {"tasks": list(by_task)}, to_epoch(now)
    # A step runs from the first claim of one of its tasks, its job too.
    asked = tx.ask(
        (_CLAIM, {**_columns(by_task), "lease": to_epoch(lease_until), "now": at}),
        (_START_STEPS, {**tasks, "now": at}),
        (_START_JOBS, {**tasks, "now": at}),
        (_STEPS, tasks),
        (_PEERS, tasks),
    )
    yield
    granted, started, begun, steps, peers = asked()
    entries = [Entry(Level.JOB, Event.CLAIMED, State.RUNNING, row[0]) for row in begun]
    entries += [Entry(Level.STEP, Event.CLAIMED, State.RUNNING, job, step) for step, job in started]
    entries += [Entry(Level.TASK, Event.CLAIMED, State.RUNNING, row[9], row[1], row[0]) for row in granted]
    append_events(tx, entries, now)
    rows = {row[0]: row for row in granted}
    others = [task for task in by_task if task not in rows]
    if others:
        rows |= {row[0]: row for row in tx.run(_TASKS, tasks=others)}
    held = [row for task, row in rows.items() if _holds(by_task[task], row)]
    assignments = _make_assignments(tx, held, steps, peers) if held else {}
    replies = [_reply(claim, rows.get(claim.task), assignments) for claim in claims]
    # Those whom a member serves may all have ended before it began.
    return Claimed(replies, {row[9] for row in granted if row[11]})


def _columns(by_task: Mapping[str, ClaimBy]) -> dict[str, dict[str, Any]]:
    return {
        "seqs": {task: claim.seq for task, claim in by_task.items()},
        "agents": {task: claim.agent for task, claim in by_task.items()},
        "parties": {task: claim.party for task, claim in by_task.items()},
    }


def _holds(claim: ClaimBy, row: tuple[Any, ...]) -> bool:
    """Whether the claimant has the task already: its grant was lost on the way, perhaps for a whole lease."""
    party, seq, state, agent = row[2], row[6], row[7], row[8]
    return (party, seq, agent) == (claim.party, claim.seq, claim.agent) and state in HELD


def _reply(claim: ClaimBy, row: tuple[Any, ...] | None, assignments: dict[str, Assignment]) -> ClaimReply:
    assignment = assignments.get(claim.task) if row is not None and _holds(claim, row) else None
    reason = "" if assignment else _refusal(claim, row)
    return ClaimReply(task=claim.task, seq=claim.seq, assignment=assignment, reason=reason)


def _refusal(claim: ClaimBy, row: tuple[Any, ...] | None) -> str:
    if row is None or row[2] != claim.party:
        return "there is no such task for your party"
    if row[6] != claim.seq:
        return f"dispatch {claim.seq} is void: the present one is {row[6]}"
    return f"the task is {row[7]}"


def _make_assignments(
    tx: Tx, tasks: Sequence[tuple[Any, ...]], step_rows: Sequence[tuple[Any, ...]], peer_rows: Sequence[tuple[Any, ...]]
) -> dict[str, Assignment]:
    steps = {row[0]: row for row in step_rows}
    peers: dict[tuple[str, int], list[Peer]] = {}
    for step, attempt, task, role, party, position, identity in peer_rows:
        peer = Peer(task=task, role=role, party=party, position=position, identity=identity)
        peers.setdefault((step, attempt), []).append(peer)
    sources = load_sources(tx, {step: orjson.loads(row[7]) for step, row in steps.items() if row[7] != "{}"})
    return {row[0]: _assignment(row, steps[row[1]], peers[row[1], row[5]], sources) for row in tasks}


def _assignment(task: tuple[Any, ...], step: tuple[Any, ...], peers: list[Peer], sources: Sources) -> Assignment:
    id_, step_id, party, role, position, attempt, seq, *_, slots = task[:11]
    _, job, job_name, name, run, params, overrides, _, timeout_s = step
    return Assignment(
        task=id_,
        seq=seq,
        job=job,
        job_name=job_name,
        step=name,
        attempt=attempt,
        role=role,
        party=party,
        position=position,
        run=orjson.loads(run),
        params=merge_params(orjson.loads(params), orjson.loads(overrides), role, position),
        inputs=sources.resolve(step_id, party=party, role=role, position=position),
        peers=tuple(peers),
        timeout_s=timeout_s,
        slots=slots,
    )
