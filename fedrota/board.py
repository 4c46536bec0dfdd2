"""Messages between the members of a simulated step, kept in memory, with the rules of the real exchange."""

import copy
import json
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fedrota.component import InvalidInputError, Member, Payload, PeerError, get_member

Address = str | Member
Key = tuple[Member, Member, str, int]
"""Sender, receiver, name and round of a message."""


@dataclass(frozen=True, slots=True)
class Message:
    """One exchange message as its receiver got it."""

    sender: Member
    receiver: Member
    name: str
    round: int
    value: Payload


class Board:
    """Every message of a simulation, and who has ended and why."""

    def __init__(self, members: Sequence[Member]) -> None:
        self.messages: list[Message] = []
        self.failure: BaseException | None = None
        self._members = members
        self._sent: dict[Key, Payload] = {}
        self._ended: dict[Member, str] = {}
        self._waiting: dict[Member, Key] = {}
        self._changed = threading.Condition()

    def end(self, member: Member, error: BaseException | None) -> None:
        """Note that a member's body returned or raised; the first error is the simulation's."""
        with self._changed:
            self._ended[member] = f"failed: {error}" if error else "ended without sending it"
            if error is not None and self.failure is None:
                error.add_note(f"raised at {member.address} (party {member.party})")
                self.failure = error
            self._changed.notify_all()

    def send(self, message: Message) -> None:
        """Keep a message for its receiver; ValueError where its name and round were sent before."""
        key = (message.sender, message.receiver, message.name, message.round)
        with self._changed:
            if key in self._sent:
                raise ValueError(
                    f"message {message.name!r} of round {message.round} was sent to {message.receiver.address} "
                    "before: give each message its own name or round"
                )
            self._sent[key] = message.value
            self.messages.append(message)
            self._changed.notify_all()

    def recv(self, key: Key, timeout_s: float | None) -> Payload:
        """Wait for a message; PeerError once its sender has ended, all wait for each other, or time is up."""
        until = None if timeout_s is None else time.monotonic() + timeout_s
        with self._changed:
            if until is None:
                self._waiting[key[1]] = key
                self._changed.notify_all()
            while key not in self._sent:
                self._check(key, until)
                self._changed.wait(None if until is None else max(0.0, until - time.monotonic()))
            self._waiting.pop(key[1], None)
            return self._sent[key]

    def _check(self, key: Key, until: float | None) -> None:
        sender, receiver, name, number = key
        wanted = f"message {name!r} of round {number} from {sender.address} to {receiver.address} cannot come"
        if sender in self._ended:
            raise PeerError(f"{wanted}: {sender.address} {self._ended[sender]}")
        if until is not None and time.monotonic() >= until:
            raise PeerError(f"{wanted}: it did not come in time")
        if until is None and self._is_stuck():
            raise PeerError(f"{wanted}: every member waits for a message that nobody has sent")

    def _is_stuck(self) -> bool:
        """Whether every member that still runs waits, without a time limit, for what is not there."""
        alive = [member for member in self._members if member not in self._ended]
        return all(member in self._waiting and self._waiting[member] not in self._sent for member in alive)


class MemoryExchange:
    """The exchange of one member over the board; values are copied as if they had travelled."""

    def __init__(self, board: Board, me: Member, members: Sequence[Member]) -> None:
        self._board = board
        self._me = me
        self._members = members

    def send(self, to: Address, name: str, value: Payload, *, round: int = 0) -> None:
        receiver = self._peer(to)
        self._board.send(Message(self._me, receiver, name, round, travel(value)))

    def recv(self, source: Address, name: str, *, round: int = 0, timeout_s: float | None = None) -> Payload:
        return travel(self._board.recv((self._peer(source), self._me, name, round), timeout_s))

    def broadcast(self, role: str | None, name: str, value: Payload, *, round: int = 0) -> None:
        for peer in self._list(role):
            self.send(peer, name, value, round=round)

    def gather(
        self, role: str | None, name: str, *, round: int = 0, timeout_s: float | None = None
    ) -> dict[Member, Payload]:
        return {peer: self.recv(peer, name, round=round, timeout_s=timeout_s) for peer in self._list(role)}

    def _list(self, role: str | None) -> list[Member]:
        found = list_peers(self._members, self._me, role)
        if not found and role is not None:
            raise InvalidInputError(f"{self._me.address} has no peer in role {role!r}")
        return found

    def _peer(self, address: Address) -> Member:
        peer = get_member(self._members, address)
        if peer == self._me:
            raise InvalidInputError(f"{peer.address} cannot exchange messages with itself")
        return peer


def list_peers(members: Sequence[Member], me: Member, role: str | None) -> list[Member]:
    """The members beside `me`, of `role` where one is given."""
    return [member for member in members if member != me and role in (None, member.role)]


def travel(value: Payload) -> Payload:
    """A copy as the other side would get it; TypeError for what an exchange cannot carry."""
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value)
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(value, numpy.ndarray):
        if value.dtype.hasobject:
            raise TypeError("an exchange carries no numpy array of Python objects: use a numeric type")
        return copy.deepcopy(value)
    try:
        return json.loads(json.dumps(value, default=to_plain))
    except ValueError as error:
        raise TypeError(f"an exchange carries bytes, numpy arrays and JSON values: {error}") from error


def to_plain(value: Any) -> Any:
    """A numpy figure or array in Python's terms; TypeError for anything else."""
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(value, numpy.ndarray | numpy.generic):
        return value.tolist()
    raise TypeError(f"a {type(value).__name__} is no JSON value: use dict, list, str, int, float, bool or None")
