"""Tables taken in, written out and copied; each leaves a job that says so."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from aiohttp import web

from api.auth import require
from api.dialects.fate.errors import FateError
from api.dialects.fate.requests.members import TableName, parse_table, read_flag, read_object, read_text
from api.dialects.fate.routes.answer import Routes
from api.dialects.fate.routes.data_access import copy_rows, save_rows, store_upload
from api.dialects.fate.routes.intake import take_upload
from api.dialects.fate.routes.table_access import Source, find_source
from api.dialects.fate.routes.table_archives import Member, open_rows, send_archive
from api.dialects.fate.v2.errors import Code, FlowError
from api.dialects.fate.v2.requests.members import Members, need, read_all
from api.dialects.fate.v2.requests.uploads import parse_flow_upload
from api.dialects.fate.v2.responses.envelope import render_success
from api.dialects.fate.v2.routes.logs import GZIP
from api.dialects.fate.v2.routes.output_tables import keep_columns
from api.keys import PRINCIPAL
from api.uploads import Place
from scheduler.domain.access import Action
from scheduler.domain.errors import ConflictError, NotFoundError

THERE_ALREADY: Final = "the table exists: delete it first (table/delete), or give the new one another name"


@contextmanager
def telling_what_is_there() -> Iterator[None]:
    """A table in the way has a code of its own."""
    try:
        yield
    except (FateError, ConflictError) as wrong:
        if isinstance(wrong, ConflictError) or isinstance(wrong.__cause__, ConflictError):
            raise FlowError(Code.TABLE_EXISTS, THERE_ALREADY) from wrong
        raise


async def upload(request: web.Request) -> web.Response:
    """Store a file that lies at the party, or comes with the request, as a table."""
    require(request[PRINCIPAL], Action.SUBMIT_JOB)
    with telling_what_is_there():
        async with take_upload(request, parse_flow_upload) as intake:
            job, parties = await store_upload(request, intake)
    table = intake.upload.table
    return render_success({**table.args, "parties": parties}, job_id=job)


async def download(request: web.Request) -> web.StreamResponse:
    """A table as a gzipped tar with a CSV file."""
    members = await read_all(request)
    table, source = await _find(request, members)
    rows = Member("data", open_rows(request, source, limit=None), rename=keep_columns)
    name = f"download_data_{table.namespace}_{table.name}.tar.gz"
    has_header = read_flag(members, "header", default=True)
    return await send_archive(request, name, [rows], has_header=has_header, media=GZIP)


async def save(request: web.Request) -> web.Response:
    """Let the party write a table as CSV to a path of its own."""
    members = await read_all(request)
    require(request[PRINCIPAL], Action.SUBMIT_JOB)
    (path,) = need(members, "path")
    table, source = await _find(request, members)
    return render_success({"path": path}, job_id=await save_rows(request, source, table, path, delimiter=","))


async def transform(request: web.Request) -> web.Response:
    """Make a table of jobs from one that was uploaded: at the same party, under another name.

    Tables here have their id, label and numbers from the upload on, so that the copy is the same table.
    """
    members = await read_all(request)
    require(request[PRINCIPAL], Action.SUBMIT_JOB)
    need(members, "namespace", "name")
    place, warehouse = parse_table(members), read_object(members, "data_warehouse")
    need(warehouse, "namespace", "name")
    table, source = await _find(request, {**warehouse, "party_id": members.get("party_id")})
    target = Place(source.party, place.namespace, place.name)
    with telling_what_is_there():
        job = await copy_rows(request, source, table, target, replaces=read_flag(members, "drop", default=True))
    return render_success({**place.args}, job_id=job)


async def _find(request: web.Request, members: Members) -> tuple[TableName, Source]:
    need(members, "namespace", "name")
    table = TableName(read_text(members, "namespace"), read_text(members, "name"))
    try:
        return table, await find_source(request, members, table)
    except NotFoundError as wrong:
        raise FlowError(Code.TABLE_NOT_FOUND, f"no found table {table.namespace}/{table.name}") from wrong


ROUTES: Final[Routes] = {
    "/data/component/upload": {"POST": upload},
    "/data/component/upload/file": {"POST": upload},
    "/data/component/download": {"POST": save},
    "/data/component/dataframe/transformer": {"POST": transform},
    "/data/download": {"GET": download},
}
