"""The keys of one pair of tasks: signed X25519 handshake, HKDF, AES-256-GCM with a counter in each direction."""

import base64
import hashlib
import json
import struct
from dataclasses import dataclass, field
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from workers.exchange.identity import Identity, is_signed

PROTOCOL: Final = "fedrota-exchange-1"
_NONCE: Final = struct.Struct(">IQ")
_MAX_HANDSHAKE_BYTES: Final = 2048


class ForgedError(Exception):
    """A frame is not from the peer it names, or was changed on its way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One side's part of a handshake: dispatch `seq` of task `src` offers `ephemeral` to task `dst`.

    `answered` says that `src` holds the other side's offer already; it is not signed, a lie costs one frame.
    """

    src: str
    dst: str
    seq: int
    ephemeral: bytes
    signature: bytes
    answered: bool = False

    def to_payload(self) -> bytes:
        """The payload of a handshake frame."""
        return json.dumps(
            {
                "seq": self.seq,
                "key": base64.b64encode(self.ephemeral).decode(),
                "sig": base64.b64encode(self.signature).decode(),
                "answered": self.answered,
            }
        ).encode()


def parse_offer(src: str, dst: str, payload: bytes | memoryview) -> Offer:
    """The offer in a handshake frame from task `src` to task `dst`; ForgedError where it cannot be one."""
    if len(payload) > _MAX_HANDSHAKE_BYTES:
        raise ForgedError("the handshake is too long")
    try:
        found = json.loads(bytes(payload))
        offer = Offer(
            src=src,
            dst=dst,
            seq=int(found["seq"]),
            ephemeral=base64.b64decode(found["key"], validate=True),
            signature=base64.b64decode(found["sig"], validate=True),
            answered=found["answered"] is True,
        )
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as wrong:
        raise ForgedError("the handshake cannot be read") from wrong
    if len(offer.ephemeral) != 32:
        raise ForgedError("the handshake's key has the wrong length")
    return offer


def check_offer(offer: Offer, *, signer: str, reader: str) -> None:
    """ForgedError unless the party with public key `signer` made `offer` for the one with key `reader`."""
    statement = _statement(offer.src, offer.dst, seq=offer.seq, ephemeral=offer.ephemeral, reader=reader)
    if not is_signed(signer, offer.signature, statement):
        raise ForgedError("the handshake's signature is wrong")


def _statement(src: str, dst: str, *, seq: int, ephemeral: bytes, reader: str) -> bytes:
    return json.dumps([PROTOCOL, src, dst, seq, ephemeral.hex(), reader]).encode()


class KeyExchange:
    """This side's ephemeral key for one pair: makes the offer, and the keys once the peer's offer is here."""

    def __init__(self, identity: Identity, *, src: str, dst: str, seq: int, reader: str) -> None:
        self._private = X25519PrivateKey.generate()
        ephemeral = self._private.public_key().public_bytes_raw()
        signature = identity.sign(_statement(src, dst, seq=seq, ephemeral=ephemeral, reader=reader))
        self.offer = Offer(src=src, dst=dst, seq=seq, ephemeral=ephemeral, signature=signature)

    def derive(self, other: Offer) -> "Keys":
        """The pair's keys; ForgedError for a key that would make the secret predictable."""
        try:
            secret = self._private.exchange(X25519PublicKey.from_public_bytes(other.ephemeral))
        except ValueError as wrong:
            raise ForgedError("the handshake's key is degenerate") from wrong
        sides = sorted((side.src, side.seq, side.ephemeral.hex()) for side in (self.offer, other))
        salt = hashlib.sha256(json.dumps([PROTOCOL, sides]).encode()).digest()
        mine, peer = self.offer, other
        return Keys(
            outgoing=_derive(secret, salt, f"{mine.src}>{peer.src} stream"),
            incoming=_derive(secret, salt, f"{peer.src}>{mine.src} stream"),
            notes_out=_derive(secret, salt, f"{mine.src}>{peer.src} notes"),
            notes_in=_derive(secret, salt, f"{peer.src}>{mine.src} notes"),
        )


def _derive(secret: bytes, salt: bytes, use: str) -> "Seal":
    key = HKDF(algorithm=SHA256(), length=32, salt=salt, info=f"{PROTOCOL}|{use}".encode()).derive(secret)
    return Seal(AESGCM(key))


@dataclass(frozen=True, slots=True)
class Seal:
    """One key for one direction and one use; a number is never used for two different plain texts."""

    _cipher: AESGCM = field(repr=False)

    def close(self, number: int, plain: bytes | memoryview, header: dict[str, Any]) -> bytes:
        """The cipher text of frame `number`, bound to the frame's `header`."""
        return self._cipher.encrypt(_NONCE.pack(0, number), plain, _bound(header, len(plain)))

    def open(self, number: int, sealed: bytes | memoryview, header: dict[str, Any]) -> bytes:
        """The plain text of frame `number`; ForgedError where it was changed or is another's."""
        try:
            return self._cipher.decrypt(_NONCE.pack(0, number), sealed, _bound(header, len(sealed) - 16))
        except InvalidTag as wrong:
            raise ForgedError("the frame was changed on its way, or is not from this peer") from wrong


def _bound(header: dict[str, Any], size: int) -> bytes:
    return json.dumps([header["src"], header["dst"], header["k"], header["n"], size]).encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """The four keys of a pair: streams and notes, out and in."""

    outgoing: Seal
    incoming: Seal
    notes_out: Seal
    notes_in: Seal
