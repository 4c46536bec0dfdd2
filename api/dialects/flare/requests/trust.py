"""The certificates by which the gateway is known and knows FLARE's clients; read anew whenever they change."""

import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa

FOLDER: Final = "flare"
"""Below the state folder; `fedrota provision` writes it."""
AUTHORITY: Final = "rootCA.pem"
CERTIFICATE: Final = "server.crt"
KEY: Final = "server.key"
REVOKED: Final = "crl.pem"
_NEEDED: Final = (AUTHORITY, CERTIFICATE, KEY)


class FilesError(Exception):
    """The gateway has no usable certificates; the text says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """What was read: the TLS context, and the serial numbers that count no more."""

    context: ssl.SSLContext
    revoked: frozenset[int]


class TrustFiles:
    """The files in a state folder, as they are now."""

    def __init__(self, state_dir: Path) -> None:
        self.folder = state_dir / FOLDER
        self._stamp: tuple[int, ...] = ()
        self._trust: Trust | None = None

    def load(self) -> Trust:
        """What the files say; FilesError where they are missing or wrong."""
        stamp = tuple(self._stamp_of(name) for name in (*_NEEDED, REVOKED))
        if self._trust is None or stamp != self._stamp:
            self._trust = self._read()
            self._stamp = stamp
        return self._trust

    def _stamp_of(self, name: str) -> int:
        try:
            found = (self.folder / name).stat()
        except OSError:
            return 0
        return hash((found.st_mtime_ns, found.st_ino, found.st_size))

    def _read(self) -> Trust:
        missing = [name for name in _NEEDED if not (self.folder / name).is_file()]
        if missing:
            raise FilesError(
                f"{self.folder} holds no {', '.join(missing)}: run `fedrota provision` with this state folder"
            )
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.verify_mode = ssl.CERT_REQUIRED
        try:
            context.load_verify_locations(self.folder / AUTHORITY)
            context.load_cert_chain(self.folder / CERTIFICATE, self.folder / KEY)
            return Trust(context=context, revoked=self._read_revoked())
        except (OSError, ValueError) as wrong:
            raise FilesError(f"the certificates in {self.folder} cannot be used: {wrong}") from wrong

    def _read_revoked(self) -> frozenset[int]:
        path = self.folder / REVOKED
        if not path.exists():
            return frozenset()
        authority = x509.load_pem_x509_certificate((self.folder / AUTHORITY).read_bytes())
        found = x509.load_pem_x509_crl(path.read_bytes())
        key = authority.public_key()
        if not isinstance(key, (rsa.RSAPublicKey, ec.EllipticCurvePublicKey)) or not found.is_signature_valid(key):
            raise ValueError(f"{REVOKED} was not signed by {AUTHORITY}")
        return frozenset(entry.serial_number for entry in found)
