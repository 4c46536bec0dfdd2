"""The gateway itself: its version, the schema of the job document, the API's description, the docs page."""

from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from typing import Any, Final

from aiohttp import web

from api.keys import OPENAPI
from api.native.documents import JobDocument
from api.native.replies import VersionReply
from api.routing import JSON, Endpoints
from scheduler.domain.errors import NotFoundError

endpoint: Final = Endpoints("system")
pages: Final = Endpoints("system", root="")

API: Final = "v1"
_ASSETS: Final = {
    "index.html": "text/html",
    "swagger-ui.css": "text/css",
    "swagger-ui-bundle.js": "text/javascript",
    "start.js": "text/javascript",
}
_POLICY: Final = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'"


def find_version() -> str:
    """The release, or a word for a tree that was never installed."""
    try:
        return version("fedrota")
    except PackageNotFoundError:
        return "0+tree"


@endpoint("GET", "/version", access="open", reply=VersionReply)
async def read_version(_request: web.Request) -> VersionReply:
    """Say which release this is; needs no token."""
    return {"version": find_version(), "api": API}


def make_job_schema() -> dict[str, Any]:
    """The JSON Schema of the job document."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:fedrota:job:v1",
        **JobDocument.model_json_schema(),
    }


@endpoint("GET", "/schemas/job", reply=dict[str, Any])
async def read_job_schema(_request: web.Request) -> dict[str, Any]:
    """Get the JSON Schema of the job document."""
    return make_job_schema()


@pages("GET", "/openapi.json", access="open", reply=dict[str, Any])
async def read_openapi(request: web.Request) -> web.Response:
    """Get the description of this interface; needs no token."""
    return web.Response(body=request.app[OPENAPI](), content_type=JSON)


@pages("GET", "/docs", access="open", media=("text/html",))
async def read_docs(_request: web.Request) -> web.Response:
    """Show this interface as a page that needs nothing from elsewhere."""
    return _serve("index.html")


async def lead_to_docs(_request: web.Request) -> web.Response:
    """Whoever opens the gateway's address in a browser finds the docs page."""
    return web.Response(status=302, headers={"Location": "/docs"})


@pages("GET", "/docs/{asset}", access="open", media=("text/css", "text/javascript"))
async def read_docs_asset(request: web.Request) -> web.Response:
    """Get a part of the docs page."""
    return _serve(request.match_info["asset"])


def _serve(name: str) -> web.Response:
    if name not in _ASSETS:
        raise NotFoundError("part of the docs page", name)
    body = files("api.native").joinpath("docs", name).read_bytes()
    headers = {"Content-Security-Policy": _POLICY, "Cache-Control": "max-age=3600"}
    return web.Response(body=body, content_type=_ASSETS[name], charset="utf-8", headers=headers)
