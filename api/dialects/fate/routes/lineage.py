"""What was made of which table, and the tables that a job reads and writes."""

from collections.abc import Iterator
from typing import Any, Final

from aiohttp import web

from api.auth import require
from api.dialects.fate.errors import FateError, RetCode
from api.dialects.fate.requests.members import TableName, parse_component, parse_table, read_all
from api.dialects.fate.responses.envelope import render_success
from api.dialects.fate.routes.answer import Routes
from api.dialects.fate.routes.data_access import JOB
from api.dialects.fate.routes.table_access import get_output_at, list_named_tables
from api.dialects.fate.vocabulary.output_tables import OutputAddress, address_output, find_address
from api.keys import PRINCIPAL, READER
from api.native.jobs import check_job
from scheduler.domain.access import Action, Principal, is_visible, subject_of
from scheduler.domain.model import Step, Task
from scheduler.domain.plan import find_read_table, merge_params
from scheduler.domain.references import find_reference
from scheduler.store.queries.data_tables import DataTable
from scheduler.store.queries.jobs import JobDetail, get_job, get_job_detail
from scheduler.store.queries.lineage import list_output_uses, list_table_uses
from scheduler.store.queries.tracking import list_outputs
from scheduler.store.tx import Tx

MAX_DEPTH: Final = 100


async def track_source(request: web.Request) -> web.Response:
    """What a table was made of: its parents, and the tables at the very beginning."""
    members = await read_all(request)
    table = parse_table(members)
    address = find_address(table.namespace, table.name)
    if address is not None:
        await get_output_at(request, address, Action.READ_JOB)
        return render_success(await request.app[READER].read(lambda tx: _list_origins(tx, address)))
    found = await _get_tables(request, members, table)
    parents = [parent for each in found if (parent := each.facts.get("parent"))]
    return render_success([_describe(_parse_name(parent), [_parse_name(parent)]) for parent in parents[:1]])


async def track_jobs(request: web.Request) -> web.Response:
    """The jobs that read a table, and the one that made it."""
    principal, members = request[PRINCIPAL], await read_all(request)
    table = parse_table(members)
    address = find_address(table.namespace, table.name)
    if address is not None:
        await get_output_at(request, address, Action.READ_JOB)
        made = [address.job]
        used = await request.app[READER].read(lambda tx: _list_readers(tx, address, principal))
    else:
        found = await _get_tables(request, members, table)
        made = [str(each.facts[JOB]) for each in found[:1] if each.facts.get(JOB)]
        used = await request.app[READER].read(lambda tx: _list_users(tx, found, principal))
    return render_success({"count": len(used), "job": used, "made_by": made})


async def _get_tables(request: web.Request, members: Any, table: TableName) -> list[DataTable]:
    require(request[PRINCIPAL], Action.READ_TABLE)
    found = await list_named_tables(request, members, table)
    if not found:
        raise FateError(
            RetCode.EXCEPTION, f"no found table: table name {table.name}, table namespace {table.namespace}"
        )
    return found


def _list_users(tx: Tx, tables: list[DataTable], principal: Principal) -> list[str]:
    jobs = [use.job for each in tables for use in list_table_uses(tx, each.party, each.namespace, each.name)]
    return _keep_visible(tx, jobs, principal)


def _list_readers(tx: Tx, address: OutputAddress, principal: Principal) -> list[str]:
    uses = list_output_uses(tx, address.job, address.step, address.output)
    return _keep_visible(tx, [job for job, _ in uses], principal)


def _keep_visible(tx: Tx, jobs: list[str], principal: Principal) -> list[str]:
    return [job for job in dict.fromkeys(jobs) if is_visible(principal, subject_of(get_job(tx, job)))]


def _list_origins(tx: Tx, address: OutputAddress) -> list[dict[str, str]]:
    parents = list(_list_parents(tx, address))
    if all(isinstance(parent, TableName) for parent in parents):
        return [_describe(parent, [parent]) for parent in parents if isinstance(parent, TableName)]
    return [_describe(_name(parent), _list_roots(tx, parent)) for parent in parents]


