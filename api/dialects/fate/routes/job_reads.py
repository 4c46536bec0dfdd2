"""Reads of jobs, as FATE's rows."""

from collections.abc import Mapping
from typing import Any, Final

from aiohttp import web

from api.dialects.fate.errors import FateError, RetCode
from api.dialects.fate.requests.bodies import read_members
from api.dialects.fate.requests.filters import (
    JOB_ORDERS,
    JOB_STATUSES,
    ROLES,
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
from api.dialects.fate.routes.job_access import NO_JOBS, FateDetails, check_fate_job, read_details
from api.dialects.fate.vocabulary.fate_job import number_party
from api.dialects.fate.vocabulary.rows import COLUMNS, Row, prefix_row, render_job_rows
from scheduler.domain.access import Action


async def query_jobs(request: web.Request) -> web.Response:
    """Rows of jobs, by any of FATE's columns; none where no column is named."""
    filters = read_filters(await read_members(request), COLUMNS)
    details = await read_details(request, filters) if filters else NO_JOBS
    shown = [prefix_row(row) for row in _list_rows(details) if fits(row, filters)]
    return render_success(shown, details.message if shown else "no job could be found")


async def read_config(request: web.Request) -> web.Response:
    """What a job was submitted with, as one party has it."""
    members = await read_members(request)
    (job,) = need(members, "job_id")
    found = await check_fate_job(request, job, Action.READ_JOB)
    filters = read_filters(members, COLUMNS)
    if not any(fits(row, filters) for row in render_job_rows(found.detail, found.fate)):
        raise FateError(RetCode.ARGUMENT, f"find job failed: job {job} has no such role and party")
    fate = found.fate
    data = {
        "job_id": job,
        "dsl": dict(fate.dsl),
        "runtime_conf": dict(fate.conf),
        "train_runtime_conf": dict(fate.train_conf),
        "model_info": {"model_id": fate.model_id, "model_version": fate.model_version},
    }
    return render_success(data)


async def list_job(request: web.Request) -> web.Response:
    """A page of jobs, the newest first, in the form of 1.7.2 and later, which older clients pass on as well."""
    members = await read_members(request)
    limit, offset = read_paging(members)
    roles, statuses = read_choices(members, "role", ROLES), read_choices(members, "status", JOB_STATUSES)
    by_status = {"status": statuses} if statuses else {}
    details = await read_details(request, by_status)
    rows = [row for row in _list_rows(details) if _is_listed(row, members, roles)]
    ordered = sort_rows(
        [row for row in rows if fits(row, by_status)],
        members,
        known_columns(JOB_ORDERS, rows),
        default=("create_time", True),
    )
    shown = [_add_partners(dict(row)) for row in ordered[offset : offset + limit]]
    return render_success({"count": len(ordered), "jobs": shown}, details.message)


def _is_listed(row: Row, members: Mapping[str, Any], roles: list[str]) -> bool:
    if roles and row["role"] not in roles:
        return False
    texts = {name: str(members[name]) for name in ("job_id", "description", "party_id") if members.get(name)}
    if any(text not in str(row[name]) for name, text in texts.items()):
        return False
    partner = members.get("partner")
    return partner in (None, "") or any(str(partner) in str(each) for each in _list_partners(row))


def _list_partners(row: Row) -> list[Any]:
    everybody = {str(party): party for parties in row["roles"].values() for party in parties}
    return [party for text, party in sorted(everybody.items()) if text != row["party_id"]]


def _add_partners(row: Row) -> Row:
    return {**row, "party_id": number_party(row["party_id"]), "partners": _list_partners(row)}


def _list_rows(details: FateDetails) -> list[Row]:
    return [row for found in details.jobs for row in render_job_rows(found.detail, found.fate)]


ROUTES: Final[Routes] = {
    "/job/query": {"POST": query_jobs},
    "/job/config": {"POST": read_config},
    "/job/list/job": {"POST": list_job},
}
