"""What a party's worker answers over its channel, as one piece."""

from collections.abc import Mapping
from typing import Any

from api.agent.channel import CHANNEL_HUB
from api.agent.hub import CALL_TIMEOUT_S
from api.dialects.flare.command import Call


async def ask_party(
    call: Call, party: str, op: str, args: Mapping[str, Any], *, limit: int, timeout_s: float = CALL_TIMEOUT_S
) -> bytes:
    """The body of the answer to `op`, cut off after `limit` bytes; UnreachableError where none comes in time."""
    body = bytearray()
    async with call.app[CHANNEL_HUB].call_stream(party, op, args, timeout_s=timeout_s) as stream:
        async for chunk in stream.chunks:
            body += chunk
            if len(body) > limit:
                break
    return bytes(body[:limit])
