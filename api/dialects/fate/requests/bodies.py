"""Bodies as FATE's clients send them: JSON under any media type, also with GET, or nothing at all."""

from typing import Any, Final

from aiohttp import web

from api.bodies import parse_json, read_bytes
from api.dialects.fate.errors import FateError, RetCode
from scheduler.domain.errors import InvalidDocumentError

GIVEN: Final[web.RequestKey[dict[str, Any]]] = web.RequestKey("given")
"""The members of a request that were read before, e.g. from its query string."""


async def read_members(request: web.Request) -> dict[str, Any]:
    """The members of a request's JSON object; empty where the body is (some calls send none).

    FateError where the body is no JSON object: FATE-Flow itself takes such a body for none, and then fails elsewhere.
    """
    given_before = request.get(GIVEN)
    if given_before is not None:
        return {**given_before}
    raw = await read_bytes(request)
    if not raw.strip():
        return {}
    given = parse_json(raw)
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise FateError(RetCode.ARGUMENT, f"the body must be a JSON object, not {_name_kind(given)}")
    return given


def parse_json_text(text: str, where: str, *, retcode: int) -> Any:
    """The JSON value that a member holds as a text; FateError where it is none, or none that can be stored."""
    try:
        return parse_json(text.encode())
    except InvalidDocumentError as wrong:
        raise FateError(retcode, f"{where}: {wrong.message.removeprefix('body: ')}") from wrong


def _name_kind(value: Any) -> str:
    return {list: "a list", str: "a text", bool: "a truth value"}.get(type(value), "a number")
