"""FATE-Flow's envelope: retcode and retmsg around everything, members without a value left out."""

from typing import Any

from aiohttp import web

from api.dialects.fate.errors import FateError, RetCode
from api.routing import render


def render_success(data: Any = None, message: str = "success", **members: Any) -> web.Response:
    """A successful answer; `members` (jobId, meta) stand beside `data`."""
    return _render(RetCode.SUCCESS, message, {**members, "data": data})


def render_refusal(error: FateError) -> web.Response:
    """A refusal, with the HTTP status that old clients look at."""
    answer = _render(error.retcode, error.message, error.members)
    answer.set_status(error.status)
    return answer


def _render(retcode: int, message: str, members: dict[str, Any]) -> web.Response:
    shown = {key: value for key, value in members.items() if value is not None}
    return render({"retcode": int(retcode), "retmsg": message, **shown})
