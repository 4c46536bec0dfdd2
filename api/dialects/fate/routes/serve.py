"""Puts FATE-Flow's routes into the gateway: who calls, what is answered where something is wrong."""

from functools import cache, partial
from typing import Final

from aiohttp import web

from api.dialects.fate.errors import FateError, RetCode, translate
from api.dialects.fate.responses.envelope import render_refusal
from api.dialects.fate.routes import (
    checkpoints,
    component_list,
    connectors,
    data_access,
    job_logs,
    job_reads,
    job_views,
    jobs,
    lineage,
    logs,
    model_files,
    models,
    outputs,
    permissions,
    publish,
    system,
    tables,
    tags,
    tasks,
    templates,
    tracking,
)
from api.dialects.fate.routes.admission import admit, check_settled
from api.dialects.fate.routes.answer import ROOT, Answer, Routes, Streaming, brings_file, make_handler, make_loud
from scheduler.domain.errors import FedrotaError

SUBJECTS: Final[tuple[Routes, ...]] = (
    data_access.ROUTES,
    permissions.ROUTES,
    system.ROUTES,
    templates.ROUTES,
    logs.ROUTES,
    checkpoints.ROUTES,
    model_files.ROUTES,
    models.ROUTES,
    publish.ROUTES,
    tags.ROUTES,
    jobs.ROUTES,
    job_reads.ROUTES,
    tasks.ROUTES,
    job_views.ROUTES,
    job_logs.ROUTES,
    component_list.ROUTES,
    tables.ROUTES,
    lineage.ROUTES,
    connectors.ROUTES,
    tracking.ROUTES,
    outputs.ROUTES,
)


def add_routes(app: web.Application) -> None:
    """Serve FATE's clients below `/v1`."""
    for subject in SUBJECTS:
        for path, answers in subject.items():
            for method, answer in answers.items():
                app.router.add_route(method, ROOT + path, _make_handler(answer))
            refuse = _REFUSE_FILE if any(map(_is_stream, answers.values())) else _refuse_method
            app.router.add_route("*", ROOT + path, _make_handler(refuse))
    app.router.add_route("*", ROOT + "/{rest:.*}", _make_handler(_refuse_path))


@cache  # one for all routes that answer alike, and for each app of this process
def _make_handler(answer: Answer) -> Answer:
    async def settle(request: web.Request) -> web.StreamResponse:
        return check_settled(request, await answer(request))

    async def refuse(request: web.Request, wrong: FedrotaError) -> web.StreamResponse:
        refusal = translate(wrong)
        return render_refusal(make_loud(refusal) if await brings_file(answer, request) else refusal)

    return make_handler(settle, admit=admit, refuse=refuse, defect=_render_defect)


def _is_stream(answer: Answer) -> bool:
    return isinstance(answer, Streaming) and not answer.only_named


def _render_defect(status: int, message: str) -> web.Response:
    return render_refusal(FateError(RetCode.EXCEPTION, message, status=status))


async def _refuse_method(request: web.Request, *, status: int = 200) -> web.StreamResponse:
    raise FateError(RetCode.EXCEPTION, f"{request.path} knows no {request.method}", status=status)


_REFUSE_FILE: Final = Streaming(partial(_refuse_method, status=405))


async def _refuse_path(request: web.Request) -> web.StreamResponse:
    raise FateError(RetCode.EXCEPTION, f"there is no {request.path} here")
