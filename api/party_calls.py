"""Questions to a party over its channel, and bodies passed through from it."""

from collections.abc import AsyncIterator, Mapping
from typing import Any, Final

from aiohttp import web

from api.agent.channel import CHANNEL_HUB
from api.agent.hub import Stream
from api.bodies import read_json
from api.native.replies import PreviewReply
from scheduler.domain.errors import FedrotaError, TooLargeError

MAX_ANSWER_BYTES: Final = 16 << 20
MAX_SIZE: Final = (1 << 53) - 1
"""Lengths that every reader of JSON understands exactly."""
_ASK_RELEASE: Final = "is its worker of the same release?"


class GarbledAnswerError(FedrotaError):
    """A party's answer is not what its operation promises."""

    code = "unreachable"


async def ask_party(request: web.Request, party: str, op: str, args: Mapping[str, Any]) -> tuple[dict[str, Any], bytes]:
    """The party's result and the body that came with it, whole; UnreachableError where there is no answer."""
    async with request.app[CHANNEL_HUB].call_stream(party, op, args) as stream:
        parts: list[bytes] = []
        size = 0
        async for chunk in stream.chunks:
            size += len(chunk)
            if size > MAX_ANSWER_BYTES:
                raise TooLargeError(
                    f"the answer of party {party} is larger than {MAX_ANSWER_BYTES} bytes: ask for less"
                )
            parts.append(chunk)
        return dict(stream.result), b"".join(parts)


async def fetch_preview(request: web.Request, party: str, op: str, args: Mapping[str, Any]) -> PreviewReply:
    """Some rows of a table at a party, which answers in its result or, where that is long, in its body."""
    result, body = await ask_party(request, party, op, args)
    found = parse_answer(party, body) if body else result
    columns, rows = found.get("columns"), found.get("rows")
    if not isinstance(columns, list) or not isinstance(rows, list):
        raise GarbledAnswerError(f"party {party} sent no preview: {_ASK_RELEASE}")
    names = [str(item.get("name")) if isinstance(item, dict) else str(item) for item in columns]
    return {"columns": names, "rows": rows, "total": found.get("total")}


def parse_answer(party: str, body: bytes) -> dict[str, Any]:
    """A JSON object that a party sent."""
    try:
        found = read_json(body)
    except ValueError as wrong:
        raise GarbledAnswerError(f"party {party} sent no JSON: {_ASK_RELEASE}") from wrong
    return found if isinstance(found, dict) else {}


def read_size(stream: Stream) -> int:
    """The length in bytes that a party promises for the body of its answer."""
    found = stream.result.get("size")
    if not isinstance(found, int) or isinstance(found, bool) or not 0 <= found <= MAX_SIZE:
        raise GarbledAnswerError(f"party {stream.party} gives no length for what it sends: {_ASK_RELEASE}")
    return found


async def take_exactly(stream: Stream, size: int) -> AsyncIterator[bytes]:
    """The body; GarbledAnswerError once it is longer than `size`, and at its end where it is shorter.

    What goes out under a promised length would else run into what follows, or be read for ever.
    """
    left = size
    async for chunk in stream.chunks:
        left -= len(chunk)
        if left < 0:
            raise GarbledAnswerError(f"party {stream.party} sends more than the {size} bytes that it promised")
        yield chunk
    if left:
        raise GarbledAnswerError(f"party {stream.party} sent {size - left} of the {size} bytes that it promised")


async def pass_through(
    request: web.Request, headers: Mapping[str, str], chunks: AsyncIterator[bytes]
) -> web.StreamResponse:
    """Stream a body on; where it breaks off in the middle, so does the answer."""
    response = web.StreamResponse(headers=headers)
    await response.prepare(request)
    async for chunk in chunks:
        await response.write(chunk)
    await response.write_eof()
    return response
