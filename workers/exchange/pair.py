"""This side of one pair of tasks: messages out and in, acknowledgements, and the reasons when it goes wrong."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import structlog

from scheduler.domain.frames import GONE_BUSY, GONE_OFFLINE, FrameError, read_number
from scheduler.domain.messages import Peer
from workers.exchange.crypto import ForgedError
from workers.exchange.handshake import RestartedError, SecureLink
from workers.exchange.identity import Identity
from workers.exchange.inbox import Inbox, Wait
from workers.exchange.liveness import Liveness, Patience
from workers.exchange.port import Bytes, OnSent
from workers.exchange.stream import FIN, MORE, START, Inbound, Outbound, Outgoing, StreamError, parse_start

log = structlog.get_logger()

REPORT_DELAY_S: Final = 0.02
RESEND_DELAY_S: Final = 0.1
RESTART_DOUBT_S: Final = 1.0
SUCCESS: Final = "success"

_room_waits = itertools.count(1)


class Wire(Protocol):
    """The channel as a pair sees it; everything happens on its event loop."""

    @property
    def is_connected(self) -> bool:
        """Whether frames have a way out now."""
        ...

    def is_writable(self) -> bool:
        """Whether the channel takes more without piling it up."""
        ...

    def write(self, frame: bytes) -> None:
        """Send a frame, or lose it where there is no connection."""

    def later(self, delay_s: float, action: Callable[[], None]) -> None:
        """Call `action` on the loop."""

    def now(self) -> float:
        """The loop's clock."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What all pairs of a party share; spilled messages go below `folder`."""

    identity: Identity
    wire: Wire
    folder: Path
    patience: Patience


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomWait:
    """A message waits for room at the peer; `number` tells this wait from every other."""

    number: int
    since: float
    frames: int


def describe(peer: Peer) -> str:
    """A member of the step in words."""
    return f"{peer.role}.{peer.position} (party {peer.party})"


