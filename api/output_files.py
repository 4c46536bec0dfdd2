"""What tasks left at their parties, copied from there."""

import asyncio
import hashlib
from typing import IO, Any

from aiohttp import web

from api.agent.channel import CHANNEL_HUB
from api.party_calls import GarbledAnswerError
from scheduler.store.queries.tracking import OutputView


def name_output(output: OutputView) -> dict[str, Any]:
    """How the operations of its party name an output."""
    return {"task": output.where.task, "seq": output.seq, "name": output.name}


async def copy_output(app: web.Application, output: OutputView, target: IO[bytes]) -> None:
    """Write an output to `target`; GarbledAnswerError where its party sends something else than it has reported."""
    digest, left = hashlib.sha256(), output.size
    party = output.where.party
    async with app[CHANNEL_HUB].call_stream(party, "output.read", name_output(output)) as stream:
        async for chunk in stream.chunks:
            digest.update(chunk)
            left -= len(chunk)
            if left < 0:
                break  # else it could fill the disk; the digest tells
            await asyncio.to_thread(target.write, chunk)
    if digest.hexdigest() != output.sha256:
        raise GarbledAnswerError(
            f"party {party} sent {output.where.step}.{output.name} otherwise than it was written: "
            "the file has been changed there since"
        )
