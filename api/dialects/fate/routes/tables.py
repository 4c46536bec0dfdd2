"""FATE's `table/*`: what tables there are, registering, deleting, enabling and disabling them."""

from contextlib import suppress
from typing import Final

from aiohttp import web

from api.agent.channel import CHANNEL_HUB
from api.auth import require
from api.bridge import utc_now
from api.callers import actor_of
from api.dialects.fate.errors import NOTHING, FateError, RetCode
from api.dialects.fate.requests.members import (
    Members,
    TableName,
    check_present,
    parse_table,
    read_all,
    read_flag,
    read_object,
    read_text,
)
from api.dialects.fate.requests.uploads import parse_upload
from api.dialects.fate.responses.envelope import render_success
from api.dialects.fate.responses.tables import render_missing, render_name, render_output, render_table
from api.dialects.fate.routes.answer import Routes, Streaming
from api.dialects.fate.routes.data_access import THERE_ALREADY
from api.dialects.fate.routes.table_access import (
    Source,
    choose_parties,
    find_source,
    get_named_table,
    get_output_at,
    list_named_tables,
    make_source,
)
from api.dialects.fate.routes.table_archives import Member, open_rows, send_archive
from api.dialects.fate.vocabulary.output_tables import OutputAddress, find_address
from api.keys import PRINCIPAL, READER, SETTINGS, WRITER
from api.party_calls import fetch_preview
from api.uploads import Place, check_room, make_table_there
from scheduler.domain.access import Action, Subject, is_allowed
from scheduler.domain.errors import ConflictError, FedrotaError, NotFoundError
from scheduler.service.tables import disable_table, drop_table, note_table
from scheduler.store.queries.data_tables import DataTable, list_disabled_tables
from scheduler.store.queries.parties import get_party
from scheduler.store.tx import Tx

PATH_ENGINES: Final = frozenset({"PATH", "LOCALFS", "FILE", "STANDALONE"})
SHOWN_ROWS: Final = 100


async def read_table_info(request: web.Request) -> web.Response:
    """A table's count, schema and so on; one that is not there is no error."""
    require(request[PRINCIPAL], Action.READ_TABLE)
    members = await read_all(request)
    table = parse_table(members)
    address = find_address(table.namespace, table.name)
    if address is not None:
        with suppress(NotFoundError):
            output = await get_output_at(request, address, Action.READ_JOB)
            return render_success(render_output(table, output, await _list_columns(request, address)))
        return render_success(render_missing(table))
    found = await list_named_tables(request, members, table)
    return render_success(render_table(found) if found else render_missing(table))


async def _list_columns(request: web.Request, address: OutputAddress) -> list[str]:
    """The columns of an output, asked of its party; none where that is away or the caller may not read outputs."""
    with suppress(FedrotaError):
        source = make_source(await get_output_at(request, address, Action.READ_OUTPUT))
        found = await fetch_preview(request, source.party, source.preview_op, {**source.args, "limit": 1})
        return found["columns"]
    return []


async def delete_table(request: web.Request) -> web.Response:
    """Delete a table at every party that is meant, there and here."""
    members = await read_all(request)
    if members.get("job_id") and not (members.get("table_name") or members.get("name")):
        raise FateError(RetCode.OPERATING, "what a job wrote is deleted with job/clean; name a table to delete that")
    table = parse_table(members)
    if find_address(table.namespace, table.name) is not None:
        raise FateError(
            RetCode.OPERATING,
            f"{table.namespace}/{table.name} belongs to a job: clean the job (job/clean) to delete it",
        )
    found = await list_named_tables(request, members, table, Action.WRITE_TABLE)
    if not found:
        raise FateError(RetCode.ARGUMENT, "no find table")
    for each in found:
        await remove_table(request, each)
    return render_success(render_name(table))


async def remove_table(request: web.Request, table: DataTable) -> None:
    """Delete a table at its party and here."""
    with suppress(NotFoundError):  # gone at the party already: what is left is its registration
        args = {"namespace": table.namespace, "name": table.name}
        await request.app[CHANNEL_HUB].call(table.party, "table.delete", args)
    by = actor_of(request)
    await request.app[WRITER].write(
        lambda tx: drop_table(tx, table.party, table.namespace, table.name, by=by, now=utc_now())
    )


async def bind(request: web.Request) -> web.Response:
    """Take a file that lies at a party in as a table; other engines' addresses are not ours."""
    members = await read_all(request)
    check_present(members, "engine", "address", "namespace")
    address, engine = read_object(members, "address"), read_text(members, "engine").upper()
    path = read_text(address, "path")
    if engine not in PATH_ENGINES or not path:
        raise FateError(
            RetCode.OPERATING,
            f"engine {engine} is not supported: bind a CSV file at the party, engine PATH and an address with its path",
        )
    table = parse_table(members)
    given = {"head": members.get("head", 1), "partition": members.get("partitions") or 1, "file": path}
    upload = parse_upload({**members, **given}, lies_there=True)
    id_column = read_text(members, "id_column") or read_text(members, "id_name")
    parties, _ = await choose_parties(request, members)
    for party in parties:
        place = Place(party, table.namespace, table.name)
        place.check()
        args = {**upload.args, "id_column": id_column, **place.args, "path": path}
        try:
            await check_room(request, place, replaces=read_flag(members, "drop"))
            await make_table_there(
                request,
                place,
                "table.load",
                {**args, "limit": request.app[SETTINGS].upload_limit_bytes},
                **upload.facts,
            )
        except ConflictError as wrong:
            raise FateError(RetCode.EXCEPTION, THERE_ALREADY) from wrong
    return render_success(render_name(table))


