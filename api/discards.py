"""Lets parties delete the files of outputs that were forgotten, and all that tasks of removed jobs left."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final

import structlog
from aiohttp import web

from api.agent.channel import CHANNEL_HUB
from api.keys import READER, WRITER
from scheduler.domain.errors import FedrotaError
from scheduler.service.discards import note_discarded
from scheduler.store.failures import STORE_FAILURES
from scheduler.store.queries.discards import list_discarding, list_discards
from scheduler.store.queries.tracking import OutputView

log: Final = structlog.get_logger()

AT_ONCE: Final = 500
LOOK_S: Final = 10.0
"""How often it is looked whether parties have something to delete."""
_NOT_NOW: Final[tuple[type[Exception], ...]] = (FedrotaError, *STORE_FAILURES)


async def discard_for_ever(app: web.Application) -> None:
    """Let parties delete what removed jobs left; what one that is away has to delete waits for its return."""
    while True:
        await asyncio.sleep(LOOK_S)
        try:
            await discard_tasks(app)
        except _NOT_NOW as failure:
            log.warning("discards_not_read", error=str(failure))


async def discard_tasks(app: web.Application) -> None:
    """Have every party that is there delete what it still has of removed jobs."""
    for party in await app[READER].read(list_discarding):
        try:
            if await app[CHANNEL_HUB].is_connected(party):
                await _discard_at(app, party)
        except FedrotaError as failure:
            log.warning("tasks_not_discarded", party=party, error=failure.message)


async def _discard_at(app: web.Application, party: str) -> None:
    while tasks := await app[READER].read(lambda tx: list_discards(tx, party, limit=AT_ONCE)):
        await app[CHANNEL_HUB].call(party, "task.drop", {"tasks": tasks})
        await _note(app, party, tasks)


async def _note(app: web.Application, party: str, tasks: Sequence[str]) -> None:
    await app[WRITER].write(lambda tx: note_discarded(tx, party, tasks))


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
