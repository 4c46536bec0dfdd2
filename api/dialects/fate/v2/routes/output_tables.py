"""The tables that tasks wrote: their names, first rows, and files."""

from typing import Any, Final

from aiohttp import web

from api.dialects.fate.routes.answer import Routes
from api.dialects.fate.routes.component_access import ComponentView, read_outputs
from api.dialects.fate.routes.outputs import name_data
from api.dialects.fate.routes.table_access import make_source
from api.dialects.fate.routes.table_archives import Member, open_rows, send_archive
from api.dialects.fate.v2.errors import Code, FlowError
from api.dialects.fate.v2.requests.members import Members, read_all
from api.dialects.fate.v2.responses.envelope import render_success
from api.dialects.fate.v2.routes.logs import GZIP
from api.dialects.fate.v2.routes.outputs import find_task
from api.dialects.fate.vocabulary.output_tables import address_output
from api.party_calls import fetch_preview
from scheduler.domain.access import Action
from scheduler.store.queries.tracking import OutputView

SHOWN_ROWS: Final = 100


def keep_columns(columns: Any) -> list[str]:
    """Columns under the names that the components give them."""
    return [str(column) for column in columns] if isinstance(columns, list) else []


async def list_tables(request: web.Request) -> web.Response:
    """Namespace and name of each table, by output key; a reader may read them."""
    view, named = await _find(request, await read_all(request), Action.READ_JOB)
    found = {key: address_output(view.holder, output) for key, output in named.items()}
    return render_success({key: [{"namespace": each.namespace, "name": each.name}] for key, each in found.items()})


async def display(request: web.Request) -> web.Response:
    """The first rows of each table, by output key."""
    _, named = await _find(request, await read_all(request), Action.READ_OUTPUT)
    shown = {}
    for key, output in named.items():
        source = make_source(output)
        found = await fetch_preview(request, source.party, source.preview_op, {**source.args, "limit": SHOWN_ROWS})
        shown[key] = [{"data": found["rows"], "header": keep_columns(found["columns"]), "total": found["total"]}]
    return render_success(shown)


async def download(request: web.Request) -> web.StreamResponse:
    """A gzipped tar of CSV files, each in a folder of its output key's name."""
    members = await read_all(request)
    view, named = await _find(request, members, Action.READ_OUTPUT)
    wanted = members.get("output_key")
    chosen = {key: output for key, output in named.items() if wanted in (None, "", key)}
    if not chosen:
        known = ", ".join(named) or "none"
        raise FlowError(Code.TABLE_NOT_FOUND, f"task {view.target.component} left no table {wanted!r}; it left {known}")
    files = [
        Member(key, open_rows(request, make_source(output), limit=None), folder=key, rename=keep_columns)
        for key, output in chosen.items()
    ]
    target = view.target
    name = f"{target.job}_{target.role}_{target.party}_{target.component}.tar.gz"
    return await send_archive(request, name, files, has_header=True, media=GZIP)


async def _find(request: web.Request, members: Members, action: Action) -> tuple[ComponentView, dict[str, OutputView]]:
    """The task and its tables under the keys that the job's DAG has for them."""
    view = await find_task(request, members, action)
    known = name_data(view.found.fate, view.target.component)
    found = await read_outputs(request, view, "table")
    return view, {known.get(output.name, output.name): output for output in found}


ROUTES: Final[Routes] = {
    "/output/data/table": {"GET": list_tables},
    "/output/data/display": {"GET": display},
    "/output/data/download": {"GET": download},
}
