"""Finds parties that wait for each other in a circle with nothing in flight: edge chasing, confirmed twice.

A task that waits sends a probe to those it waits for; each of them that waits too, and has nothing on the
way to the prober, adds itself and sends the probe on. A probe that comes home has walked a circle. Only when
the same circle of the same waits comes home in two rounds did all of them wait at one moment, so it is real.
"""

from collections import deque
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass
from typing import Final

from workers.exchange.pair import Pair

MAX_PATH: Final = 32
MAX_TEXT: Final = 400

Link = tuple[str, str, str]
"""A task, the number of its wait, and the wait in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Blockage:
    """This task cannot go on before the peer of `pair` acts; `number` is the wait's (message or room)."""

    pair: Pair
    number: str
    since: float
    text: str

    def fail(self, reason: str) -> None:
        """End the wait with `reason`."""
        if self.number.startswith("r"):
            self.pair.drop_room_wait(reason)
        else:
            self.pair.inbox.fail_waits(reason, number=int(self.number[1:]))


def list_blockages(me: str, pairs: Sequence[Pair]) -> list[Blockage]:
    """What the task described by `me` waits for."""
    found = []
    for pair in pairs:
        for wait in pair.inbox.waits:
            text = f"{me} waits for {wait.text} from {pair.label}"
            found.append(Blockage(pair=pair, number=f"m{wait.number}", since=wait.since, text=text))
        room = pair.room_wait
        if room is not None:
            text = f"{me} waits until {pair.label} takes what was sent to it"
            found.append(Blockage(pair=pair, number=f"r{room.number}", since=room.since, text=text))
    return found


class CycleWatch:
    """The search for circles on behalf of one task; `list_waits` names what it waits for now.

    Probes begin at the task or its `peers`: those of anybody else are dropped, as they have no end.
    """

    def __init__(
        self, task: str, peers: Container[str], *, cycle_s: float, list_waits: Callable[[], list[Blockage]]
    ) -> None:
        self._task = task
        self._peers = peers
        self._cycle_s = cycle_s
        self._list_waits = list_waits
        self._round = 0
        self._probe_at = 0.0
        self._seen: deque[tuple[int, tuple[tuple[str, str], ...]]] = deque(maxlen=64)
        self._forwarded: dict[str, int] = {}

    def tick(self, now: float) -> None:
        """Send probes for waits that are old enough, once per half of that age."""
        if now < self._probe_at:
            return
        self._probe_at = now + self._cycle_s / 2
        blockages = self._list_old(now)
        if blockages:
            self._round += 1
        for blockage in blockages:
            self._send(blockage, self._task, self._round, [])

    def on_probe(self, pair: Pair, probe: object, now: float) -> None:
        """A probe from a peer that waits for this task."""
        parsed = _parse_probe(probe)
        if parsed is None or pair.is_in_flight:
            return
        origin, number, path = parsed
        if path[-1][0] != pair.peer.task or len(path) >= MAX_PATH:
            return
        if origin == self._task:
            self._come_home(number, path)
        elif origin not in self._peers:
            return
        elif self._forwarded.get(origin, 0) < number and all(link[0] != self._task for link in path):
            blockages = self._list_old(now)
            if blockages:
                self._forwarded[origin] = number
            for blockage in blockages:
                self._send(blockage, origin, number, path)

    def _list_old(self, now: float) -> list[Blockage]:
        return [blockage for blockage in self._list_waits() if now - blockage.since >= self._cycle_s]

    def _send(self, blockage: Blockage, origin: str, number: int, path: list[Link]) -> None:
        link = (self._task, blockage.number, blockage.text[:MAX_TEXT])
        blockage.pair.send_probe({"origin": origin, "round": number, "path": [*path, link]})

    def _come_home(self, number: int, path: list[Link]) -> None:
        mine = next((wait for wait in self._list_waits() if wait.number == path[0][1]), None)
        if mine is None or path[0][0] != self._task:
            return
        circle = tuple((link[0], link[1]) for link in path)
        if any(earlier < number and known == circle for earlier, known in self._seen):
            mine.fail("the parties wait for each other: " + ", ".join(link[2] for link in path))
        else:
            self._seen.append((number, circle))


def _parse_probe(probe: object) -> tuple[str, int, list[Link]] | None:
    """Origin, round and path of a probe, or None where it is none."""
    if not isinstance(probe, dict):
        return None
    origin, number, path = probe.get("origin"), probe.get("round"), probe.get("path")
    if not isinstance(origin, str) or not isinstance(number, int) or not isinstance(path, list) or not path:
        return None
    links: list[Link] = []
    for link in path:
        if not isinstance(link, list) or len(link) != 3 or not all(isinstance(part, str) for part in link):
            return None
        links.append((link[0], link[1], link[2][:MAX_TEXT]))
    return origin, number, links
