"""Data tables: streamed to their party, registered here, previewed through the party's channel."""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from typing import Any, Final

from aiohttp import web
from pydantic import Field

from api.agent.channel import CHANNEL_HUB
from api.auth import require
from api.bridge import utc_now
from api.checks import Flag, Query, Whole
from api.keys import PRINCIPAL, READER, SETTINGS, WRITER
from api.native.jobs import AFTER, LIMIT
from api.native.parties import actor_of, check_party
from api.native.party_calls import GarbledAnswerError, fetch_preview
from api.native.render import render_table
from api.native.replies import Page, PreviewReply, TableReply
from api.routing import ROOT, Endpoints, render
from scheduler.domain.access import Action, Principal, Subject
from scheduler.domain.errors import ConflictError, InvalidDocumentError, NotFoundError, Problem, TooLargeError
from scheduler.domain.model import Party
from scheduler.service.tables import drop_table, record_table
from scheduler.store.queries.data_tables import DataTable, get_data_table, list_data_tables
from scheduler.store.queries.parties import get_party
from scheduler.store.tx import Tx

endpoint: Final = Endpoints("tables")

FORMATS: Final = {"text/csv": "csv", "application/vnd.apache.parquet": "parquet", "application/x-parquet": "parquet"}
BLOCK_BYTES: Final = 256 << 10
BOUND: Final = 10**17
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
NAMESPACE: Final = Field(default="default", min_length=1, max_length=128)


class TablesQuery(Query):
    """Which tables."""

    party: str = Field(default="", max_length=64)
    namespace: str = Field(default="", max_length=128)
    limit: Whole = LIMIT
    after: str | None = AFTER


class TableQuery(Query):
    """In which namespace the table is."""

    namespace: str = NAMESPACE


class PreviewQuery(TableQuery):
    """Which rows."""

    offset: Whole = Field(default=0, ge=0, le=BOUND)
    limit: Whole = Field(default=20, ge=1, le=1000)


class PutQuery(TableQuery):
    """How to store the table."""

    replace: Flag = Field(default=False, description="Replace a table of that name.")
    id_column: str = Field(
        default="", max_length=200, description="Names the rows; default: `id`, where there is such a column."
    )
    label_column: str = Field(
        default="", max_length=200, description="Holds the labels; default: `y`, where there is such a column."
    )


async def check_table(request: web.Request, party: str, name: str, *, namespace: str, action: Action) -> DataTable:
    """The table, if the caller may do `action` to it."""

    def find(tx: Tx) -> tuple[DataTable, Party]:
        return get_data_table(tx, party, namespace, name), get_party(tx, party)

    table, owner = await request.app[READER].read(find)
    subject = Subject(owner=table.owner, org=owner.org)
    require(request[PRINCIPAL], action, subject, kind="table", identity=f"{namespace}/{name} at party {party}")
    return table


@endpoint("GET", "/tables", reply=Page[TableReply])
async def find_tables(request: web.Request, query: TablesQuery) -> dict[str, Any]:
    """List the data tables at the parties."""
    require(request[PRINCIPAL], Action.READ_TABLE)
    page = await request.app[READER].read(
        lambda tx: list_data_tables(
            tx, party=query.party, namespace=query.namespace, after=query.after, limit=query.limit
        )
    )
    return {"items": [render_table(table) for table in page.items], "next": page.next}


@endpoint("GET", "/parties/{party}/tables/{name}", reply=TableReply)
async def read_table(request: web.Request, query: TableQuery) -> TableReply:
    """Get one table's registration."""
    party, name = request.match_info["party"], request.match_info["name"]
    return render_table(await check_table(request, party, name, namespace=query.namespace, action=Action.READ_TABLE))


@endpoint("GET", "/parties/{party}/tables/{name}/preview", reply=PreviewReply)
async def preview_table(request: web.Request, query: PreviewQuery) -> PreviewReply:
    """Read some rows of a table at its party; needs the right to read outputs there."""
    party, name = request.match_info["party"], request.match_info["name"]
    await check_table(request, party, name, namespace=query.namespace, action=Action.READ_OUTPUT)
    args = {"namespace": query.namespace, "name": name, "offset": query.offset, "limit": query.limit}
    return await fetch_preview(request, party, "table.preview", args)


