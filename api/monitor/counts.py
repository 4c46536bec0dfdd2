"""Jobs by state, asked of the store no more often than it can bear."""

import time
from collections.abc import Callable, Mapping
from typing import Final

from api.bridge import Reader
from api.single_flight import SingleFlight
from scheduler.domain.states import State
from scheduler.store.queries.counts import count_ended, count_open
from scheduler.store.tx import Tx

OPEN_S: Final = 1.0
ENDED_S: Final = 60.0
"""Counting ended jobs reads the whole table."""


class JobCounts:
    """The latest counts of this gateway."""

    def __init__(self, reader: Reader, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._reader = reader
        self._clock = clock
        self._found: dict[Callable[[Tx], dict[str, int]], tuple[float, dict[str, int]]] = {}
        self._flight = SingleFlight()

    async def get(self) -> Mapping[str, int]:
        """Jobs by state, with a zero where there is none; open ones at most a second old, ended ones a minute."""
        states = (State.WAITING, State.RUNNING, State.SUCCESS, State.FAILED, State.CANCELED, State.TIMEOUT)
        found = {**await self._look(count_open, OPEN_S), **await self._look(count_ended, ENDED_S)}
        return {str(state): found.get(str(state), 0) for state in states}

    async def _look(self, count: Callable[[Tx], dict[str, int]], keep_s: float) -> dict[str, int]:
        at, known = self._found.get(count, (float("-inf"), {}))
        if self._clock() - at < keep_s:
            return known
        return await self._flight.run(count, lambda: self._count(count))

    async def _count(self, count: Callable[[Tx], dict[str, int]]) -> dict[str, int]:
        known = await self._reader.read(count)
        self._found[count] = self._clock(), known
        return known
