"""One task's side of the exchange: its peers, what it waits for, and how long it lingers after its end."""

from collections.abc import Iterable
from typing import Any

from scheduler.domain.messages import Assignment, Peer
from workers.exchange.cycle import Blockage, CycleWatch, list_blockages
from workers.exchange.identity import IdentityError, Pins
from workers.exchange.inbox import Key, Wait
from workers.exchange.pair import SUCCESS, Pair, Setting
from workers.exchange.port import Bytes, OnSent

MAX_NAME = 200


class Endpoint:
    """Messages of dispatch `seq` of `task` with its peers; a pair begins with the first word from either side."""

    def __init__(self, assignment: Assignment, setting: Setting, pins: Pins) -> None:
        self.task = assignment.task
        self.seq = assignment.seq
        self._label = f"{assignment.role}.{assignment.position} (party {assignment.party})"
        self._peers = {peer.task: peer for peer in assignment.peers}
        self._setting = setting
        self._pins = pins
        self._pairs: dict[str, Pair] = {}
        self._outcome = ""
        self._ended_at = 0.0
        self._cycles = CycleWatch(
            self.task, self._peers, cycle_s=setting.patience.cycle_s, list_waits=self._list_blockages
        )

    def send(self, peer: str, key: Key, payload: Bytes, on_done: OnSent) -> None:
        """See `ExchangePort.send`."""
        reason = self._find_obstacle(peer, key[0])
        if reason:
            on_done(reason)
        else:
            self._get_pair(peer).send(key[0], key[1], payload, on_done)

    def recv(self, peer: str, wait: Wait) -> None:
        """See `ExchangePort.recv`."""
        reason = self._find_obstacle(peer, wait.key[0])
        if reason:
            wait.on_message(b"", reason)
        else:
            self._get_pair(peer).recv(wait)

    def close(self, outcome: str) -> None:
        """The task has ended."""
        self._outcome = outcome
        self._ended_at = self._setting.wire.now()
        for pair in self._pairs.values():
            pair.close(outcome)

    def on_frame(self, header: dict[str, Any], payload: memoryview) -> None:
        """A frame addressed to this task."""
        peer = self._peers.get(header["src"])
        if peer is not None and (header.get("k") != "none" or peer.task in self._pairs):
            self._get_pair(peer.task).on_frame(header, payload)

    def on_gone(self, peer: str, code: str, reason: str) -> None:
        """A frame to `peer` was not delivered."""
        pair = self._pairs.get(peer)
        if pair is not None:
            pair.on_gone(code, reason)

    def on_connected(self) -> None:
        """The channel is back."""
        for pair in self._pairs.values():
            pair.on_connected()

    def pump(self) -> None:
        """The channel takes more."""
        for pair in self._pairs.values():
            pair.pump()

    def tick(self, now: float) -> None:
        """Called a few times a second."""
        for pair in self._pairs.values():
            pair.tick(now)
        if not self._outcome:
            self._cycles.tick(now)

    @property
    def is_open(self) -> bool:
        """Whether the task still runs."""
        return not self._outcome

    @property
    def is_busy(self) -> bool:
        """Whether a running task talks, or an ended one still has something that a peer may need."""
        return any(not pair.is_settled for pair in self._pairs.values()) if self._outcome else bool(self._pairs)

    def is_stale(self, now: float) -> bool:
        """Whether the ended task has lingered long enough."""
        patience = self._setting.patience
        linger_s = patience.linger_s if self._outcome == SUCCESS else patience.linger_s / 10
        return bool(self._outcome) and now - self._ended_at > linger_s

    def discard(self) -> None:
        """Forget everything."""
        for pair in self._pairs.values():
            pair.discard()
        self._pairs.clear()

    def _find_obstacle(self, peer: str, name: str) -> str:
        if self._outcome:
            return "the task has ended"
        if peer not in self._peers:
            return f"task {peer!r} is not a member of this step's attempt"
        if not 0 < len(name) <= MAX_NAME:
            return f"a message's name needs 1 to {MAX_NAME} characters, this one has {len(name)}"
        return ""

    def _get_pair(self, task: str) -> Pair:
        if task not in self._pairs:
            self._pairs[task] = self._make_pair(self._peers[task])
        return self._pairs[task]

    def _make_pair(self, peer: Peer) -> Pair:
        refusal = ""
        try:
            self._pins.check(peer.party, peer.identity)
        except IdentityError as wrong:
            refusal = str(wrong)
        pair = Pair(self.task, self.seq, peer, self._setting, refusal=refusal)
        pair.on_probe = self._on_probe
        if self._outcome:
            pair.close(self._outcome)
        return pair

    def _on_probe(self, pair: Pair, probe: object) -> None:
        if not self._outcome:
            self._cycles.on_probe(pair, probe, self._setting.wire.now())

    def _list_blockages(self) -> list[Blockage]:
        return list_blockages(self._label, list(self._pairs.values()))


def find_stale(endpoints: Iterable[Endpoint], now: float, *, keep: int) -> list[Endpoint]:
    """The ended tasks to forget: those that lingered long enough, and the oldest idle ones beyond `keep`."""
    ended = [endpoint for endpoint in endpoints if not endpoint.is_open]
    stale = [endpoint for endpoint in ended if endpoint.is_stale(now)]
    idle = [endpoint for endpoint in ended if not endpoint.is_busy]
    return stale + idle[: max(0, len(idle) - keep)]
