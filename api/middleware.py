"""Around every request: its id, its time, and an answer in the native envelope whatever happens."""

import itertools
import os
import re
import secrets
import time
from typing import Final

import structlog
from aiohttp import web

from api.errors import make_envelope, render_error
from api.keys import DEFECT, HAS_BEGUN, METRICS, REQUEST_ID
from api.routing import Handler
from scheduler.domain.errors import FedrotaError
from scheduler.store.failures import describe, is_away

log: Final = structlog.get_logger()

ID_HEADER: Final = "X-Request-Id"
_PROCESS: Final = f"{os.getpid():x}-{time.time_ns() & 0xFFFFFFFF:x}-"
_NUMBERS: Final = itertools.count(1)
_GIVEN_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")


@web.middleware
async def frame(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer the request, whatever its handler does."""
    began = time.monotonic()
    given = request.headers.get(ID_HEADER, "")
    request[REQUEST_ID] = given if given and _GIVEN_ID.fullmatch(given) else f"{_PROCESS}{next(_NUMBERS):x}"
    response = await _answer(request, handler)
    resource = request.match_info.route.resource
    route = resource.canonical if resource is not None else "none"
    request.app[METRICS].count_request(request.method, route, response.status, time.monotonic() - began)
    return response


async def _answer(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except FedrotaError as error:
        return _hang_up(request, error) if request.get(HAS_BEGUN) else render_error(error)
    except web.HTTPException as error:
        return _render_http(request, error)
    except web.RequestPayloadError as error:
        return _refuse_body(request, error)
    except ConnectionError as error:
        if not request.get(HAS_BEGUN) and request.transport is not None and not request.transport.is_closing():
            raise
        return _hang_up(request, error)
    except Exception as error:
        # The top of every request: the client learns an id, the log the rest.
        incident = secrets.token_hex(6)
        where = {"incident": incident, "method": request.method, "path": request.path, "id": request[REQUEST_ID]}
        if is_away(error):  # every request fails then: tracebacks would fill the disk
            log.warning("request_put_off", error=describe(error), **where)
        else:
            log.exception("request_failed", **where)
        return _excuse(request, error, incident)


def _excuse(request: web.Request, error: Exception, incident: str) -> web.StreamResponse:
    """What the client is told of a failure that is ours."""
    if request.get(HAS_BEGUN):
        return _hang_up(request, error)
    if is_away(error):
        return _ask_again(request, incident)
    return _word(
        request,
        500,
        "internal",
        f"something went wrong here; tell the operator incident {incident}, it is in the log",
    )


def _refuse_body(request: web.Request, error: web.RequestPayloadError) -> web.StreamResponse:
    """The body cannot be read: it is not in the encoding that its headers name, or broke off."""
    if request.get(HAS_BEGUN):
        return _hang_up(request, error)
    encoding = request.headers.get("Content-Encoding", "")
    is_garbled = encoding and not isinstance(error.__cause__, TimeoutError)
    why = f"it is not in its Content-Encoding, {encoding}" if is_garbled else "it broke off, or its chunks are garbled"
    answer = _word(request, 400, "invalid", f"the body cannot be read: {why}")
    request.content.feed_eof()  # else aiohttp would try to read the rest, and log a traceback
    answer.force_close()
    return answer


def _word(request: web.Request, status: int, code: str, words: str) -> web.Response:
    """The answer in the words of the interface that is called."""
    render = request.get(DEFECT)
    return render(status, words) if render is not None else make_envelope(status, code, words)


def _ask_again(request: web.Request, incident: str) -> web.Response:
    """The database cannot be reached at the moment."""
    words = f"the database does not answer at the moment; try again; if it lasts, tell the operator incident {incident}"
    answer = _word(request, 503, "busy", words)
    answer.headers["Retry-After"] = "1"
    return answer


def _hang_up(request: web.Request, error: Exception) -> web.Response:
    """End an answer that nobody reads any more, or that has begun and cannot go on: nobody must take it for whole.

    What is returned is never sent. aiohttp would log an exception as a defect of ours, with its traceback.
    """
    log.warning("answer_broken_off", path=request.path, id=request[REQUEST_ID], error=str(error))
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=499)


def _render_http(request: web.Request, error: web.HTTPException) -> web.StreamResponse:
    """What aiohttp itself refuses."""
    if isinstance(error, web.HTTPMethodNotAllowed):
        allowed = ", ".join(sorted(error.allowed_methods))
        answer = make_envelope(
            405, "method_not_allowed", f"{request.path} knows no {request.method}; it knows {allowed}"
        )
        answer.headers["Allow"] = allowed
        return answer
    if error.status == 404:
        return make_envelope(404, "not_found", f"there is no {request.path} here; /docs shows what there is")
    if error.status < 400:
        raise error
    code = {401: "unauthenticated", 403: "forbidden", 413: "too_large"}.get(error.status, "invalid")
    return make_envelope(error.status, code, error.text or error.reason)


async def sign(request: web.Request, response: web.StreamResponse) -> None:
    """Put the request's id on its answer, on streams too."""
    request[HAS_BEGUN] = True
    response.headers[ID_HEADER] = request.get(REQUEST_ID, "")
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