@endpoint("PUT", "/parties/{party}/tables/{name}", status=201, reply=TableReply, uploads=tuple(FORMATS))
async def put_table(request: web.Request, query: PutQuery) -> web.Response:
    """Upload a table: the body is streamed to the party and stored there."""
    party, name = request.match_info["party"], request.match_info["name"]
    kind = FORMATS.get(request.content_type)
    if kind is None:
        raise InvalidDocumentError(
            Problem(
                "header Content-Type", f"{request.content_type} is no table format.", f"Send {' or '.join(FORMATS)}."
            )
        )
    for place, given in (("name", name), ("query.namespace", query.namespace)):
        if not _NAME.fullmatch(given):
            raise InvalidDocumentError(
                Problem(
                    place, f"{given!r} has other characters than letters, digits, '.', '_', '-', or begins with one"
                )
            )
    await _check_room(request, party, name, query)
    args = query.model_dump()
    result = await request.app[CHANNEL_HUB].call_upload(
        party, "table.put", {**args, "name": name, "format": kind}, _limit_body(request)
    )
    table = _make_table(request[PRINCIPAL], party, name=name, namespace=query.namespace, result=result)
    by = actor_of(request)
    await request.app[WRITER].write(lambda tx: record_table(tx, table, by=by, now=table.created))
    return render(render_table(table), status=201, headers={"Location": f"{ROOT}/parties/{party}/tables/{name}"})


async def _check_room(request: web.Request, party: str, name: str, query: PutQuery) -> None:
    """Whether the caller may put a table of that name there."""
    principal: Principal = request[PRINCIPAL]
    found = await check_party(request, party, Action.READ_PARTY)
    # At a party of their own organisation a table is the caller's; elsewhere only who rules there may put one.
    subject = Subject(owner=principal.name if found.org == principal.org else "", org=found.org)
    require(principal, Action.WRITE_TABLE, subject, kind="table", identity=f"{query.namespace}/{name} at party {party}")
    try:
        await check_table(request, party, name, namespace=query.namespace, action=Action.WRITE_TABLE)
    except NotFoundError:
        return
    if not query.replace:
        raise ConflictError(f"party {party} has a table {query.namespace}/{name}: give replace=true to replace it")


async def _limit_body(request: web.Request) -> AsyncIterator[bytes]:
    limit = request.app[SETTINGS].upload_limit_bytes
    size = 0
    async for block in request.content.iter_chunked(BLOCK_BYTES):
        size += len(block)
        if size > limit:
            raise TooLargeError(f"the table is larger than the limit of {limit} bytes (FEDROTA_UPLOAD_LIMIT_BYTES)")
        yield block


def _make_table(principal: Principal, party: str, *, name: str, namespace: str, result: Mapping[str, Any]) -> DataTable:
    try:
        return DataTable(
            party=party,
            namespace=namespace,
            name=name,
            owner=principal.name,
            rows=int(result["rows"]),
            columns=[{"name": str(item["name"]), "type": str(item["type"])} for item in result["columns"]],
            size=int(result["size"]),
            sha256=str(result["sha256"]),
            facts=dict(result.get("facts") or {}),
            created=utc_now(),
        )
    except (KeyError, TypeError, ValueError) as wrong:
        raise GarbledAnswerError(
            f"party {party} stored the table and described it in a way not understood here ({wrong}): "
            "is its worker of the same release?"
        ) from wrong


@endpoint("DELETE", "/parties/{party}/tables/{name}", status=204)
async def delete_table(request: web.Request, query: TableQuery) -> None:
    """Delete a table at its party, then its registration."""
    party, name = request.match_info["party"], request.match_info["name"]
    namespace = query.namespace
    await check_table(request, party, name, namespace=namespace, action=Action.WRITE_TABLE)
    with suppress(NotFoundError):  # gone at the party already: what is left is its registration
        await request.app[CHANNEL_HUB].call(party, "table.delete", {"namespace": namespace, "name": name})
    by = actor_of(request)
    await request.app[WRITER].write(lambda tx: drop_table(tx, party, namespace, name, by=by, now=utc_now()))
