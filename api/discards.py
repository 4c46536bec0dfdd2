"""Lets parties delete the files of outputs that were forgotten."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final

from aiohttp import web

from api.agent.channel import CHANNEL_HUB
from scheduler.domain.errors import FedrotaError
from scheduler.store.queries.tracking import OutputView

AT_ONCE: Final = 500


async def discard_files(request: web.Request, outputs: Sequence[OutputView]) -> dict[str, str]:
    """Delete the outputs' files where they lie: party -> why its files stay, empty where all are gone."""
    by_party: dict[str, list[OutputView]] = {}
    for output in outputs:
        by_party.setdefault(output.where.party, []).append(output)
    told = await asyncio.gather(*(_discard(request, party, mine) for party, mine in by_party.items()))
    return {party: why for party, why in zip(by_party, told, strict=True) if why}


async def _discard(request: web.Request, party: str, outputs: Sequence[OutputView]) -> str:
    """Why the party could not delete all, empty where it has."""
    try:
        for batch in _split(outputs):
            await request.app[CHANNEL_HUB].call(party, "output.drop", {"outputs": batch})
    except FedrotaError as wrong:
        return wrong.message
    return ""


def _split(outputs: Sequence[OutputView]) -> Iterator[list[Mapping[str, Any]]]:
    left = iter(outputs)
    while batch := list(islice(left, AT_ONCE)):
        yield [{"task": each.where.task, "seq": each.seq, "name": each.name} for each in batch]
