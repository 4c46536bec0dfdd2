"""Members of requests to FATE 2.x: in the query string of reads, else in a JSON body or a form's texts."""

from collections.abc import Mapping
from typing import Any, Final

from aiohttp import web

from api.dialects.fate.requests.bodies import GIVEN, read_members
from api.dialects.fate.requests.members import read_text
from api.dialects.fate.v2.errors import Code, FlowError

RENAMED: Final[Mapping[str, str]] = {"task_name": "component_name"}
"""2.x's names of what FATE 1.x names otherwise."""
Members = Mapping[str, Any]


async def read_all(request: web.Request) -> dict[str, Any]:
    """What a request says; the routes of FATE 1.x that take part in the answer read the same from then on."""
    body = {} if request.content_type.startswith("multipart/") else await read_members(request)
    found = {**dict(request.query), **body}
    give(request, found)
    return found


def give(request: web.Request, members: Members) -> None:
    """Let the routes of FATE 1.x read these members, in their own names too."""
    more = {other: members[name] for name, other in RENAMED.items() if name in members}
    request[GIVEN] = {**members, **more}


def need(members: Members, *names: str) -> list[str]:
    """The members as texts; FlowError (5001) names those that are missing."""
    missing = [name for name in names if members.get(name) in (None, "")]
    if missing:
        raise FlowError(Code.INVALID_PARAMETER, f"required parameters are missing: {', '.join(missing)}")
    return [read_text(members, name) for name in names]
