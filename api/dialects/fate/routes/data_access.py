"""FATE's `data/*`: tables taken in, written out and copied; each leaves a job that says so."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from aiohttp import web

from api.agent.channel import CHANNEL_HUB
from api.agent.hub import UPLOAD_REPLY_S
from api.auth import require
from api.dialects.fate.errors import FateError, RetCode, translate
from api.dialects.fate.requests.bodies import read_members
from api.dialects.fate.requests.members import (
    Members,
    TableName,
    check_present,
    parse_table,
    read_number,
    read_text,
)
from api.dialects.fate.requests.uploads import IfThere
from api.dialects.fate.responses.envelope import render_success
from api.dialects.fate.responses.submitted import render_submitted
from api.dialects.fate.responses.uploads import render_upload
from api.dialects.fate.routes.answer import Routes
from api.dialects.fate.routes.intake import Intake, take_upload
from api.dialects.fate.routes.table_access import Source, choose_parties, find_source
from api.dialects.fate.vocabulary.data_jobs import (
    DOWNLOAD,
    LABEL,
    ROLE,
    UPLOAD,
    WRITER,
    make_data_draft,
    name_component,
)
from api.dialects.fate.vocabulary.fate_job import DIALECT, FateJob
from api.keys import PRINCIPAL, READER, SETTINGS
from api.keys import WRITER as STORE
from api.planning import plan_job
from api.uploads import Place, check_room, make_table_there, send_table
from scheduler.domain.access import Action, Principal
from scheduler.domain.errors import ConflictError, FedrotaError
from scheduler.domain.states import State
from scheduler.service.tables import note_table
from scheduler.store.queries.data_tables import DataTable, find_data_tables
from scheduler.store.queries.jobs import JobFilter, get_job_detail, get_origin, list_jobs
from scheduler.store.tx import Tx

MAX_HISTORY: Final = 1000
JOB: Final = "job"
"""The fact of a table that names the job which made it."""
THERE_ALREADY: Final = (
    "The data table already exists. If you still want to continue uploading, please add the parameter --drop; "
    "drop 1 replaces the table"
)


async def upload(request: web.Request) -> web.Response:
    """Store a table at one party, or at all where nobody says at which."""
    require(request[PRINCIPAL], Action.SUBMIT_JOB)
    async with take_upload(request) as intake:
        job, parties = await store_upload(request, intake)
    name = intake.upload.table
    return _answer(request, job, parties, table_name=name.name, namespace=name.namespace)


async def store_upload(request: web.Request, intake: Intake) -> tuple[str, list[str]]:
    """Store what was sent, at one party or several; the job that says so, and the parties."""
    wanted = intake.upload
    parties, away = await choose_parties(request, {"party_id": wanted.party})
    places = [Place(party, wanted.table.namespace, wanted.table.name) for party in parties]
    await _check_places(request, places, replaces=wanted.if_there is not IfThere.REFUSE)
    params = {**wanted.table.args, **wanted.facts, "drop": wanted.if_there.value}
    await plan_job(request, make_data_draft(UPLOAD, params, parties, log="", by=request[PRINCIPAL]))
    tables = [await _store_one(request, intake, place, parties) for place in places]
    log = "\n".join(
        [f"table {place}: {table.rows} rows of {wanted.file}" for place, table in zip(places, tables, strict=True)]
        + [f"party {party} has no such table: its worker is not connected" for party in away]
    )
    job = await _record(request, UPLOAD, params, parties, log=log)
    await _note_job(request, places, job)
    return job, parties


async def _check_places(request: web.Request, places: Sequence[Place], *, replaces: bool) -> None:
    for place in places:
        place.check()
        try:
            await check_room(request, place, replaces=replaces)
        except ConflictError as wrong:
            raise FateError(RetCode.EXCEPTION, THERE_ALREADY) from wrong


async def _store_one(request: web.Request, intake: Intake, place: Place, parties: Sequence[str]) -> DataTable:
    """Store the table at one party; a refusal says where it lies by then."""
    wanted = intake.upload
    try:
        if intake.open is not None:
            return await send_table(request, place, wanted.args, intake.open(), **wanted.facts)
        limit = request.app[SETTINGS].upload_limit_bytes
        args = {**wanted.args, **place.args, "path": wanted.file, "limit": limit}
        return await make_table_there(request, place, "table.load", args, **wanted.facts)
    except FedrotaError as wrong:
        done = parties[: list(parties).index(place.party)]
        known = f"; it is stored at party {', '.join(done)} by now" if done else ""
        where = f"party {place.party}: " if len(parties) > 1 else ""
        told = THERE_ALREADY if isinstance(wrong, ConflictError) else wrong.message
        retcode = RetCode.EXCEPTION if isinstance(wrong, ConflictError) else translate(wrong).retcode
        raise FateError(retcode, f"{where}{told}{known}") from wrong


async def _record(
    request: web.Request, kind: str, params: Mapping[str, Any], parties: Sequence[str], *, log: str
) -> str:
    """Submit the job that says what was done; its id."""
    draft = make_data_draft(kind, params, parties, log=log, by=request[PRINCIPAL])
    return (await request.app[STORE].submit(await plan_job(request, draft))).job


async def _note_job(request: web.Request, places: Sequence[Place], job: str) -> None:
    def note(tx: Tx) -> None:
        for place in places:
            note_table(tx, place.party, place.namespace, place.name, facts={JOB: job})

    await request.app[STORE].write(note)


def _answer(request: web.Request, job: str, parties: Sequence[str], **more: Any) -> web.Response:
    model_id = f"{ROLE}-{'_'.join(sorted(parties))}#model"
    return render_submitted(request, job, model_id=model_id, initiator=(ROLE, parties[0]), **more)


async def download(request: web.Request) -> web.Response:
    """Write a table, or what a job wrote, as CSV to a path at its party."""
    members = await read_members(request)
    require(request[PRINCIPAL], Action.SUBMIT_JOB)
    check_present(members, "output_path")
    table, path = parse_table(members), read_text(members, "output_path")
    # Example confs name a party that has nothing to do with the table, so none is read here.
    source = await find_source(request, _without_party(members), table)
    delimiter = read_text(members, "delimiter") or read_text(members, "delimitor") or ","
    job = await save_rows(request, source, table, path, delimiter=delimiter)
    return _answer(request, job, [source.party])


async def save_rows(request: web.Request, source: Source, table: TableName, path: str, *, delimiter: str) -> str:
    """Let the party write the rows to a path of its own; the job that says so."""
    args = {**source.args, "path": path, "delimiter": delimiter}
    params = {**table.args, "output_path": path, "delimiter": delimiter}
    await plan_job(request, make_data_draft(DOWNLOAD, params, [source.party], log="", by=request[PRINCIPAL]))
    hub = request.app[CHANNEL_HUB]
    written = await hub.call(source.party, "table.save", args, timeout_s=UPLOAD_REPLY_S)
    log = f"wrote {written.get('rows')} rows of {table.namespace}/{table.name} to {written.get('path')}"
    return await _record(request, DOWNLOAD, params, [source.party], log=log)


def _without_party(members: Members) -> Members:
    return {key: value for key, value in members.items() if key != "party_id"}


async def write(request: web.Request) -> web.Response:
    """Copy a table, or what a job wrote, to a table at the same party; other storage engines are not ours."""
    members = await read_members(request)
    require(request[PRINCIPAL], Action.SUBMIT_JOB)
    table = parse_table(members)
    if members.get("storage_engine") or members.get("address"):
        raise FateError(
            RetCode.OPERATING,
            "not supported: tables lie as files at their party here, not in storage engines; give output_namespace and "
            "output_name to copy the table",
        )
    check_present(members, "output_namespace", "output_name")
    source = await find_source(request, members, table)
    place = Place(source.party, read_text(members, "output_namespace"), read_text(members, "output_name"))
    job = await copy_rows(request, source, table, place, replaces=False)
    return _answer(request, job, [source.party], table_name=place.name, namespace=place.namespace)


async def copy_rows(request: web.Request, source: Source, table: TableName, place: Place, *, replaces: bool) -> str:
    """Copy rows to a table at the same party; the job that says so."""
    await _check_places(request, [place], replaces=replaces)
    params = {**table.args, "output_namespace": place.namespace, "output_name": place.name}
    await plan_job(request, make_data_draft(WRITER, params, [source.party], log="", by=request[PRINCIPAL]))
    kept = {} if source.table is None else {k: v for k, v in source.table.facts.items() if k not in {JOB, "disabled"}}
    args = {**source.args, "to_namespace": place.namespace, "to_name": place.name, "replace": replaces}
    copy = await make_table_there(request, place, "table.copy", args, **{**kept, "parent": table.args})
    log = f"copied {copy.rows} rows of {table.namespace}/{table.name} to {place}"
    job = await _record(request, WRITER, params, [source.party], log=log)
    await _note_job(request, [place], job)
    return job


async def read_history(request: web.Request) -> web.Response:
    """Successful uploads by FATE's clients, the newest first."""
    principal, members = request[PRINCIPAL], await read_members(request)
    require(principal, Action.READ_JOB)
    limit = read_number(members, "limit", default=MAX_HISTORY, most=MAX_HISTORY) or MAX_HISTORY
    wanted = read_text(members, "job_id")
    found = await request.app[READER].read(lambda tx: _list_uploads(tx, principal, limit, wanted))
    return render_success(found)


