"""Tasks as FATE's rows, those included that passed or were inherited."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from api.dialects.fate.requests.conf import RuntimeConf
from api.dialects.fate.requests.job_settings import parse_settings
from api.dialects.fate.vocabulary.fate_job import FateJob, Member
from api.dialects.fate.vocabulary.rows import MOMENTS, Row, render_moments
from api.dialects.fate.vocabulary.states import PASSED, RUNNING, SUCCESS, WAITING, name_status
from scheduler.domain.model import Job, Step, Task
from scheduler.domain.states import OPEN
from scheduler.store.queries.jobs import JobDetail

PROVIDER: Final[Mapping[str, Any]] = {"name": "fedrota", "version": "", "path": "", "class_path": {}, "env": {}}
COLUMNS: Final = frozenset((
    "job_id", "component_name", "component_module", "task_id", "task_version", "initiator_role", "initiator_party_id",
    "role", "party_id", "status", "party_status", "auto_retries", "auto_retry_delay", "federated_mode", "run_ip",
    "worker_id", "error_report", "elapsed", *MOMENTS,
))  # fmt: skip
"""By which rows can be filtered."""


def render_task_rows(detail: JobDetail, fate: FateJob) -> Iterator[Row]:
    """The rows of a job's tasks in the order of its steps; of each the present version."""
    shared = _render_shared(detail.job, fate)
    for step in detail.steps:
        for task in step.tasks:
            yield {**shared, **_render_task(task, step.step, fate)}
    for settled, status in ((fate.passed, PASSED), (fate.inherited, SUCCESS)):
        for component, members in settled.items():
            for member in members:
                yield {**shared, **_render_settled(detail.job, component, member, fate, status=status)}


def name_task(job: str, component: str) -> str:
    """FATE's id of a task, the same at all parties and in all versions."""
    return f"{job}_{component}"


def count_version(attempt: int) -> int:
    """FATE counts versions from 0, the core attempts from 1."""
    return attempt - 1


def _render_shared(job: Job, fate: FateJob) -> Row:
    role, party = fate.initiator
    settings = parse_settings(RuntimeConf(document=fate.conf, roles={}, initiator=fate.initiator).settings)
    return {
        "job_id": job.id,
        "initiator_role": role,
        "initiator_party_id": party,
        "federated_mode": "SINGLE",
        "federated_status_collect_type": "PUSH",
        "auto_retries": settings.retries or 0,
        "auto_retry_delay": int(settings.retry_delay_s),
        "cmd": [],
        "deepspeed_id": None,
        "engine_conf": {},
        "is_deepspeed": False,
        "kill_status": False,
        "provider_info": dict(PROVIDER),
        "run_ip": "",
        "run_on_this_party": True,
        "run_pid": None,
        "run_port": 0,
        "status_code": None,
    }


def _render_task(task: Task, step: Step, fate: FateJob) -> Row:
    changed = task.ended or task.started or task.created
    return {
        **_render_place(task.job_id, task.step, (task.role, task.party), fate),
        "task_version": count_version(task.attempt),
        "status": _name_step_status(step),
        "party_status": name_status(task.state),
        "error_report": "" if task.failure is None else task.failure.message,
        "worker_id": task.agent,
        "component_parameters": {"ComponentParam": dict(step.params)},
        **render_moments(task.created, task.started, task.ended, changed=changed),
    }


def _name_step_status(step: Step) -> str:
    """`running` also while a step is between two tries."""
    if step.spent and step.state in OPEN:
        return RUNNING
    return name_status(step.state)


def _render_settled(job: Job, component: str, member: Member, fate: FateJob, *, status: str) -> Row:
    at: datetime | None = job.created
    is_shown = job.started is not None or status == SUCCESS
    return {
        **_render_place(job.id, component, member, fate),
        "task_version": 0,
        "status": status if is_shown else WAITING,
        "party_status": status if is_shown else WAITING,
        "error_report": "",
        "worker_id": None,
        "component_parameters": {},
        **render_moments(job.created, at, at, changed=job.created),
    }


def _render_place(job: str, component: str, member: Member, fate: FateJob) -> Row:
    role, party = member
    return {
        "task_id": name_task(job, component),
        "component_name": component,
        "component_module": fate.get_module(component),
        "role": role,
        "party_id": party,
    }
