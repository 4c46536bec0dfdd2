"""Forwards exchange frames between the members of one attempt; sees who talks to whom and how much, nothing else."""

import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from enum import StrEnum
from typing import Any, Final

from scheduler.domain.frames import GONE_BUSY, GONE_FORBIDDEN, GONE_OFFLINE, GONE_OVER, pack, read_task

CACHE_S: Final = 10.0
MISS_CACHE_S: Final = 1.0
CACHE_ENTRIES: Final = 20_000

Group = Mapping[str, str]
"""Task -> party, for the members of one step's present attempt."""
FindGroup = Callable[[str], Awaitable[Group]]
"""The group of a task; empty where there is no such task."""


class Delivery(StrEnum):
    """What became of a frame on its way to a party."""

    DONE = "done"
    OFFLINE = "offline"
    BUSY = "busy"


Deliver = Callable[[str, bytes, str, str], Awaitable[Delivery]]
"""deliver(party, frame, source task, source party)."""


class Groups:
    """Groups by task, remembered for ten seconds."""

    def __init__(self, find_group: FindGroup, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._find_group = find_group
        self._clock = clock
        self._known: OrderedDict[str, tuple[float, Group]] = OrderedDict()

    async def find(self, task: str) -> Group:
        """The group of `task`, at most ten seconds old; empty where there is none."""
        known = self._known.get(task)
        if known is not None and known[0] > self._clock():
            return known[1]
        group = await self._find_group(task)
        expires = self._clock() + (CACHE_S if group else MISS_CACHE_S)
        for member in {task, *group}:
            self._known[member] = (expires, group)
            self._known.move_to_end(member)
        while len(self._known) > CACHE_ENTRIES:
            self._known.popitem(last=False)
        return group


class Relay:
    """The rules of forwarding; holds no frame."""

    def __init__(self, groups: Groups, deliver: Deliver) -> None:
        self._groups = groups
        self._deliver = deliver

    async def forward(self, party: str, header: dict[str, Any], frame: bytes) -> bytes | None:
        """Forward a frame that `party` sent; the `gone` frame to answer with where it was not delivered."""
        src, dst = read_task(header, "src"), read_task(header, "dst")
        group = await self._groups.find(src)
        if not group:
            return make_gone(src, dst, GONE_OVER, "the step's attempt has ended, or there is no such task")
        if group.get(src) != party:
            return make_gone(src, dst, GONE_FORBIDDEN, f"task {src} is not at party {party}")
        target = group.get(dst)
        if target is None:
            return make_gone(src, dst, GONE_FORBIDDEN, "the two tasks are not members of one attempt")
        delivery = await self._deliver(target, frame, src, party)
        if delivery is Delivery.OFFLINE:
            return make_gone(src, dst, GONE_OFFLINE, f"party {target} is not connected")
        if delivery is Delivery.BUSY:
            return make_gone(src, dst, GONE_BUSY, f"too much is waiting for party {target}")
        return None


def make_gone(src: str, dst: str, code: str, reason: str) -> bytes:
    """The answer to a frame from `src` to `dst` that was not delivered."""
    return pack({"t": "gone", "src": src, "dst": dst, "code": code, "reason": reason})
