"""One side's secure link to a peer task: offers and answers keys, seals and opens frames."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from scheduler.domain.frames import pack
from scheduler.domain.messages import Peer
from workers.exchange.crypto import ForgedError, KeyExchange, Keys, Offer, check_offer, parse_offer
from workers.exchange.identity import Identity

MAX_NOTE_BYTES: Final = 32 << 10


class RestartedError(Exception):
    """The peer's task was started again; what was said to its former life is lost."""


class SecureLink:
    """The keys of task `task` (dispatch `seq`) and `peer`, and the frames made with them."""

    def __init__(self, task: str, seq: int, peer: Peer, identity: Identity) -> None:
        self._task = task
        self._peer = peer
        self._identity = identity
        self._agreement = KeyExchange(identity, src=task, dst=peer.task, seq=seq, reader=peer.identity)
        self._keys: Keys | None = None
        self._theirs: Offer | None = None
        self._notes_out = 0
        self._notes_in = 0

    @property
    def has_keys(self) -> bool:
        """Whether the peer's offer is here."""
        return self._keys is not None

    def make_offer_frame(self) -> bytes:
        """The frame that offers this side's key, and says whether the peer's is here."""
        offer = replace(self._agreement.offer, answered=self.has_keys)
        return pack(self._header("hs"), offer.to_payload())

    def accept_offer(self, payload: memoryview, *, is_fresh: Callable[[], bool]) -> bool:
        """Take the peer's offer; True where the peer lacks ours.

        A second, different offer is taken only while nothing was said under the first (`is_fresh`);
        afterwards RestartedError. ForgedError where the peer did not make it.
        """
        offer = parse_offer(self._peer.task, self._task, payload)
        check_offer(offer, signer=self._peer.identity, reader=self._identity.public)
        known = self._theirs
        if known is None or known.ephemeral != offer.ephemeral:
            if known is not None and offer.seq < known.seq:
                return False
            if known is not None and not is_fresh():
                raise RestartedError
            self._theirs, self._keys, self._notes_in = offer, self._agreement.derive(offer), 0
        return not offer.answered

    def seal_piece(self, number: int, plain: bytes) -> bytes:
        """Frame `number` of the stream."""
        header = self._header("d") | {"n": number}
        return pack(header, self._require_keys().outgoing.close(number, plain, header))

    def open_piece(self, number: int, sealed: memoryview) -> bytes:
        """The plain text of the peer's frame `number`."""
        return self._require_keys().incoming.open(number, sealed, self._incoming_header("d", number))

    def seal_note(self, note: dict[str, Any]) -> bytes:
        """A note as a frame."""
        self._notes_out += 1
        header = self._header("c") | {"n": self._notes_out}
        return pack(header, self._require_keys().notes_out.close(self._notes_out, json.dumps(note).encode(), header))

    def open_note(self, number: int, sealed: memoryview) -> dict[str, Any]:
        """The peer's note `number`; empty where it is a repeat or was overtaken by a newer one."""
        if number <= self._notes_in or len(sealed) > MAX_NOTE_BYTES:
            return {}
        plain = self._require_keys().notes_in.open(number, sealed, self._incoming_header("c", number))
        self._notes_in = number
        try:
            note = json.loads(plain)
        except (ValueError, RecursionError) as wrong:
            raise ForgedError("a note cannot be read") from wrong
        if not isinstance(note, dict):
            raise ForgedError("a note is no object")
        return note

    def _require_keys(self) -> Keys:
        if self._keys is None:
            raise ForgedError("a frame before the handshake")
        return self._keys

    def _header(self, kind: str) -> dict[str, Any]:
        return {"t": "xfer", "src": self._task, "dst": self._peer.task, "k": kind}

    def _incoming_header(self, kind: str, number: int) -> dict[str, Any]:
        return {"src": self._peer.task, "dst": self._task, "k": kind, "n": number}
