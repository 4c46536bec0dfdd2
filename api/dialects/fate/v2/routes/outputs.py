"""What tasks left: metrics and models."""

import io
import json
import tarfile
from typing import Any, Final

from aiohttp import web

from api.bodies import parse_json
from api.dialects.fate.requests.members import ComponentName
from api.dialects.fate.routes import outputs
from api.dialects.fate.routes.answer import Routes
from api.dialects.fate.routes.component_access import ComponentView, find_component, read_outputs
from api.dialects.fate.routes.table_access import make_source
from api.dialects.fate.routes.tracking import make_view_metrics
from api.dialects.fate.v2.errors import Code, FlowError
from api.dialects.fate.v2.requests.members import Members, need, read_all
from api.dialects.fate.v2.responses.envelope import render_success
from api.dialects.fate.v2.vocabulary.catalogue import name_ref
from api.dialects.fate.v2.vocabulary.metrics import list_keys, list_metrics
from api.dialects.fate.vocabulary.catalogue import find_module
from api.keys import WRITER
from api.party_calls import ask_party
from scheduler.domain.access import Action
from scheduler.domain.errors import FedrotaError
from scheduler.service.amend import forget_curves, forget_models
from scheduler.store.queries.tracking import OutputView

TAR: Final = "application/x-tar"
MODEL: Final = "model"


async def find_task(request: web.Request, members: Members, action: Action) -> ComponentView:
    """The task that a request names; code 1001 without such a job, 2000 without such a task."""
    job, role, party, task = need(members, "job_id", "role", "party_id", "task_name")
    target = ComponentName(job=job, role=role, party=party, component=task)
    try:
        return await find_component(request, target, action)
    except FedrotaError as wrong:
        if wrong.__cause__ is None and wrong.code == "fate":
            raise FlowError(Code.TASK_NOT_FOUND, wrong.message) from wrong
        raise


async def query_metric_keys(request: web.Request) -> web.Response:
    """What metrics a task left."""
    view = await find_task(request, await read_all(request), Action.READ_JOB)
    return render_success(list_keys(await make_view_metrics(request, view)))


async def query_metrics(request: web.Request) -> web.Response:
    """The metrics of a task with their points; `filters` as JSON narrows by name or type.

    2.2.0 sends of the filters' dictionary no more than its keys, which say nothing.
    """
    members = await read_all(request)
    view = await find_task(request, members, Action.READ_JOB)
    given = members.get("filters")
    filters = parse_json(given.encode()) if isinstance(given, str) and given.startswith("{") else given
    metrics = await make_view_metrics(request, view)
    return render_success(list_metrics(metrics, filters if isinstance(filters, dict) else {}))


async def delete_metrics(request: web.Request) -> web.Response:
    """Forget the points of a task's metrics."""
    view = await find_task(request, await read_all(request), Action.DELETE_JOB)
    target = view.target
    await request.app[WRITER].write(
        lambda tx: forget_curves(tx, target.job, step=target.component, role=target.role, party=target.party)
    )
    return render_success(message="success")


async def query_model(request: web.Request) -> web.Response:
    """A member's parts of the model that a task made, by output key."""
    view = await find_task(request, await read_all(request), Action.READ_OUTPUT)
    shown = {}
    for key, output in name_models(view, await read_outputs(request, view, MODEL)).items():
        param, own = await outputs.read_part(request, view, output)
        module = view.found.fate.get_module(view.target.component)
        shown[key] = {"data": param, "meta": {**own, "component": name_ref(module)}}
    return render_success(shown)


def name_models(view: ComponentView, found: list[OutputView]) -> dict[str, OutputView]:
    """The models under the keys that the job's DAG has for them."""
    fate, task = view.found.fate, view.target.component
    module = find_module(fate.get_module(task))
    keys = (fate.components.get(task, {}).get("output") or {}).get("model") or []
    known = dict(zip(module.models, map(str, keys), strict=False)) if module is not None else {}
    return {known.get(output.name, output.name): output for output in found}


async def download_model(request: web.Request) -> web.Response:
    """A tar of the same, each part as its file with a description beside."""
    view = await find_task(request, await read_all(request), Action.READ_OUTPUT)
    named = name_models(view, await read_outputs(request, view, MODEL))
    if not named:
        raise FlowError(Code.NO_MODEL_OUTPUT, f"task {view.target.component} left no model at this party")
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for key, output in named.items():
            source = make_source(output)
            _, body = await ask_party(request, source.party, "output.read", source.args)
            _add(tar, f"{key}/{output.name}", body)
            described: dict[str, Any] = {"sha256": output.sha256, "size": output.size, **output.facts}
            _add(tar, f"{key}/{output.name}.meta", json.dumps(described, indent=4).encode())
    return web.Response(body=packed.getvalue(), content_type=TAR)


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content), 0o644
    tar.addfile(entry, io.BytesIO(content))


async def delete_model(request: web.Request) -> web.Response:
    """Forget the models that a task left."""
    view = await find_task(request, await read_all(request), Action.DELETE_JOB)
    target = view.target
    count = await request.app[WRITER].write(
        lambda tx: forget_models(tx, target.job, step=target.component, role=target.role, party=target.party)
    )
    if not count:
        raise FlowError(Code.NO_MODEL_OUTPUT, f"task {target.component} left no model at this party")
    return render_success({"count": count})


ROUTES: Final[Routes] = {
    "/output/metric/key/query": {"GET": query_metric_keys},
    "/output/metric/query": {"GET": query_metrics},
    "/output/metric/delete": {"POST": delete_metrics},
    "/output/model/query": {"GET": query_model},
    "/output/model/download": {"GET": download_model},
    "/output/model/delete": {"POST": delete_model},
}
