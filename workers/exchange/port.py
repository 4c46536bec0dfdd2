"""What executors ask of the exchange, and what its messages are known by."""

from collections.abc import Callable
from typing import Protocol

from scheduler.domain.messages import Assignment
from scheduler.domain.values import valueclass

Bytes = bytes | bytearray | memoryview

OnSent = Callable[[str], None]
"""Called once with the reason why a message cannot be delivered, or with "" once it is buffered."""

OnMessage = Callable[[Bytes, str], None]
"""Called once with a message and "", or with b"" and the reason why it can never come."""


@valueclass(frozen=True, slots=True)
class Letter:
    """What a message between two tasks is known by: the peer's task, a name and a round."""

    peer: str
    name: str
    round: int = 0


class ExchangePort(Protocol):
    """The exchange as executors use it; calls return at once, callbacks come from any thread."""

    def open(self, assignment: Assignment) -> None:
        """The attempt starts: messages between it and `assignment.peers` are allowed from now on."""

    def send(self, task: str, seq: int, letter: Letter, payload: Bytes, *, on_done: OnSent) -> None:
        """Send `payload` as `letter`; `on_done` waits where the peer is slow."""

    def recv(self, task: str, seq: int, letter: Letter, *, timeout_s: float | None, on_message: OnMessage) -> None:
        """Wait for `letter`; `timeout_s` None means the exchange's own patience."""

    def close(self, task: str, seq: int, outcome: str) -> None:
        """The attempt is over: tell the peers, so that nobody waits for it any longer."""