async def enable(request: web.Request) -> web.Response:
    """Let jobs read a table again."""
    return await _switch(request, is_disabled=False)


async def disable(request: web.Request) -> web.Response:
    """Keep jobs that are submitted from now on from reading a table."""
    return await _switch(request, is_disabled=True)


async def _switch(request: web.Request, *, is_disabled: bool) -> web.Response:
    members = await read_all(request)
    table = parse_table(members)
    found = await list_named_tables(request, members, table, Action.WRITE_TABLE)
    if not found:
        raise FateError(RetCode.ARGUMENT, "no find table")
    by = actor_of(request)

    def switch(tx: Tx) -> None:
        for each in found:
            disable_table(tx, each, is_disabled=is_disabled, by=by, now=utc_now())

    await request.app[WRITER].write(switch)
    return render_success([render_name(table)])


async def delete_disabled(request: web.Request) -> web.Response:
    """Delete every disabled table that is the caller's to delete."""
    principal = request[PRINCIPAL]

    def find(tx: Tx) -> list[tuple[DataTable, Subject]]:
        found = list_disabled_tables(tx)
        return [(each, Subject(owner=each.owner, org=get_party(tx, each.party).org)) for each in found]

    found = await request.app[READER].read(find)
    mine = [table for table, subject in found if is_allowed(principal, Action.WRITE_TABLE, subject)]
    if not mine:
        raise FateError(RetCode.ARGUMENT, "no find table")
    for table in mine:
        await remove_table(request, table)
    return render_success([render_name(TableName(table.namespace, table.name)) for table in mine])


async def preview(request: web.Request) -> web.Response:
    """The first rows of a table."""
    members = await read_all(request)
    source = await _find_rows(request, members)
    found = await fetch_preview(request, source.party, source.preview_op, {**source.args, "limit": SHOWN_ROWS})
    return render_success({"header": found["columns"], "data": found["rows"], "total": found["total"]})


async def download(request: web.Request) -> web.StreamResponse:
    """A table as a gzipped tar with its rows and its header."""
    members = await read_all(request)
    table = parse_table(members)
    source = await _find_rows(request, members)
    name = f"table_{table.namespace}_{table.name}.tar.gz"
    rows = open_rows(request, source, limit=None)
    return await send_archive(
        request, name, [Member("table", rows)], has_header=read_flag(members, "head", default=True)
    )


async def _find_rows(request: web.Request, members: Members) -> Source:
    table = parse_table(members)
    try:
        return await find_source(request, members, table)
    except NotFoundError as wrong:
        message = f"no found table:{table.namespace}, {table.name}"
        raise FateError(NOTHING, message, status=NOTHING) from wrong


async def update_schema(request: web.Request) -> web.Response:
    """Keep more members of a table's schema; its columns are its file's."""
    members = await read_all(request)
    check_present(members, "schema")
    table, schema = parse_table(members), read_object(members, "schema")
    found = await get_named_table(request, members, table, Action.WRITE_TABLE)
    fixed = render_table([found])["schema"]
    changed = [key for key in ("header", "sid") if key in schema and schema[key] != fixed[key]]
    if changed:
        raise FateError(
            RetCode.OPERATING,
            f"schema.{changed[0]} is fixed by the table's file: upload the table again to rename columns",
        )
    kept = {**(found.facts.get("schema") or {}), **schema}
    await request.app[WRITER].write(
        lambda tx: note_table(tx, found.party, found.namespace, found.name, facts={"schema": kept})
    )
    return render_success({**fixed, **kept})


async def migrate_anonymous(_request: web.Request) -> web.Response:
    """Anonymous names of columns belong to models that are not ours."""
    raise FateError(RetCode.OPERATING, "not supported: columns have no anonymous names here")


ROUTES: Final[Routes] = {
    "/table/table_info": {"POST": read_table_info},
    "/table/delete": {"POST": delete_table},
    "/table/bind": {"POST": bind},
    "/table/add": {"POST": bind},
    "/table/enable": {"POST": enable},
    "/table/disable": {"POST": disable},
    "/table/disable/delete": {"POST": delete_disabled},
    "/table/preview": {"POST": preview},
    "/table/download": {"GET": Streaming(download), "POST": Streaming(download)},
    "/table/schema/update": {"POST": update_schema},
    "/table/schema/anonymous/migrate": {"POST": migrate_anonymous},
}
