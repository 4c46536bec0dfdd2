"""The door of the drop-in session and of the bridge: each command is one POST, its files are the bodies of request and answer."""

from typing import Any, Final

import orjson
from aiohttp import web

from api.bodies import parse_json, read_bytes, read_pieces
from api.bridge import utc_now
from api.dialects.flare.command import Call, Reply
from api.dialects.flare.errors import translate
from api.dialects.flare.responses import make_refusal, render_reply
from api.dialects.flare.routes import login
from api.dialects.flare.routes.studies import enter_study
from api.dialects.flare.routes.table import carry_out
from api.keys import PRINCIPAL
from api.party_calls import pass_through
from api.routing import render
from scheduler.domain.access import Principal
from scheduler.domain.errors import FedrotaError, InvalidDocumentError, Problem

PATH: Final = "/flare/v1/commands/{name}"
FILES: Final = "application/octet-stream"
WORDS_HEADER: Final = "X-Flare-Call"
"""With a file as its body, a request carries its words and properties here, as JSON."""
META_HEADER: Final = "X-Flare-Meta"
"""With a file as its body, an answer carries its meta here, as JSON."""
BLOCK_BYTES: Final = 256 << 10


def add_routes(app: web.Application) -> None:
    """Serve the session."""
    app.router.add_post(PATH, serve)
    login.add_routes(app)


async def serve(request: web.Request) -> web.StreamResponse:
    """Carry out one command; HTTP 200 whatever FLARE's own outcome is, so that clients read it in one place."""
    try:
        by = await login.admit(request)
        call = await _read_call(request, by)
    except FedrotaError as wrong:
        return _render(make_refusal(translate(wrong)))
    reply = await carry_out(request.match_info["name"], call)
    if reply.download is None:
        return _render(reply)
    headers = {"Content-Type": FILES, META_HEADER: orjson.dumps(reply.meta).decode()}
    return await pass_through(request, headers, reply.download)


def _render(reply: Reply) -> web.Response:
    return render(render_reply(reply, utc_now()))


async def _read_call(request: web.Request, by: Principal) -> Call:
    has_files = WORDS_HEADER in request.headers
    given = parse_json(
        request.headers[WORDS_HEADER].encode(errors="surrogateescape") if has_files else await read_bytes(request)
    )
    words, props, name = _check(given)
    by, study = await enter_study(request.app, by, name)
    request[PRINCIPAL] = by
    upload = read_pieces(request, BLOCK_BYTES) if has_files else None
    return Call(app=request.app, by=by, study=study, words=words, props=props, upload=upload)


def _check(given: Any) -> tuple[list[str], dict[str, Any], str]:
    if not isinstance(given, dict):
        raise InvalidDocumentError(Problem("body", "is no object with words and props"))
    words, props, study = given.get("words") or [], given.get("props") or {}, given.get("study") or ""
    if not isinstance(study, str):
        raise InvalidDocumentError(Problem("study", "is no text"))
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise InvalidDocumentError(Problem("words", "is no list of texts"))
    if not isinstance(props, dict):
        raise InvalidDocumentError(Problem("props", "is no object"))
    return words, props, study
