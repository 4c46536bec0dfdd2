"""FATE's `tracking/*` of figures: metrics, parameters, summaries; read from the store only."""

from datetime import datetime
from typing import Any, Final

import orjson
from aiohttp import web

from api.dialects.fate.errors import NOTHING, FateError, RetCode
from api.dialects.fate.requests.members import (
    ComponentName,
    check_present,
    parse_component,
    read_all,
    read_text,
)
from api.dialects.fate.responses.envelope import render_success
from api.dialects.fate.routes.answer import Routes, Streaming
from api.dialects.fate.routes.component_access import ComponentView, find_component, read_points
from api.dialects.fate.routes.job_access import FateDetail, check_fate_job
from api.dialects.fate.routes.lineage import find_source_table
from api.dialects.fate.vocabulary.component_params import resolve_params
from api.dialects.fate.vocabulary.fate_job import number_party
from api.dialects.fate.vocabulary.metrics import Metrics, make_metrics
from api.dialects.fate.vocabulary.summaries import render_summary
from api.keys import PRINCIPAL, READER, WRITER
from scheduler.domain.access import Action
from scheduler.service.amend import forget_metrics, forget_metrics_of_day
from scheduler.store.queries.tracking import list_summaries
from scheduler.store.tx import Tx

_DAY: Final = "%Y%m%d"


async def list_metric_names(request: web.Request) -> web.Response:
    """The names of a component's metrics, by namespace."""
    metrics = await _read_metrics(request, await _parse(request))
    if not metrics:
        return render_success({}, "no data")
    return render_success({namespace: list(named) for namespace, named in metrics.items()})


async def read_all_metrics(request: web.Request) -> web.Response:
    """Every metric of a component with its points."""
    metrics = await _read_metrics(request, await _parse(request))
    if not metrics:
        return render_success({}, "no data")
    return render_success(
        {key: {name: each.render() for name, each in named.items()} for key, named in metrics.items()}
    )


async def read_metric(request: web.Request) -> web.Response:
    """One metric; users' documents spell its name in two ways."""
    members = await read_all(request)
    name = read_text(members, "metric_name") or read_text(members, "meric_name")
    check_present({**members, "metric_name": name}, "metric_name", "metric_namespace")
    metrics = await _read_metrics(request, parse_component(members))
    found = metrics.get(read_text(members, "metric_namespace"), {}).get(name)
    if found is None:
        return render_success([], "no data", meta={})
    shown = found.render()
    return render_success(shown["data"], meta=shown["meta"])


async def _parse(request: web.Request) -> ComponentName:
    return parse_component(await read_all(request))


async def _read_metrics(request: web.Request, target: ComponentName) -> Metrics:
    return await make_view_metrics(request, await find_component(request, target, Action.READ_JOB))


async def make_view_metrics(request: web.Request, view: ComponentView) -> Metrics:
    """The metrics of the member's task; none where it has no task."""
    if view.task is None or view.step is None:
        return {}
    threshold = view.step.step.params.get("threshold")
    return make_metrics(
        await read_points(request, view),
        view.task.summary,
        component=view.component,
        source=view.source,
        threshold=threshold if isinstance(threshold, (int, float)) else 0.5,
    )


async def delete_metrics(request: web.Request) -> web.Response:
    """Forget the metrics of a job, or of all jobs of a day (`model`, as clients call it: 20261121)."""
    members, principal = await read_all(request), request[PRINCIPAL]
    day, job = read_text(members, "model"), read_text(members, "job_id")
    if day:
        _check_day(day)
        await request.app[WRITER].write(lambda tx: forget_metrics_of_day(tx, day, by=principal))
    elif job:
        await check_fate_job(request, job, Action.DELETE_JOB)
        await request.app[WRITER].write(lambda tx: forget_metrics(tx, [job]))
    else:
        check_present(members, "job_id")
    return render_success("delete status: True")


def _check_day(given: str) -> None:
    try:
        is_day = len(given) == 8 and bool(datetime.strptime(given, _DAY))  # noqa: DTZ007  a day, no moment
    except ValueError:
        is_day = False
    if not is_day:
        raise FateError(RetCode.ARGUMENT, f"{given!r} is no day: write it like 20261121")


