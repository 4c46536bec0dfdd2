"""Jobs and tasks as FATE 2.x's rows, from those of FATE 1.x."""

from collections.abc import Iterator
from typing import Any, Final

from api.dialects.fate.v2.vocabulary.catalogue import name_ref
from api.dialects.fate.v2.vocabulary.schema import describe_schema, list_parties
from api.dialects.fate.vocabulary.fate_job import FateJob
from api.dialects.fate.vocabulary.rows import MOMENTS, Row, render_job_rows
from api.dialects.fate.vocabulary.task_rows import render_task_rows
from scheduler.store.queries.jobs import JobDetail

JOB_SAME: Final = (
    "job_id", "role", "party_id", "status", "status_code", "progress", "description", "tag", "cores", "remaining_cores",
    "memory", "remaining_memory", "resource_in_use", "engine_name", "elapsed", *MOMENTS,
)  # fmt: skip
TASK_SAME: Final = (
    "job_id", "role", "party_id", "task_id", "task_version", "status", "party_status", "status_code", "auto_retries",
    "federated_status_collect_type", "run_ip", "run_port", "run_pid", "kill_status", "provider_info", "error_report",
    "elapsed", *MOMENTS,
)  # fmt: skip
JOB_FILTERS: Final = ("job_id", "role", "party_id", "status")
TASK_FILTERS: Final = (*JOB_FILTERS, "task_name", "task_id", "task_version")


def render_jobs(detail: JobDetail, fate: FateJob) -> Iterator[Row]:
    """A row for each member of a job."""
    job = detail.job
    own = {
        "user_name": job.owner,
        "dag": describe_schema(job, fate),
        "parties": list_parties(job),
        "initiator_party_id": fate.initiator[1],
        "scheduler_party_id": fate.initiator[1],
        "model_id": fate.model_id,
        "model_version": fate.model_version,
        "inheritance": _render_inheritance(fate),
        "schedule_status": None,
    }
    for row in render_job_rows(detail, fate):
        own["schedule_status"] = row["status"]
        yield {**{name: row[name] for name in JOB_SAME}, **own}


def render_tasks(detail: JobDetail, fate: FateJob) -> Iterator[Row]:
    """A row for each task at each member, in its present version."""
    sent: Any = (fate.dag.get("dag") or {}).get("tasks") or {}
    for row in render_task_rows(detail, fate):
        name = row["component_name"]
        yield {
            **{column: row[column] for column in TASK_SAME},
            "task_name": name,
            "component": (sent.get(name) or {}).get("component_ref") or name_ref(row["component_module"]),
            "task_run": {},
            "scheduler_party_id": fate.initiator[1],
            "component_parameters": row["component_parameters"].get("ComponentParam", {}),
        }


def _render_inheritance(fate: FateJob) -> dict[str, Any]:
    return {"job_id": fate.inherits_from, "task_list": list(fate.inherited)} if fate.inherited else {}
