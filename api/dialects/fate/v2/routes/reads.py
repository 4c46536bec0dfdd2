"""Reads of jobs and tasks, as FATE 2.x's rows."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from aiohttp import web

from api.dialects.fate.requests.filters import (
    JOB_ORDERS,
    JOB_STATUSES,
    ROLES,
    TASK_ORDERS,
    fits,
    known_columns,
    read_choices,
    read_filters,
    read_paging,
    sort_rows,
)
from api.dialects.fate.routes import job_views
from api.dialects.fate.routes.answer import Routes
from api.dialects.fate.routes.job_access import FateDetail, read_details
from api.dialects.fate.v2.errors import Code, FlowError
from api.dialects.fate.v2.requests.members import need, read_all
from api.dialects.fate.v2.responses.envelope import render_success, take_data
from api.dialects.fate.v2.vocabulary.rows import JOB_FILTERS, TASK_FILTERS, render_jobs, render_tasks
from api.dialects.fate.vocabulary.data_jobs import ROLE
from api.dialects.fate.vocabulary.rows import Row

Render = Callable[[Any, Any], Iterator[Row]]


async def query_jobs(request: web.Request) -> web.Response:
    """Rows of jobs; code 1001 where none fits."""
    filters = read_filters(await read_all(request), JOB_FILTERS)
    rows, message = await _read_rows(request, filters, render_jobs)
    if not rows:
        raise FlowError(Code.JOB_NOT_FOUND, "job no found: no job that you may see fits the filters")
    return render_success(rows, message)


async def query_tasks(request: web.Request) -> web.Response:
    """Rows of tasks in their present version; code 2000 where none fits."""
    filters = read_filters(await read_all(request), TASK_FILTERS)
    rows, message = await _read_rows(request, filters, render_tasks)
    if not rows:
        raise FlowError(Code.TASK_NOT_FOUND, "task no found: no task that you may see fits the filters")
    return render_success(rows, message)


async def list_jobs(request: web.Request) -> web.Response:
    """A page of jobs, the newest first."""
    members = await read_all(request)
    read_choices(members, "role", ROLES)
    read_choices(members, "status", JOB_STATUSES)
    partner, description = members.get("partner"), str(members.get("description") or "")
    found, message = await _read_rows(request, read_filters(members, JOB_FILTERS), render_jobs)
    rows = [
        row
        for row in found
        if description in row["description"] and (not partner or str(partner) in _list_partners(row))
    ]
    return render_success(_cut_page(rows, members, JOB_ORDERS, is_newest_first=True), message)


async def list_tasks(request: web.Request) -> web.Response:
    """A page of tasks, the oldest first."""
    members = await read_all(request)
    read_choices(members, "role", ROLES)
    rows, message = await _read_rows(request, read_filters(members, TASK_FILTERS), render_tasks)
    page = _cut_page(rows, members, (*TASK_ORDERS, "task_name"), is_newest_first=False)
    return render_success(page, message)


def _cut_page(
    rows: list[Row], members: Mapping[str, Any], orders: tuple[str, ...], *, is_newest_first: bool
) -> dict[str, Any]:
    limit, offset = read_paging(members)
    ordered = sort_rows(rows, members, known_columns(orders, rows), default=("create_time", is_newest_first))
    return {"count": len(ordered), "data": [dict(row) for row in ordered[offset : offset + limit]]}


def _list_partners(row: Row) -> list[str]:
    return [party for each in row["parties"] for party in each["party_id"] if party != row["party_id"]]


async def _read_rows(request: web.Request, filters: Mapping[str, Any], render: Render) -> tuple[list[Row], str]:
    """The rows that fit, and what the answer says of itself."""
    details = await read_details(request, filters)
    rows = ((found, row) for found in details.jobs for row in render(found.detail, found.fate))
    return [row for found, row in rows if fits(row, _narrow(found, filters))], details.message


def _narrow(found: FateDetail, filters: Mapping[str, Any]) -> dict[str, Any]:
    """The filters that count: FATE's pipeline asks for an upload under a role of its own, here it is `local`'s."""
    is_local = set(found.job.roles) == {ROLE} and "job_id" in filters
    return {name: value for name, value in filters.items() if not (is_local and name in {"role", "party_id"})}


async def read_dependencies(request: web.Request) -> web.Response:
    """The graph of a job, as its board draws it."""
    need(await read_all(request), "job_id", "role", "party_id")
    return render_success(take_data(await job_views.read_dependencies(request)))


ROUTES: Final[Routes] = {
    "/job/query": {"GET": query_jobs},
    "/job/list/query": {"GET": list_jobs},
    "/job/task/query": {"GET": query_tasks},
    "/job/task/list/query": {"GET": list_tasks},
    "/job/dag/dependency": {"GET": read_dependencies},
}