class Pair:
    """The exchange of task `task`, dispatch `seq`, with `peer`; `refusal` says why it must not take place."""

    def __init__(self, task: str, seq: int, peer: Peer, setting: Setting, *, refusal: str = "") -> None:
        self.task = task
        self.peer = peer
        self.label = describe(peer)
        self.broken = refusal
        self.room_wait: RoomWait | None = None
        self.inbox = Inbox(setting.folder / f"{task}.{seq}" / peer.task, self._consumed)
        self.on_probe: Callable[[Pair, object], None] = lambda _pair, _probe: None
        self._wire = setting.wire
        self._link = SecureLink(task, seq, peer, setting.identity)
        self._out = Outbound(self._link.seal_piece, self._wire.write)
        self._in = Inbound()
        self._life = Liveness(setting.patience.peer_grace_s)
        self._outcome = ""
        self._is_closed = False
        self._is_report_due = False
        self._is_resend_due = False
        self._asked_again_at = -RESEND_DELAY_S
        self._pings: dict[int, int] = {}
        self._ping = 0

    # What the task asks for

    def send(self, name: str, number: int, payload: Bytes, on_done: OnSent) -> None:
        """Queue a message; see `ExchangePort.send`."""
        reason = self.broken or (self._ended() if self._outcome else "")
        if self._outcome == SUCCESS:
            on_done("")  # the peer needed it no longer
        elif reason:
            on_done(f"message {name!r} of round {number} cannot be sent: {reason}")
        else:
            flat = memoryview(payload).cast("B") if len(payload) else memoryview(b"")
            self._out.put(Outgoing(name=name, round=number, payload=flat, on_done=on_done))
            self.pump()

    def recv(self, wait: Wait) -> None:
        """Hand over a message or wait for it; see `ExchangePort.recv`."""
        if self.inbox.want(wait):
            return
        reason = self.broken or (self._ended() if self._outcome else "")
        if reason:
            self.inbox.fail_waits(reason, number=wait.number)
        else:
            self.pump()

    def close(self, outcome: str) -> None:
        """This side has ended: after a success what is buffered is still delivered; then the peer is told."""
        self._is_closed = True
        self.inbox.close()
        self.room_wait = None
        if outcome != SUCCESS:
            self._out.drop_queue("the task has ended", is_final=True)
        payload = memoryview(outcome.encode())
        self._out.put(Outgoing(name="", round=0, payload=payload, on_done=lambda _: None, is_fin=True))
        if self._outcome:
            self._out.forget()
        self.pump()

    @property
    def is_settled(self) -> bool:
        """Whether an ended task owes this peer nothing more."""
        return bool(self.broken) or (self._is_closed and (self._out.is_idle or bool(self._outcome)))

    @property
    def is_in_flight(self) -> bool:
        """Whether anything is on its way to the peer, or could be sent now."""
        return not (self._out.is_idle or self._out.is_blocked)

    # Frames

    def on_frame(self, header: dict[str, Any], payload: memoryview) -> None:
        """A frame from the peer, or from somebody who says so: what is forged changes nothing."""
        if self.broken:
            return
        try:
            self._read_frame(header, payload)
        except (ForgedError, FrameError) as wrong:
            log.warning("exchange_frame_refused", task=self.task, peer=self.peer.party, reason=str(wrong))
        except RestartedError:
            self.break_off(f"{self.label} was started again, what it sent before is lost")
        except StreamError as wrong:
            self.break_off(f"{self.label} broke the protocol: {wrong}")
        except OSError as wrong:
            self.break_off(f"a message from {self.label} could not be kept on disk: {wrong.strerror}")

    def _read_frame(self, header: dict[str, Any], payload: memoryview) -> None:
        kind = header.get("k")
        if kind == "hs":
            self._on_offer(payload)
        elif kind == "none":
            self._on_unknown()
        elif not self._link.has_keys:
            self._shake_hands()
        elif kind == "d":
            self._on_piece(read_number(header, "n"), payload)
        elif kind == "c":
            self._on_note(read_number(header, "n"), payload)

    def _on_offer(self, payload: memoryview) -> None:
        lacks_ours = self._link.accept_offer(payload, is_fresh=lambda: self._out.is_untouched and self._in.number == 0)
        self._life.heard()
        if lacks_ours:
            self._wire.write(self._link.make_offer_frame())
            self._out.rewind()
        self.pump()

    def _on_unknown(self) -> None:
        """The peer's worker is there but does not have the task: not yet, or no longer."""
        silent_s = self._life.heard_unknown(self._wire.now())
        if self._link.has_keys and not self._outcome and silent_s >= RESTART_DOUBT_S:
            self.break_off(f"the worker of {self.label} has restarted and lost its side of the step")

    def _on_piece(self, number: int, payload: memoryview) -> None:
        if self._in.is_ahead(number):
            self._ask_again()
        elif self._in.is_next(number):
            plain = self._link.open_piece(number, payload)
            self._in.take()
            self._life.heard()
            self._read_piece(plain)
        if self._in.is_report_urgent:
            self._report()
        else:
            self._report_soon()

    def _read_piece(self, plain: bytes) -> None:
        kind = plain[:1]
        if kind == START:
            name, number, size, piece = parse_start(plain)
            self.inbox.start((name, number), size, piece)
        elif kind == MORE:
            self.inbox.add(memoryview(plain)[1:])
        elif kind == FIN:
            self._on_fin(plain[1:].decode(errors="replace")[:40])
        else:
            raise StreamError("a piece of unknown kind")

    def _on_fin(self, outcome: str) -> None:
        self._outcome = outcome or "unknown"
        self.inbox.fail_waits(self._ended())
        self._out.drop_queue("" if self._outcome == SUCCESS else self._ended())
        if self._is_closed:
            self._out.forget()

    def _on_note(self, number: int, payload: memoryview) -> None:
        note = self._link.open_note(number, payload)
        self._life.heard()
        if "a" in note:
            self._on_report(note)
        if "p" in note:
            self._note({**self._in.report(), "q": read_number(note, "p")})
        if "w" in note:
            self.on_probe(self, note["w"])

    def _on_report(self, note: dict[str, Any]) -> None:
        number, answer = read_number(note, "a"), read_number({"q": 0} | note, "q")
        if self._out.acknowledge(number, read_number(note, "l")):
            self._life.hurry()
        if note.get("r") or number < self._pings.pop(answer, 0):
            self._out.rewind()
        self.pump()

    # Sending

    def pump(self) -> None:
        """Send what can be sent; begin with the handshake where there are no keys yet."""
        if not self._link.has_keys:
            self._shake_hands()
        elif self._wire.is_connected:
            self._out.pump(self._wire.is_writable)
        self._note_room_wait()

    def _note_room_wait(self) -> None:
        if self._is_closed or not self._out.is_waiting_for_room:
            self.room_wait = None
        elif self.room_wait is None or self.room_wait.frames != self._out.frames:
            self.room_wait = RoomWait(number=next(_room_waits), since=self._wire.now(), frames=self._out.frames)

    def _shake_hands(self) -> None:
        now = self._wire.now()
        if self._wire.is_connected and self._life.is_time_to_ask(now):
            self._wire.write(self._link.make_offer_frame())
            self._life.asked(now)

    def _note(self, note: dict[str, Any]) -> None:
        if self._link.has_keys and self._wire.is_connected:
            self._wire.write(self._link.seal_note(note))

    def send_probe(self, probe: object) -> None:
        """Send on a search for a cycle of waits."""
        self._note({"w": probe})

    def _report(self) -> None:
        self._is_report_due = False
        self._note(self._in.report())

    def _report_soon(self) -> None:
        if not self._is_report_due:
            self._is_report_due = True
            self._wire.later(REPORT_DELAY_S, self._report_if_due)

    def _report_if_due(self) -> None:
        if self._is_report_due:
            self._report()

    def _consumed(self, cost: int) -> None:
        self._in.consume(cost)
        self._report_soon()

    def _ask_again(self) -> None:
        now = self._wire.now()
        if now - self._asked_again_at >= RESEND_DELAY_S:
            self._asked_again_at = now
            self._note({**self._in.report(), "r": 1})

    # Time and trouble

    def on_connected(self) -> None:
        """The channel is back: what was under way in either direction may be lost."""
        self._life.rest()
        self._life.hurry()
        self._out.rewind()
        self._note({**self._in.report(), "r": 1})
        self.pump()

    def on_gone(self, code: str, reason: str) -> None:
        """The relay did not deliver a frame."""
        if code == GONE_BUSY:
            if not self._is_resend_due:
                self._is_resend_due = True
                self._wire.later(RESEND_DELAY_S, self._resend)
        elif code == GONE_OFFLINE:
            self._life.is_offline = True
            self._life.await_answer(self._wire.now())
        else:
            self.break_off(f"the gateway does not forward to {self.label}: {reason}")

    def _resend(self) -> None:
        self._is_resend_due = False
        self._out.rewind()
        self.pump()

    def tick(self, now: float) -> None:
        """Called a few times a second: timeouts, questions to a silent peer, its absence."""
        self.inbox.fail_waits("it did not come in time", until=now)
        needs_peer = self.inbox.has_waits or not self._out.is_idle
        if not self._wire.is_connected or not needs_peer or self.broken:
            self._life.rest()
            return
        absence = self._life.find_absence(now)
        if absence:
            self._give_up(f"{self.label} {absence}")
        elif not self._link.has_keys:
            self._shake_hands()
        elif self._life.is_time_to_ask(now):
            self._ask_for_report(now)

    def _ask_for_report(self, now: float) -> None:
        """The answer tells which of the frames sent before the question never came."""
        self._ping += 1
        self._pings[self._ping] = self._out.sent_up_to
        self._pings.pop(self._ping - 8, None)
        self._note({"p": self._ping})
        self._life.asked(now)

    def _give_up(self, reason: str) -> None:
        self.inbox.fail_waits(reason)
        self._out.drop_queue(reason)

    def break_off(self, reason: str) -> None:
        """Nothing can come or go any more."""
        self.broken = reason
        self._give_up(reason)
        self._out.forget()

    def discard(self) -> None:
        """Forget everything; nothing but actions on the clock may follow."""
        self.break_off("the task has ended")
        self.inbox.close()
        # In circles it would lie in memory with its keys until a full collection, which a worker seldom makes.
        del self.inbox, self.on_probe

    def drop_room_wait(self, reason: str) -> None:
        """Answer the senders who wait for room at the peer."""
        self._out.drop_queue(reason)
        self.room_wait = None

    def _ended(self) -> str:
        return f"{self.label} has ended ({self._outcome})"
