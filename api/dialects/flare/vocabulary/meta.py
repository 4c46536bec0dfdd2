"""A job as FLARE's clients read it: its status, its meta, its row in a list."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from api.dialects.flare.vocabulary.draft import DIALECT
from api.dialects.flare.vocabulary.targets import name_site
from scheduler.domain.model import Job, JsonObject, Task
from scheduler.domain.states import TERMINAL, State
from scheduler.store.queries.jobs import JobDetail
from scheduler.store.queries.tracking import EventView

FINISHED: Final = "FINISHED:"
_ABNORMAL: Final = frozenset({"lost", "unreachable", "interrupted", "poison"})
_STORED: Final = 2
"""FLARE's own number for the way in which it stores jobs; clients look for it."""


def name_status(job: Job, tasks: Sequence[Task]) -> str:
    """FLARE's status of a job; RUNNING means here that something runs."""
    if job.state not in TERMINAL:
        return _name_open(job, tasks)
    if job.state is State.SUCCESS:
        return f"{FINISHED}COMPLETED"
    if job.state is State.CANCELED:
        return f"{FINISHED}ABORTED"
    if job.state is State.TIMEOUT:
        return f"{FINISHED}ABNORMAL" if job.started else f"{FINISHED}CAN_NOT_SCHEDULE"
    kinds = {task.failure.kind for task in tasks if task.failure is not None and task.failure.kind != "stopped"}
    return f"{FINISHED}ABNORMAL" if kinds and kinds <= _ABNORMAL else f"{FINISHED}EXECUTION_EXCEPTION"


def _name_open(job: Job, tasks: Sequence[Task]) -> str:
    if job.state is State.RUNNING:
        return "RUNNING"
    return "DISPATCHED" if any(task.state is State.DISPATCHED for task in tasks) else "SUBMITTED"


def render_meta(
    detail: JobDetail, origin: JsonObject, events: Sequence[EventView], *, study: str, now: datetime
) -> dict[str, Any]:
    """Everything that is known of a job, under FLARE's names; unknown fields of its meta pass through."""
    job, tasks = detail.job, detail.tasks
    scheduled = [event for event in events if event.level == "step" and event.event == "dispatched"]
    shown = {
        **_describe(job, origin),
        "study": study,
        "submitter_name": job.owner,
        "submitter_org": job.org,
        "submitter_role": _find_role(job, origin),
        "job_folder_name": origin.get("folder", job.name),
        "job_id": job.id,
        "submit_time": job.created.timestamp(),
        "submit_time_iso": job.created.isoformat(),
        "start_time": job.started.isoformat() if job.started else "",
        "duration": str(job.ended - job.started) if job.started and job.ended else "N/A",
        "data_storage_format": _STORED,
        "status": name_status(job, tasks),
        "reason": job.reason,
        "schedule_count": len(scheduled),
        "schedule_history": [f"{event.at:%Y-%m-%d %H:%M:%S}: scheduled" for event in scheduled] or _tell_wait(job, now),
    }
    if scheduled:
        shown["last_schedule_time"] = scheduled[-1].at.timestamp()
        shown["job_deploy_detail"] = [f"{name_site(task)}: OK" for task in tasks if task.seq]
    return shown


def _tell_wait(job: Job, now: datetime) -> list[str]:
    return [] if job.state in TERMINAL else [f"{now:%Y-%m-%d %H:%M:%S}: {job.reason}"]


def _find_role(job: Job, origin: JsonObject) -> str:
    """The submitter's role; not known of a copy that another interface made, whose document names the first's submitter."""
    noted: Any = origin.get("submitter") or {}
    is_same = (noted.get("name"), noted.get("org")) == (job.owner, job.org)
    return str(noted["role"]) if is_same else ""


def _describe(job: Job, origin: JsonObject) -> dict[str, Any]:
    """The job's own meta; for a job of another dialect what it would be."""
    given = origin.get("meta")
    if job.dialect != DIALECT or not isinstance(given, Mapping):
        sites = list(dict.fromkeys(party for parties in job.roles.values() for party in parties))
        given = {"name": job.name, "resource_spec": {}, "min_clients": len(sites), "deploy_map": {job.name: sites}}
    extra = {key: origin[key] for key in ("cloned_from",) if key in origin}
    return {**given, **({"byoc": True} if origin.get("byoc") else {}), **extra, "name": job.name}


def render_row(detail: JobDetail, *, study: str, now: datetime) -> dict[str, Any]:
    """A job in a brief list; the duration of one that runs counts up."""
    job = detail.job
    return {
        "job_id": job.id,
        "job_name": job.name,
        "status": name_status(job, detail.tasks),
        "submit_time": job.created.isoformat(),
        "duration": str(_measure(job, now)) if job.started else "N/A",
        "study": study,
    }


def _measure(job: Job, now: datetime) -> timedelta:
    return (job.ended or now) - (job.started or now)
