"""Reads of tasks and of the tables that they left, as FATE's rows."""

from collections.abc import Iterator
from typing import Final

from aiohttp import web

from api.dialects.fate.errors import FateError, RetCode
from api.dialects.fate.requests.bodies import read_members
from api.dialects.fate.requests.filters import (
    ROLES,
    TASK_ORDERS,
    fits,
    known_columns,
    read_choices,
    read_filters,
    read_paging,
    sort_rows,
)
from api.dialects.fate.requests.members import need
from api.dialects.fate.responses.envelope import render_success
from api.dialects.fate.routes.answer import Routes
from api.dialects.fate.routes.job_access import NO_JOBS, FateDetail, FateDetails, check_fate_job, read_details
from api.dialects.fate.vocabulary.output_tables import address_output
from api.dialects.fate.vocabulary.rows import Row, prefix_row
from api.dialects.fate.vocabulary.states import render_date, render_time
from api.dialects.fate.vocabulary.task_rows import COLUMNS, count_version, name_task, render_task_rows
from api.keys import READER
from scheduler.domain.access import Action
from scheduler.store.queries.tracking import OutputView, list_outputs


async def query_tasks(request: web.Request) -> web.Response:
    """Rows of the present versions of tasks, by any of FATE's columns."""
    filters = read_filters(await read_members(request), COLUMNS)
    details = await read_details(request, filters) if filters else NO_JOBS
    shown = [prefix_row(row) for row in _task_rows(details) if fits(row, filters)]
    if not shown:
        raise FateError(RetCode.ARGUMENT, "find task failed")
    return render_success(shown, details.message)


async def list_task(request: web.Request) -> web.Response:
    """A page of tasks, the oldest first."""
    members = await read_members(request)
    limit, offset = read_paging(members)
    read_choices(members, "role", ROLES)
    names = ("job_id", "role", "party_id", "component_name")
    filters = {name: members[name] for name in names if members.get(name) not in (None, "")}
    details = await read_details(request, filters)
    rows = [row for row in _task_rows(details) if fits(row, filters)]
    ordered = sort_rows(rows, members, known_columns(TASK_ORDERS, rows), default=("create_time", False))
    return render_success({"count": len(ordered), "tasks": ordered[offset : offset + limit]}, details.message)


async def query_data_views(request: web.Request) -> web.Response:
    """The tables that a job's tasks left."""
    members = await read_members(request)
    (job,) = need(members, "job_id")
    found = await check_fate_job(request, job, Action.READ_JOB, missing="find data view failed")
    outputs = await request.app[READER].read(lambda tx: list_outputs(tx, job))
    filters = read_filters(members, ("role", "party_id", "component_name", "status"))
    filters.pop("status", None)
    rows = (_render_view(output, found) for output in outputs if output.kind == "table")
    shown = [prefix_row(row) for row in rows if fits(row, filters)]
    if not shown:
        raise FateError(RetCode.ARGUMENT, "find data view failed")
    return render_success(shown)


def _render_view(output: OutputView, found: FateDetail) -> Row:
    where, job = output.where, found.job
    tasks = {task.id: task for task in found.detail.tasks}
    task = tasks.get(where.task)
    ended = job.created if task is None or task.ended is None else task.ended
    address = address_output(job.id, output)
    return {
        "job_id": job.id,
        "role": where.role,
        "party_id": where.party,
        "component_name": where.step,
        "task_id": name_task(job.id, where.step),
        "task_version": count_version(where.attempt),
        "data_name": output.name,
        "table_name": address.name,
        "table_namespace": address.namespace,
        "description": "",
        "create_time": render_time(ended),
        "create_date": render_date(ended),
        "update_time": render_time(ended),
        "update_date": render_date(ended),
    }


def _task_rows(details: FateDetails) -> Iterator[Row]:
    for found in details.jobs:
        yield from render_task_rows(found.detail, found.fate)


ROUTES: Final[Routes] = {
    "/job/task/query": {"POST": query_tasks},
    "/job/list/task": {"POST": list_task},
    "/job/data/view/query": {"POST": query_data_views},
}
