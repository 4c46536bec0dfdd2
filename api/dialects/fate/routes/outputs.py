"""FATE's `tracking/component/output/*`: models and tables that lie at a party, read there."""

from typing import Any, Final

import orjson
from aiohttp import web

from api.dialects.fate.errors import NOTHING, FateError, RetCode
from api.dialects.fate.requests.members import parse_component, read_all, read_flag, read_number
from api.dialects.fate.responses.envelope import render_success
from api.dialects.fate.routes.answer import Routes, Streaming
from api.dialects.fate.routes.component_access import ComponentView, find_component, read_outputs, read_points
from api.dialects.fate.routes.table_access import make_source
from api.dialects.fate.routes.table_archives import Member, open_rows, send_archive
from api.dialects.fate.vocabulary.catalogue import find_module
from api.dialects.fate.vocabulary.component_params import resolve_params
from api.dialects.fate.vocabulary.fate_job import FateJob
from api.dialects.fate.vocabulary.model_parts import render_part
from api.dialects.fate.vocabulary.output_tables import address_output
from api.dialects.fate.vocabulary.prediction_columns import name_columns
from api.dialects.fate.vocabulary.summaries import render_training
from api.party_calls import ask_party, fetch_preview
from scheduler.domain.access import Action
from scheduler.store.queries.tracking import OutputView

SHOWN_ROWS: Final = 100
MAX_MODEL_BYTES: Final = 8 << 20
TABLE: Final = "table"
MODEL: Final = "model"


async def read_model(request: web.Request) -> web.Response:
    """The member's part of the model that a component has made."""
    target = parse_component(await read_all(request))
    view = await find_component(request, target, Action.READ_OUTPUT)
    models = await read_outputs(request, view, MODEL)
    if not models:
        return render_success({}, "no data")
    param, own = await read_part(request, view, models[0])
    fate = view.found.fate
    given = resolve_params(fate, target.component, role=target.role, position=view.position)
    meta = {"meta_data": {**own, **given}, "module_name": fate.get_module(target.component)}
    return render_success(param, meta=meta)


async def read_part(
    request: web.Request, view: ComponentView, output: OutputView
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The model file's JSON in FATE's words; what is none, or too large to show, is described only."""
    described = {"output": output.name, "size": output.size, "sha256": output.sha256, **output.facts}
    if output.size > MAX_MODEL_BYTES:
        return described, {}
    source = make_source(output)
    _, body = await ask_party(request, source.party, "output.read", source.args)
    try:
        content = orjson.loads(body)
    except ValueError:
        return described, {}
    if not isinstance(content, dict):
        return {**described, "data": content}, {}
    summary = view.task.summary if view.task is not None else {}
    return render_part(content, render_training(summary, await read_points(request, view))["loss_history"])


async def read_data(request: web.Request) -> web.Response:
    """The first rows of each table that a component wrote at a member."""
    view = await find_component(request, parse_component(await read_all(request)), Action.READ_OUTPUT)
    named = _name_outputs(view, await read_outputs(request, view, TABLE))
    if not named:
        return render_success([], "no data")
    data, meta = [], dict[str, list[Any]](header=[], total=[], names=[])
    for name, output in named.items():
        source = make_source(output)
        found = await fetch_preview(request, source.party, source.preview_op, {**source.args, "limit": SHOWN_ROWS})
        data.append(found["rows"])
        meta["header"].append(name_columns(found["columns"]))
        meta["total"].append(found["total"])
        meta["names"].append(name)
    return render_success(data, meta=meta)


def _name_outputs(view: ComponentView, outputs: list[OutputView]) -> dict[str, OutputView]:
    """The outputs under the names that the job's DSL gives them."""
    known = name_data(view.found.fate, view.target.component)
    return {known.get(output.name, output.name): output for output in outputs}


def name_data(fate: FateJob, component: str) -> dict[str, str]:
    """Output of the core's component -> its name in the DSL, by their places there."""
    module = find_module(fate.get_module(component))
    named = (fate.components.get(component, {}).get("output") or {}).get("data") or []
    return dict(zip(module.data, map(str, named), strict=False)) if module is not None else {}


async def download_data(request: web.Request) -> web.StreamResponse:
    """The tables that a component wrote at a member, as a gzipped tar of CSV files with their headers beside."""
    members = await read_all(request)
    target = parse_component(members)
    limit = read_number(members, "limit", default=-1, least=-1)
    try:
        view = await find_component(request, target, Action.READ_OUTPUT)
    except FateError as wrong:
        raise FateError(NOTHING, wrong.message, status=NOTHING) from wrong
    named = _name_outputs(view, await read_outputs(request, view, TABLE))
    if not named or limit == 0:
        raise FateError(NOTHING, "limit is 0" if limit == 0 else "no data", status=NOTHING)
    files = [
        Member(name, open_rows(request, make_source(output), limit=None if limit < 0 else limit))
        for name, output in named.items()
    ]
    name = f"job_{target.job}_{target.component}_{target.role}_{target.party}_output_data.tar.gz"
    return await send_archive(request, name, files, has_header=read_flag(members, "head", default=True))


async def list_tables(request: web.Request) -> web.Response:
    """Under which names the tables that a component wrote can be asked for."""
    target = parse_component(await read_all(request))
    view = await find_component(request, target, Action.READ_JOB)
    named = _name_outputs(view, await read_outputs(request, view, TABLE))
    if not named:
        raise FateError(
            RetCode.EXCEPTION,
            f"No found table, please check if the parameters are correct: {target.component} wrote none",
        )
    return render_success([_render_address(view, name, output) for name, output in named.items()])


def _render_address(view: ComponentView, name: str, output: OutputView) -> dict[str, str]:
    address = address_output(view.holder, output)
    return {"table_name": address.name, "table_namespace": address.namespace, "data_name": name}


ROUTES: Final[Routes] = {
    "/tracking/component/output/model": {"POST": read_model},
    "/tracking/component/output/data": {"POST": read_data},
    "/tracking/component/output/data/download": {"GET": Streaming(download_data), "POST": Streaming(download_data)},
    "/tracking/component/output/data/table": {"POST": list_tables},
}