def _list_uploads(tx: Tx, principal: Principal, limit: int, wanted: str) -> list[dict[str, Any]]:
    if wanted:
        jobs = [get_job_detail(tx, wanted).job]
    else:
        narrowed = JobFilter(states=[State.SUCCESS], project=principal.project, labels={LABEL: UPLOAD})
        jobs = list_jobs(tx, narrowed, after=None, limit=limit).items
    mine = [job for job in jobs if job.dialect == DIALECT and job.project == principal.project]
    return [_render_one(tx, job.id) for job in mine if job.labels.get(LABEL) == UPLOAD and job.state is State.SUCCESS]


def _render_one(tx: Tx, job: str) -> dict[str, Any]:
    conf = FateJob.parse(get_origin(tx, job)).conf
    params = conf["component_parameters"]["role"][ROLE]["all"][name_component(UPLOAD)]
    parties = [str(party) for party in conf["role"][ROLE]]
    tables = find_data_tables(tx, params["namespace"], params["name"], parties=parties)
    return render_upload(job, params, tables[0] if tables else None)


async def refuse_other(request: web.Request) -> web.Response:
    """Whatever else a client asks below `data/`."""
    raise FateError(400, f"Cannot support this operating: {request.match_info['other']}", status=400)


ROUTES: Final[Routes] = {
    "/data/upload": {"POST": upload},
    "/data/download": {"POST": download},
    "/data/writer": {"POST": write},
    "/data/upload/history": {"POST": read_history},
    "/data/{other}": {"POST": refuse_other},
}