async def read_parameters(request: web.Request) -> web.Response:
    """A component's parameters as they are at one party."""
    target = await _parse(request)
    view = await find_component(request, target, Action.READ_JOB)
    fate = view.found.fate
    params = resolve_params(fate, target.component, role=target.role, position=view.position)
    module = fate.get_module(target.component)
    # 1.4 to 1.6 named the object after the module's class of parameters.
    return render_success({"module": module, "ComponentParam": params, f"{module}Param": params})


async def read_summary(request: web.Request) -> web.StreamResponse:
    """A component's summary; as a file where the client names one, which is not opened here."""
    members = await read_all(request)
    target = parse_component(members)
    view = await find_component(request, target, Action.READ_JOB)
    values = view.task.summary if view.task is not None else {}
    points = await read_points(request, view) if values else []
    summary = render_summary(values, points, component=view.component, source=view.source)
    if not summary:
        raise FateError(
            NOTHING,
            "No component summary found, please check if arguments are specified correctly: "
            f"{target.component} has left none at {target.role} {target.party}",
            status=NOTHING,
        )
    if not members.get("filename"):
        return render_success(summary)
    headers = {"Content-Disposition": "attachment; filename=summary.json"}
    return web.Response(body=orjson.dumps(summary, option=orjson.OPT_INDENT_2), headers=headers)


async def list_components(request: web.Request) -> web.Response:
    """The names of a job's components."""
    members = await read_all(request)
    check_present(members, "job_id")
    job = read_text(members, "job_id")
    missing = f"No job matched, job_id: {job}"
    found = await check_fate_job(request, job, Action.READ_JOB, retcode=RetCode.EXCEPTION, missing=missing)
    return render_success({"components": list(found.fate.components)})


async def read_view(request: web.Request) -> web.Response:
    """Who takes part in a job, what data it reads, and its single figures at one party (by default the initiator)."""
    members = await read_all(request)
    check_present(members, "job_id")
    found = await check_fate_job(request, read_text(members, "job_id"), Action.READ_JOB)
    role, party = read_text(members, "role"), read_text(members, "party_id")
    role, party = (role, party) if role and party else found.fate.initiator
    if party not in found.job.roles.get(role, ()):
        raise FateError(RetCode.ARGUMENT, f"error: job {found.job.id} has no {role} {party}")
    summaries = await request.app[READER].read(lambda tx: _list_summaries(tx, found, role, party))
    view = {
        "partner": {name: [number_party(each) for each in parties] for name, parties in found.job.roles.items()},
        "dataset": _list_datasets(found),
        "model_summary": summaries,
    }
    return render_success(view)


def _list_datasets(found: FateDetail) -> dict[str, dict[str, dict[str, str]]]:
    """Role -> party -> component -> the table that it reads."""
    read: dict[str, dict[str, dict[str, str]]] = {}
    for each in found.detail.steps:
        for task in each.tasks:
            table = find_source_table(each.step, task)
            if table is not None:
                place = read.setdefault(task.role, {}).setdefault(task.party, {})
                place[each.step.name] = f"{table.namespace}.{table.name}"
    return read


def _list_summaries(tx: Tx, found: FateDetail, role: str, party: str) -> dict[str, dict[str, dict[str, Any]]]:
    """Namespace `summary` -> component -> its single figures."""
    shown: dict[str, dict[str, Any]] = {}
    for summary in list_summaries(tx, found.job.id, party=party):
        if summary.where.role == role:
            figures = {key: value for key, value in summary.values.items() if not isinstance(value, (dict, list))}
            if figures:
                shown[summary.where.step] = figures
    return {"summary": shown} if shown else {}


ROUTES: Final[Routes] = {
    "/tracking/job/data_view": {"POST": read_view},
    "/tracking/component/metrics": {"POST": list_metric_names},
    "/tracking/component/metric_data": {"POST": read_metric},
    "/tracking/component/metric/all": {"POST": read_all_metrics},
    "/tracking/component/metric/delete": {"POST": delete_metrics},
    "/tracking/component/parameters": {"POST": read_parameters},
    "/tracking/component/summary/download": {"POST": Streaming(read_summary, only_named=True)},
    "/tracking/component/list": {"POST": list_components},
}
