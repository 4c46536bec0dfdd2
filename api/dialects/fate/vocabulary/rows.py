"""Jobs as FATE's rows: one for each role and party, columns without their `f_`."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from api.dialects.fate.requests.selectors import merge, select_layers
from api.dialects.fate.vocabulary.fate_job import FateJob, Member, number_party
from api.dialects.fate.vocabulary.states import SUCCESS, name_status, render_date, render_elapsed, render_time
from scheduler.domain.model import Job
from scheduler.domain.states import UNDERWAY, State
from scheduler.store.queries.jobs import JobDetail, StepDetail

NOTES: Final = "notes"
"""The label of a job that holds FATE's description."""
Row = dict[str, Any]
MOMENTS: Final = tuple(f"{name}_{form}" for name in ("create", "update", "start", "end") for form in ("time", "date"))
COLUMNS: Final = frozenset((
    "job_id", "name", "description", "tag", "user", "user_id", "role", "party_id", "roles", "initiator_role",
    "initiator_party_id", "is_initiator", "dsl", "runtime_conf", "runtime_conf_on_party", "train_runtime_conf", "status",
    "progress", "engine_name", "engine_type", "cores", "memory", "inheritance_info", "inheritance_status",
    "resource_in_use", "cancel_signal", "ready_signal", "rerun_signal", "elapsed", *MOMENTS,
))  # fmt: skip
"""By which rows can be filtered."""


def render_job_rows(detail: JobDetail, fate: FateJob) -> Iterator[Row]:
    """A job's rows, in the order of its roles."""
    shared = _render_shared(detail, fate)
    for role, parties in detail.job.roles.items():
        for position, party in enumerate(parties):
            own = {
                "role": role,
                "party_id": party,
                "is_initiator": (role, party) == fate.initiator,
                "runtime_conf_on_party": _conf_on_party(fate, role, position),
                **_count_cores(detail.steps, (role, party)),
            }
            yield {**shared, **own}


def prefix_row(row: Mapping[str, Any]) -> Row:
    """The row as FATE's database names its columns."""
    return {f"f_{name}": value for name, value in row.items()}


def _render_shared(detail: JobDetail, fate: FateJob) -> Row:
    job = detail.job
    moments = [moment for moment in (job.created, job.started, job.ended) if moment is not None]
    role, party = fate.initiator
    return {
        "job_id": job.id,
        "name": job.name,
        "description": job.labels.get(NOTES, ""),
        "tag": "",
        "user": {},
        "user_id": job.owner,
        "dsl": dict(fate.dsl),
        "runtime_conf": dict(fate.conf),
        "train_runtime_conf": dict(fate.train_conf),
        "roles": {name: [number_party(each) for each in parties] for name, parties in job.roles.items()},
        "initiator_role": role,
        "initiator_party_id": party,
        "status": name_status(job.state),
        "status_code": None,
        "progress": measure_progress(detail.steps, fate),
        **_render_signals(job),
        "engine_name": "fedrota",
        "engine_type": "computing",
        "memory": 0,
        "remaining_memory": 0,
        "inheritance_info": _render_inheritance(fate),
        "inheritance_status": SUCCESS if fate.inherited else "waiting",
        **render_moments(job.created, job.started, job.ended, changed=max(moments)),
    }


def render_moments(
    created: datetime, started: datetime | None, ended: datetime | None, *, changed: datetime
) -> Row:  # fmt: skip
    """The four times of a row, in milliseconds and as dates, and how long it took."""
    moments = {"create": created, "update": changed, "start": started, "end": ended}
    times = {f"{name}_time": render_time(at) for name, at in moments.items()}
    dates = {f"{name}_date": render_date(at) for name, at in moments.items()}
    return {**times, **dates, "elapsed": render_elapsed(started, ended)}


def measure_progress(steps: Sequence[StepDetail], fate: FateJob) -> int:
    """Ended tasks in per cent of all, those counted that never had to run."""
    settled = sum(len(members) for members in (*fate.passed.values(), *fate.inherited.values()))
    tasks = [task for step in steps for task in step.tasks]
    ended = settled + sum(task.is_over for task in tasks)
    return 100 * ended // max(1, settled + len(tasks))


def _render_signals(job: Job) -> Row:
    is_canceled = State.CANCELED in (job.state, job.stop_kind)
    return {
        "ready_signal": False,
        "ready_time": None,
        "cancel_signal": is_canceled,
        "cancel_time": render_time(job.ended) if is_canceled else None,
        "rerun_signal": False,
        "end_scheduling_updates": int(job.ended is not None),
        "resource_in_use": job.state is State.RUNNING,
        "apply_resource_time": render_time(job.started),
        "return_resource_time": render_time(job.ended),
    }


def _render_inheritance(fate: FateJob) -> Row:
    if not fate.inherited:
        return {}
    return {"job_id": fate.inherits_from, "component_list": list(fate.inherited)}


def _conf_on_party(fate: FateJob, role: str, position: int) -> Row:
    """The runtime conf with the job's parameters as they are at one party."""
    settings = fate.conf.get("job_parameters") or {}
    own = select_layers(settings.get("role") or {}, role, position)
    return {**fate.conf, "job_parameters": merge(settings.get("common") or {}, *own)}


def _count_cores(steps: Sequence[StepDetail], member: Member) -> Row:
    """The slots of the party's largest task, and those of them that are free now."""
    mine = [(step.step.slots, task) for step in steps for task in step.tasks if (task.role, task.party) == member]
    most = max((slots for slots, _ in mine), default=0)
    used = sum(slots for slots, task in mine if task.state in UNDERWAY)
    return {"cores": most, "remaining_cores": max(0, most - used)}
