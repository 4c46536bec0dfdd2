"""Puts FATE-Flow 2.x's routes into the gateway: who calls, what is answered where something is wrong."""

from functools import cache
from typing import Final

from aiohttp import web

from api.dialects.fate.routes.admission import admit_v2
from api.dialects.fate.routes.answer import Answer, Routes, make_handler
from api.dialects.fate.v2.errors import Code, FlowError, translate
from api.dialects.fate.v2.responses.envelope import render_refusal
from api.dialects.fate.v2.routes import (
    apps,
    jobs,
    logs,
    models,
    output_tables,
    outputs,
    permissions,
    providers,
    reads,
    sites,
    tables,
    transfers,
)
from scheduler.domain.errors import FedrotaError

ROOT: Final = "/v2"
SUBJECTS: Final[tuple[Routes, ...]] = (
    jobs.ROUTES,
    reads.ROUTES,
    logs.ROUTES,
    outputs.ROUTES,
    output_tables.ROUTES,
    transfers.ROUTES,
    tables.ROUTES,
    models.ROUTES,
    apps.ROUTES,
    sites.ROUTES,
    permissions.ROUTES,
    providers.ROUTES,
)


def add_routes(app: web.Application) -> None:
    """Serve FATE 2.x's clients below `/v2`."""
    for subject in SUBJECTS:
        for path, answers in subject.items():
            for method, answer in answers.items():
                app.router.add_route(method, ROOT + path, _make_handler(answer))
            app.router.add_route("*", ROOT + path, _make_handler(_refuse_method))
    app.router.add_route("*", ROOT + "/{rest:.*}", _make_handler(_refuse_path))


@cache  # one for all routes that answer alike, and for each app of this process
def _make_handler(answer: Answer) -> Answer:
    return make_handler(answer, admit=admit_v2, refuse=_refuse, defect=_render_defect)


async def _refuse(_request: web.Request, wrong: FedrotaError) -> web.StreamResponse:
    return render_refusal(translate(wrong))


def _render_defect(status: int, message: str) -> web.Response:
    answer = render_refusal(FlowError(Code.EXCEPTION, message))
    answer.set_status(status)
    return answer


async def _refuse_method(request: web.Request) -> web.StreamResponse:
    raise FlowError(Code.SERVER_NOT_FOUND, f"{request.path} knows no {request.method}")


async def _refuse_path(request: web.Request) -> web.StreamResponse:
    raise FlowError(Code.SERVER_NOT_FOUND, f"there is no {request.path} here")
