"""FATE-Flow 2.x's envelope: code and message around everything, at HTTP 200 whatever has happened."""

from typing import Any

import orjson
from aiohttp import web

from api.dialects.fate.v2.errors import Code, FlowError
from api.routing import render


def render_success(data: Any = None, message: str = "success", *, job_id: str = "") -> web.Response:
    """A successful answer; `job_id` stands beside `data`."""
    return _render(Code.SUCCESS, message, {"job_id": job_id or None, "data": data})


def render_refusal(error: FlowError) -> web.Response:
    """A refusal; streaming calls tell it from a file by its content type."""
    return _render(error.number, error.message, {})


def take_data(answer: web.StreamResponse) -> Any:
    """The `data` of an answer in FATE 1.x's envelope, for calls that say the same in both."""
    content = answer.body if isinstance(answer, web.Response) else None
    return orjson.loads(content).get("data") if isinstance(content, bytes) else None


def _render(code: int, message: str, members: dict[str, Any]) -> web.Response:
    shown = {key: value for key, value in members.items() if value is not None}
    return render({"code": int(code), "message": message, **shown})
