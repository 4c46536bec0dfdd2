"""Which jobs there are."""

import json
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final

from api.auth import require
from api.bridge import utc_now
from api.dialects.flare.command import Call, Command, Reply
from api.dialects.flare.requests.flags import check_submit_token, make_list_flags
from api.dialects.flare.responses import make_line, make_rows, make_success
from api.dialects.flare.routes.intake import make_deleted, make_key
from api.dialects.flare.routes.jobs import MAX_EVENTS
from api.dialects.flare.vocabulary.meta import render_meta, render_row
from api.keys import READER
from scheduler.domain.access import Action
from scheduler.domain.model import Job
from scheduler.store.queries.idempotency import find_submitted, name_keeper
from scheduler.store.queries.jobs import JobDetail, JobFilter, get_origin, list_job_details, list_jobs
from scheduler.store.queries.tracking import list_events
from scheduler.store.tx import Tx

MAX_LISTED: Final = 1000
COLUMNS: Final = MappingProxyType(
    {
        "JOB ID": "job_id",
        "NAME": "job_name",
        "STATUS": "status",
        "SUBMIT TIME": "submit_time",
        "RUN DURATION": "duration",
    }
)


async def find_jobs(call: Call) -> Reply:
    """Jobs of the project, the oldest first; with a limit the newest ones."""
    require(call.by, Action.READ_JOB)
    wanted = make_list_flags().read(call.words)
    check_submit_token(wanted.submit_token)
    key = make_key(call, wanted.submit_token)

    def read(tx: Tx) -> list[dict[str, Any]]:
        jobs = _list_newest(tx, call, wanted) if key is None else _list_submitted(tx, call, key)
        fitting = [
            job.id for job in jobs if _begins(job.id, wanted.job_id_prefix) and _begins(job.name, wanted.name_prefix)
        ][: wanted.limit or None]  # below zero it leaves out so many of the oldest, as FLARE has it
        details = list_job_details(tx, fitting)
        return [_render_listed(tx, details[job], call.study_name, is_detailed=wanted.detailed) for job in fitting]

    rows = await call.app[READER].read(read)
    shown = rows if wanted.reverse else rows[::-1]
    if not shown:
        return make_success("No jobs matching the specified criteria.", jobs=[])
    return make_success(shown=_show(shown, is_detailed=wanted.detailed), jobs=shown)


def _show(rows: Sequence[dict[str, Any]], *, is_detailed: bool) -> list[dict[str, Any]]:
    """The jobs for who reads the console."""
    if is_detailed:
        return [make_line(json.dumps(row, indent=4, default=str)) for row in rows]
    cells = [[str(row[name]) for name in COLUMNS.values()] for row in rows]
    return [make_rows([list(COLUMNS), *cells])]


def _list_newest(tx: Tx, call: Call, wanted: Namespace) -> Sequence[Job]:
    """The newest of those that may fit, so that no others take their place among so many."""
    # Databases fold the case of other letters in ways of their own.
    name = wanted.name_prefix if wanted.name_prefix.isascii() else ""
    fitting = JobFilter(project=call.by.project, id_prefix=wanted.job_id_prefix, name_prefix=name)
    if wanted.own:
        fitting = replace(fitting, owner=call.by.name, org=call.by.org)
    return list_jobs(tx, fitting, after=None, limit=MAX_LISTED).items


def _list_submitted(tx: Tx, call: Call, key: str) -> list[Job]:
    """The caller's job with this submit token, however old it is; FlareError where it was deleted."""
    keeper = name_keeper(org=call.by.org, project=call.by.project, owner=call.by.name)
    submitted = find_submitted(tx, keeper, key)
    if submitted is None:
        return []
    found = list_job_details(tx, [submitted])
    if not found:
        raise make_deleted(submitted)
    return [found[submitted].job]


def _begins(text: str, prefix: str) -> bool:
    """In whatever case, as FLARE has it."""
    return text.lower().startswith(prefix.lower())


def _render_listed(tx: Tx, detail: JobDetail, study: str, *, is_detailed: bool) -> dict[str, Any]:
    if not is_detailed:
        return render_row(detail, study=study, now=utc_now())
    events = list_events(tx, detail.job.id, after=0, limit=MAX_EVENTS)
    return render_meta(detail, get_origin(tx, detail.job.id), events, study=study, now=utc_now())


COMMANDS: Final[Sequence[Command]] = (
    Command(name="list_jobs", scope="job", serve=find_jobs,
            usage="list_jobs [-n name_prefix] [-d] [-u] [-r] [-m num_of_jobs] [--submit-token token] [job_id_prefix]"),
)  # fmt: skip