def _list_roots(tx: Tx, start: "OutputAddress | TableName") -> list[TableName]:
    """The tables at which the way back from `start` ends; nothing where it begins without any."""
    roots: dict[TableName, None] = {}
    seen, open_ends = {start}, [start]
    for _ in range(MAX_DEPTH):
        if not open_ends:
            break
        found: list[OutputAddress | TableName] = []
        for end in open_ends:
            if isinstance(end, TableName):
                roots[end] = None
            else:
                found += _list_parents(tx, end)
        open_ends = [each for each in dict.fromkeys(found) if each not in seen]
        seen.update(open_ends)
    return list(roots)


def _list_parents(tx: Tx, address: OutputAddress) -> "Iterator[OutputAddress | TableName]":
    """What the step that wrote an output has read at the same member: a table, and other outputs."""
    detail = get_job_detail(tx, address.job)
    step, task = _find_task(detail, address)
    if step is None or task is None:
        return
    read = find_source_table(step, task)
    if read is not None:
        yield read
    for text in step.inputs.values():
        reference = find_reference(text)
        if reference is None:
            continue
        job = reference.job or address.job
        for output in list_outputs(tx, job, step=reference.step, party=address.party):
            same = (output.name, output.where.role, output.kind) == (reference.output, address.role, "table")
            if same:
                yield address_output(job, output)


def _find_task(detail: JobDetail, address: OutputAddress) -> tuple[Step | None, Task | None]:
    for each in detail.steps:
        if each.step.name == address.step:
            whose = (address.role, address.party)
            return each.step, next((task for task in each.tasks if (task.role, task.party) == whose), None)
    return None, None


def find_source_table(step: Step, task: Task) -> TableName | None:
    """The data table that a step reads at a member, None where it reads none."""
    found = find_read_table(merge_params(step.params, step.overrides, task.role, task.position))
    return None if found is None else TableName(*found)


def _name(given: "OutputAddress | TableName") -> TableName:
    return given if isinstance(given, TableName) else TableName(given.namespace, given.name)


def _parse_name(given: Any) -> TableName:
    return TableName(str(given["namespace"]), str(given["name"]))


def _describe(parent: TableName, roots: list[TableName]) -> dict[str, str]:
    root = roots[0] if roots else TableName("", "")
    return {
        "parent_table_name": parent.name,
        "parent_table_namespace": parent.namespace,
        "source_table_name": root.name,
        "source_table_namespace": root.namespace,
    }


async def list_job_tables(request: web.Request) -> web.Response:
    """What each component of a job reads and writes at one party."""
    target = parse_component(await read_all(request), needs_component=False)
    await check_job(request, target.job, Action.READ_JOB)

    def read(tx: Tx) -> dict[str, Any]:
        detail = get_job_detail(tx, target.job)
        found: dict[str, Any] = {}
        for each in detail.steps:
            task = next((task for task in each.tasks if (task.role, task.party) == (target.role, target.party)), None)
            if task is not None:
                found[each.step.name] = {"input": _render_inputs(tx, target.job, each.step, task), "output": {}}
        for output in list_outputs(tx, target.job, party=target.party):
            if output.kind == "table" and output.where.role == target.role and output.where.step in found:
                address = address_output(target.job, output)
                found[output.where.step]["output"][output.name] = {
                    "name": address.name, "namespace": address.namespace,
                }  # fmt: skip
        return found

    return render_success(await request.app[READER].read(read))


def _render_inputs(tx: Tx, job: str, step: Step, task: Task) -> dict[str, Any]:
    read = find_source_table(step, task)
    found: dict[str, Any] = {"table": read.args} if read is not None else {}
    for port, text in step.inputs.items():
        reference = find_reference(text)
        if reference is not None:
            source = reference.job or job
            for output in list_outputs(tx, source, step=reference.step, party=task.party):
                if (output.name, output.where.role) == (reference.output, task.role):
                    address = address_output(source, output)
                    found[port] = {"name": address.name, "namespace": address.namespace}
    return found


ROUTES: Final[Routes] = {
    "/table/tracking/source": {"POST": track_source},
    "/table/tracking/job": {"POST": track_jobs},
    "/table/list": {"POST": list_job_tables},
}
