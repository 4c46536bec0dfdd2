"""A small certificate authority in a folder: its root, what it has issued, what counts no more."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from fedrota.provision.errors import ProvisionError
from fedrota.provision.project import Participant
from fedrota.up.folder import write_private

ROOT: Final = "rootCA.pem"
ROOT_KEY: Final = "rootCA.key"
REVOKED: Final = "crl.pem"
LEDGER: Final = "issued.json"
ROOT_DAYS: Final = 3650
KEY_BITS: Final = 2048
"""NVFLARE's clients sign job folders with their key, which must be RSA for that."""
SKEW: Final = timedelta(minutes=5)
ROOT_USE: Final = x509.KeyUsage(
    digital_signature=False, content_commitment=False, key_encipherment=False, data_encipherment=False,
    key_agreement=False, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False,
)  # fmt: skip
"""NVFLARE 2.9 trusts no root that does not say what its key is for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """A certificate as the ledger remembers it; times in ISO 8601, `serial` in hexadecimal."""

    name: str
    serial: str
    expires: str
    revoked: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """A new private key and its certificate, both PEM."""

    key: str
    certificate: str
    issued: Issued


class Authority:
    """The authority in `folder`, made there at need. Its key never leaves that folder."""

    def __init__(self, folder: Path, project: str) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not (folder / ROOT).exists():
            _make_root(folder, project)
        try:
            self._root = x509.load_pem_x509_certificate((folder / ROOT).read_bytes())
            key = serialization.load_pem_private_key((folder / ROOT_KEY).read_bytes(), None)
            entries = json.loads((folder / LEDGER).read_text()) if (folder / LEDGER).exists() else []
            self._ledger = [Issued(**entry) for entry in entries]
        except (OSError, ValueError, TypeError) as wrong:
            raise ProvisionError(f"the certificate authority in {folder} cannot be used: {wrong}") from wrong
        if not isinstance(key, rsa.RSAPrivateKey):
            raise ProvisionError(f"{folder / ROOT_KEY} is no RSA key")
        self._key = key

    @property
    def certificate(self) -> str:
        """The root certificate."""
        return (self.folder / ROOT).read_text()

    def find_valid(self, name: str, now: datetime) -> Issued | None:
        """The certificate of this participant that counts, None where there is none."""
        return next(
            (
                one
                for one in reversed(self._ledger)
                if one.name == name and not one.revoked and one.expires > _render(now)
            ),
            None,
        )

    def issue(self, who: Participant, *, hosts: Sequence[str] = (), days: int, now: datetime) -> Credential:
        """A certificate for a new key: CN is the name, O the org, unstructuredName the role; `hosts` for a server."""
        key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
        names = [
            x509.NameAttribute(NameOID.COMMON_NAME, who.name),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, who.org),
        ]
        if who.role:
            names.append(x509.NameAttribute(NameOID.UNSTRUCTURED_NAME, who.role))
        expires = min(now + timedelta(days=days), self._root.not_valid_after_utc)
        serial = x509.random_serial_number()
        made = _begin(x509.Name(names), self._root.subject, key.public_key(), now=now, expires=expires)
        made = made.serial_number(serial).add_extension(
            x509.BasicConstraints(ca=False, path_length=None), critical=True
        )
        made = made.add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False
        )
        if hosts:
            made = made.add_extension(x509.SubjectAlternativeName([_name_host(host) for host in hosts]), critical=False)
        certificate = made.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()
        issued = Issued(name=who.name, serial=f"{serial:x}", expires=_render(expires))
        self._ledger.append(issued)
        self._save(now)
        return Credential(key=_render_key(key), certificate=certificate, issued=issued)

    def revoke(self, name: str, now: datetime, *, spare: str = "") -> list[str]:
        """Have every certificate of `name` count no more, but for the one with the serial `spare`; their serials."""
        found = [one.serial for one in self._ledger if one.name == name and not one.revoked and one.serial != spare]
        self._ledger = [replace(one, revoked=_render(now)) if one.serial in found else one for one in self._ledger]
        self._save(now)
        return found

    def _save(self, now: datetime) -> None:
        """The ledger, and the revocation list by which the gateway knows what counts no more."""
        write_private(self.folder / LEDGER, json.dumps([asdict(one) for one in self._ledger], indent=1))
        made = x509.CertificateRevocationListBuilder().issuer_name(self._root.subject)
        made = made.last_update(now - SKEW).next_update(self._root.not_valid_after_utc)
        for one in self._ledger:
            if one.revoked:
                entry = x509.RevokedCertificateBuilder().serial_number(int(one.serial, 16))
                made = made.add_revoked_certificate(entry.revocation_date(datetime.fromisoformat(one.revoked)).build())
        content = made.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        write_private(self.folder / REVOKED, content.decode())


def _make_root(folder: Path, project: str) -> None:
    now = datetime.now(UTC)
    key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    name = x509.Name(
        [x509.NameAttribute(NameOID.COMMON_NAME, project), x509.NameAttribute(NameOID.ORGANIZATION_NAME, "fedrota")]
    )
    made = _begin(name, name, key.public_key(), now=now, expires=now + timedelta(days=ROOT_DAYS))
    made = made.serial_number(x509.random_serial_number())
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    made = made.add_extension(ROOT_USE, critical=True)
    made = made.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    certificate = made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()
    write_private(folder / ROOT_KEY, _render_key(key))
    write_private(folder / ROOT, certificate)


def _begin(
    subject: x509.Name, issuer: x509.Name, key: rsa.RSAPublicKey, *, now: datetime, expires: datetime
) -> x509.CertificateBuilder:
    made = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key)
    return made.not_valid_before(now - SKEW).not_valid_after(expires)


def _name_host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _render(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds")


def _render_key(key: rsa.RSAPrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    ).decode()
