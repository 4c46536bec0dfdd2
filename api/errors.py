"""Errors as the native interface says them: a status and one envelope."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

import orjson
from aiohttp import web

from api.bodies import MalformedBodyError
from scheduler.domain.errors import BusyError, FedrotaError, InvalidDocumentError

STATUS: Final[Mapping[str, int]] = MappingProxyType(
    {
        "invalid": 422,
        "not_found": 404,
        "conflict": 409,
        "unauthenticated": 401,
        "forbidden": 403,
        "too_large": 413,
        "busy": 429,
        "unreachable": 503,
        "method_not_allowed": 405,
        "internal": 500,
    }
)


def render_error(error: FedrotaError) -> web.Response:
    """The answer that tells an error of the core; one without a code of its own comes from a party."""
    code = error.code if error.code in STATUS else "unreachable"
    status = 400 if isinstance(error, MalformedBodyError) else STATUS[code]
    problems = error.problems if isinstance(error, InvalidDocumentError) else ()
    answer = make_envelope(
        status,
        code,
        error.message,
        [{"where": item.where, "message": item.message, "hint": item.hint} for item in problems],
    )
    if isinstance(error, BusyError):
        answer.headers["Retry-After"] = str(max(1, round(error.retry_after_s)))
    if status == 401:
        answer.headers["WWW-Authenticate"] = 'Bearer realm="fedrota"'
    return answer


def make_envelope(status: int, code: str, message: str, problems: list[dict[str, Any]] | None = None) -> web.Response:
    """The one form of all refusals."""
    body = {"error": {"code": code, "message": message, "problems": problems or []}}
    return web.Response(body=orjson.dumps(body), status=status, content_type="application/json")
