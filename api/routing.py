"""Endpoints: a route with its typed query, body and reply, and the handler made from them."""

import inspect
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, get_type_hints

import orjson
from aiohttp import web

from api.bodies import parse_json, read_bytes
from api.callers import find_address
from api.keys import GATE, PRINCIPAL
from api.parsing import Body, Query, parse_body, parse_query
from scheduler.domain.access import Principal
from scheduler.domain.errors import ForbiddenError, InvalidDocumentError, NotFoundError, Problem

ROOT: Final = "/fedrota/v1"
JSON: Final = "application/json"
RENDER: Final = orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS

Access = Literal["open", "user", "worker"]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class NoQuery(Query):
    """The endpoint takes no query parameters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One operation; `reply` is a type that pydantic knows, None for an empty reply, a string for another media type."""

    method: str
    path: str
    tag: str
    serve: Callable[..., Awaitable[Any]]
    access: Access = "user"
    status: int = 200
    reply: Any = None
    query: type[Query] = NoQuery
    body: type[Body] | None = None
    is_body_optional: bool = False
    also: Mapping[int, Any] = field(default_factory=dict)
    """Other successful statuses, with the type of their replies."""
    media: tuple[str, ...] = (JSON,)
    """Media types of the reply; those other than JSON are plain bytes."""
    uploads: tuple[str, ...] = ()
    """Media types of a body that the handler reads itself."""
    takes: Any = None
    """The type of such a body where it is JSON, None where it is bytes."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Request headers that the handler reads, each with a sentence."""

    @property
    def summary(self) -> str:
        """The first line of the handler's docstring."""
        return (inspect.getdoc(self.serve) or "").partition("\n")[0]

    @property
    def name(self) -> str:
        """A name that no other operation has."""
        return self.serve.__name__


class Endpoints:
    """The endpoints of one resource, collected by decorators."""

    def __init__(self, tag: str, *, root: str = ROOT) -> None:
        self.tag = tag
        self._root = root
        self.all: list[Endpoint] = []

    def __call__(self, method: str, path: str, **given: Any) -> Callable[[Any], Any]:
        """Serve `path` by the decorated function, whose parameters `query` and `body` say what it takes."""

        def add(serve: Any) -> Any:
            hints = get_type_hints(serve)
            self.all.append(
                Endpoint(
                    method=method,
                    path=self._root + path,
                    tag=self.tag,
                    serve=serve,
                    query=hints.get("query", NoQuery),
                    body=hints.get("body"),
                    **given,
                )
            )
            return serve

        return add

    def mount(self, app: web.Application) -> None:
        """Add the routes."""
        for endpoint in self.all:
            app.router.add_route(endpoint.method, endpoint.path, make_handler(endpoint))


def make_handler(endpoint: Endpoint) -> Handler:
    """The handler: who calls, what they give, what they get."""

    async def handle(request: web.Request) -> web.StreamResponse:
        if endpoint.access != "open":
            await admit(request, endpoint.access)
        _check_path(request)
        given: dict[str, Any] = {}
        if request.query_string or endpoint.query is not NoQuery:
            query = parse_query(endpoint.query, _collect(request))
            if endpoint.query is not NoQuery:
                given["query"] = query
        if endpoint.body is not None:
            given["body"] = await _read_body(request, endpoint.body, is_optional=endpoint.is_body_optional)
        found = await endpoint.serve(request, **given)
        if isinstance(found, web.StreamResponse):
            return found
        return web.Response(status=204) if found is None else render(found, status=endpoint.status)

    return handle


async def admit(request: web.Request, access: Access) -> Principal:
    """Who calls; ForbiddenError where a worker's token meets a user's route or the other way round."""
    header = request.headers.get("Authorization")
    principal = await request.app[GATE].identify(header, find_address(request), is_admitted=PRINCIPAL in request)
    if principal.kind != access:
        raise ForbiddenError(
            "a worker's token serves only its worker: use a user's token here"
            if access == "user"
            else "only a worker's token may do this: use the party's token"
        )
    request[PRINCIPAL] = principal
    return principal


def _check_path(request: web.Request) -> None:
    for kind, identity in request.match_info.items():
        if "\0" in identity:
            raise NotFoundError(kind, identity)


def _collect(request: web.Request) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    if not request.query_string:
        return found
    for name, text in request.query.items():
        found.setdefault(name, []).append(text)
    return found


async def _read_body(request: web.Request, kind: type[Body], *, is_optional: bool) -> Body:
    raw = await read_bytes(request)
    if is_optional and not raw.strip():
        return parse_body(kind, {})
    value = parse_json(raw)
    if not isinstance(value, dict):
        raise InvalidDocumentError(Problem("body", "is not a JSON object"))
    return parse_body(kind, value)


def render(value: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """A JSON reply; times end in Z."""
    return web.Response(body=orjson.dumps(value, option=RENDER), status=status, content_type=JSON, headers=headers)
