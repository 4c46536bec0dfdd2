"""Data tables: streamed to their party, registered here, previewed through the party's channel."""

from contextlib import suppress
from typing import Any, Final

from aiohttp import web
from pydantic import Field

from api.agent.channel import CHANNEL_HUB
from api.auth import require
from api.bodies import read_pieces
from api.bridge import utc_now
from api.callers import actor_of
from api.keys import PRINCIPAL, READER, WRITER
from api.native.jobs import AFTER, LIMIT
from api.native.render import render_table
from api.native.replies import Page, PreviewReply, TableReply
from api.parsing import Flag, Query, Whole
from api.party_calls import fetch_preview
from api.routing import ROOT, Endpoints, render
from api.uploads import BLOCK_BYTES, Place, check_room, check_table, send_table
from scheduler.domain.access import Action
from scheduler.domain.errors import InvalidDocumentError, NotFoundError, Problem
from scheduler.domain.plan import DEFAULT_NAMESPACE
from scheduler.service.tables import disable_table, drop_table
from scheduler.store.queries.data_tables import list_data_tables

endpoint: Final = Endpoints("tables")

FORMATS: Final = {"text/csv": "csv", "application/vnd.apache.parquet": "parquet", "application/x-parquet": "parquet"}
BOUND: Final = 10**17
NAMESPACE: Final = Field(default=DEFAULT_NAMESPACE, min_length=1, max_length=128)


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
    delimiter: str = Field(default=",", min_length=1, max_length=1, description="Stands between the fields of a CSV.")
    header: Flag = Field(
        default=True, description="Whether the first line of a CSV names the columns; else they are id, x0, x1, ..."
    )


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
    return render_table(await check_table(request, Place(party, query.namespace, name), Action.READ_TABLE))


@endpoint("GET", "/parties/{party}/tables/{name}/preview", reply=PreviewReply)
async def preview_table(request: web.Request, query: PreviewQuery) -> PreviewReply:
    """Read some rows of a table at its party; needs the right to read outputs there."""
    party, name = request.match_info["party"], request.match_info["name"]
    await check_table(request, Place(party, query.namespace, name), Action.READ_OUTPUT)
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
    place = Place(party, query.namespace, name)
    place.check()
    await check_room(request, place, replaces=query.replace)
    args = {"replace": query.replace, "id_column": query.id_column, "label_column": query.label_column}
    form = {"delimiter": query.delimiter, "header": query.header}
    body = read_pieces(request, BLOCK_BYTES)
    table = await send_table(request, place, {**args, "format": kind, "csv": form}, body)
    return render(render_table(table), status=201, headers={"Location": f"{ROOT}/parties/{party}/tables/{name}"})


@endpoint("POST", "/parties/{party}/tables/{name}/disable", reply=TableReply)
async def switch_off(request: web.Request, query: TableQuery) -> TableReply:
    """Keep jobs that are submitted from now on from reading a table; its facts say so."""
    return await _switch(request, query, is_disabled=True)


@endpoint("POST", "/parties/{party}/tables/{name}/enable", reply=TableReply)
async def switch_on(request: web.Request, query: TableQuery) -> TableReply:
    """Let jobs read a table again."""
    return await _switch(request, query, is_disabled=False)


async def _switch(request: web.Request, query: TableQuery, *, is_disabled: bool) -> TableReply:
    place = Place(request.match_info["party"], query.namespace, request.match_info["name"])
    table, by = await check_table(request, place, Action.WRITE_TABLE), actor_of(request)
    return render_table(
        await request.app[WRITER].write(
            lambda tx: disable_table(tx, table, is_disabled=is_disabled, by=by, now=utc_now())
        )
    )


@endpoint("DELETE", "/parties/{party}/tables/{name}", status=204)
async def delete_table(request: web.Request, query: TableQuery) -> None:
    """Delete a table at its party, then its registration."""
    party, name = request.match_info["party"], request.match_info["name"]
    namespace = query.namespace
    await check_table(request, Place(party, namespace, name), Action.WRITE_TABLE)
    with suppress(NotFoundError):  # gone at the party already: what is left is its registration
        await request.app[CHANNEL_HUB].call(party, "table.delete", {"namespace": namespace, "name": name})
    by = actor_of(request)
    await request.app[WRITER].write(lambda tx: drop_table(tx, party, namespace, name, by=by, now=utc_now()))
