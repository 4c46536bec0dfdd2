"""What a crowd asks for at once is done once, for all who wait."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, TypeVar

Result = TypeVar("Result")


class SingleFlight:
    """Work under way by its key; belongs to one event loop."""

    def __init__(self) -> None:
        self._under_way: dict[Hashable, asyncio.Task[Any]] = {}

    async def run(self, key: Hashable, work: Callable[[], Awaitable[Result]]) -> Result:
        """What `work` gives, or what it gives to somebody who asked before and still waits; its error too."""
        task = self._under_way.get(key)
        if task is None:
            task = self._under_way[key] = asyncio.create_task(self._do(key, work))
        # Whoever gives up waiting leaves it to the others.
        found: Result = await asyncio.shield(task)
        return found

    async def _do(self, key: Hashable, work: Callable[[], Awaitable[Result]]) -> Result:
        try:
            return await work()
        finally:
            del self._under_way[key]
