"""Who the parties are: this party's signing key, and the public keys of the others, pinned on first use."""

import base64
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from workers.workdir import write_durably

KEY_FILE = "identity.key"
PINS_FILE = "known_parties.json"


class IdentityError(Exception):
    """A key is missing, damaged or not the one that is known; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Identity:
    """This party's long-lived signing key; `public` is its public half as base64 text."""

    key: Ed25519PrivateKey
    public: str

    def sign(self, statement: bytes) -> bytes:
        """A signature of 64 bytes."""
        return self.key.sign(statement)


def load_identity(folder: Path) -> Identity:
    """The party's key from `folder`; made there, readable by its owner only, where there is none yet."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / KEY_FILE
    if not path.exists():
        _create_key(path)
    raw = path.read_bytes()
    if len(raw) != 32:
        raise IdentityError(
            f"{path} is damaged: 32 bytes are expected, it has {len(raw)}. Put the right file back from a backup, "
            "or delete it for a new key, which every other party must then accept"
        )
    key = Ed25519PrivateKey.from_private_bytes(raw)
    public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return Identity(key=key, public=base64.b64encode(public).decode())


def _create_key(path: Path) -> None:
    """A new key, complete or not there at all; of two workers starting together the first wins."""
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(Ed25519PrivateKey.generate().private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption()))
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(fresh, path)
    except FileExistsError:
        return
    finally:
        fresh.unlink()


def is_signed(public: str, signature: bytes, statement: bytes) -> bool:
    """Whether the owner of `public` signed `statement`."""
    try:
        Ed25519PublicKey.from_public_bytes(base64.b64decode(public, validate=True)).verify(signature, statement)
    except (InvalidSignature, ValueError):
        return False
    return True


class Pins:
    """The public keys of other parties: the first one seen is kept, another one later is refused.

    `given` come from the configuration and win over what was learnt.
    """

    def __init__(self, folder: Path, given: Mapping[str, str] | None = None) -> None:
        self._path = folder / PINS_FILE
        self._known = {**self._read(), **(given or {})}

    def check(self, party: str, public: str) -> None:
        """Accept `public` as the key of `party`, or IdentityError with the reason."""
        if not public:
            raise IdentityError(
                f"party {party} has no public key at the centre: its worker has not said hello yet, or is too old"
            )
        known = self._known.get(party)
        if known is None:
            try:
                self._write({**self._known, party: public})
            except OSError as wrong:
                raise IdentityError(
                    f"the key of party {party} cannot be kept in {self._path}: {wrong.strerror}"
                ) from wrong
            self._known[party] = public
        elif known != public:
            raise IdentityError(
                f"the identity of party {party} has changed from {known[:12]}... to {public[:12]}...: "
                f"if its operator confirms the new key, delete its line from {self._path} and restart this worker; "
                "if not, somebody may be posing as that party"
            )

    def _read(self) -> dict[str, str]:
        try:
            found = json.loads(self._path.read_text())
        except FileNotFoundError:
            return {}
        except ValueError as wrong:
            raise IdentityError(f"{self._path} is not JSON: {wrong}") from wrong
        if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
            raise IdentityError(f"{self._path} must map each party's id to its public key")
        return found

    def _write(self, known: Mapping[str, str]) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        write_durably(self._path, (json.dumps(known, indent=1, sort_keys=True) + "\n").encode())
