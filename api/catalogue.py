"""What is known of the parties when a job is planned, read at most every two seconds."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from api.bridge import Reader
from scheduler.domain.errors import Problem
from scheduler.domain.model import JsonObject
from scheduler.domain.plan import Catalogue
from scheduler.service.catalogue import check_params, load_catalogue
from scheduler.store.columns import to_json

KEEP_S: Final = 2.0
CHECKS: Final = 4096


class CatalogueCache:
    """The catalogue of this gateway; dropped when a worker introduces itself here or a party changes."""

    def __init__(self, reader: Reader, *, keep_s: float = KEEP_S, clock: Callable[[], float] = time.monotonic) -> None:
        self._reader = reader
        self._keep_s = keep_s
        self._clock = clock
        self._found: Catalogue | None = None
        self._until = 0.0
        self._generation = 0
        self._loading: asyncio.Task[Catalogue] | None = None

    async def get(self) -> Catalogue:
        """The catalogue, not older than it may be; a crowd that wants it anew reads it once."""
        if self._found is not None and self._clock() < self._until:
            return self._found
        if self._loading is None:
            self._loading = asyncio.create_task(self._load(self._generation))
        # Whoever gives up waiting leaves it to the others.
        return await asyncio.shield(self._loading)

    async def _load(self, generation: int) -> Catalogue:
        try:
            found = replace(await self._reader.read(load_catalogue), check_params=_ParamChecks())
        finally:
            if generation == self._generation:
                self._loading = None
        if generation == self._generation:
            self._found, self._until = found, self._clock() + self._keep_s
        return found

    def drop(self) -> None:
        """Read it anew next time; a read that is under way may have come too early."""
        self._found = self._loading = None
        self._generation += 1


class _ParamChecks:
    """Checks parameters as the service does, equal ones under one schema once; for one catalogue."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[int, str], Sequence[Problem]] = OrderedDict()

    def __call__(self, schema: JsonObject, params: JsonObject) -> Sequence[Problem]:
        # A schema lives as long as its catalogue, and this with it: its identity is as good as its text.
        key = id(schema), to_json(params)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = list(check_params(schema, params))
            if len(self._known) > CHECKS:
                self._known.popitem(last=False)
        return known
