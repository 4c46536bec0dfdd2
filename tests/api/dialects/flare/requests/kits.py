"""Certificates as kits hold them, and what clients sign with their keys."""

import base64
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding

from fedrota.provision.authority import Authority, Credential
from fedrota.provision.project import Participant


@dataclass
class Ground:
    """The certificates, in the gateway's folder and in one for clients."""

    state: Path
    clients: Path
    authority: Authority

    def issue(self, name: str, role: str) -> None:
        made = self.authority.issue(
            Participant(name=name, type="admin", org="hq", role=role), days=1, now=datetime.now(UTC)
        )
        (self.clients / f"{name}.pem").write_text(made.key + made.certificate)

    def trust(self, name: str = "") -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=str(self.state / "flare" / "rootCA.pem"))
        context.check_hostname = False
        if name:
            context.load_cert_chain(self.clients / f"{name}.pem")
        return context


def make_authority(folder: Path) -> Authority:
    """An authority with the certificate of a server, laid out as the gateway reads it."""
    authority = Authority(folder, "demo")
    server = issue(authority, "server", role="", type_="server")
    (folder / "server.key").write_text(server.key)
    (folder / "server.crt").write_text(server.certificate)
    return authority


def issue(
    authority: Authority, name: str, *, role: str = "lead", type_: str = "admin", at: datetime | None = None
) -> Credential:
    who = Participant(name=name, type=type_, org="clinic", role=role)
    return authority.issue(who, days=1, now=at or datetime.now(UTC))


def expired(authority: Authority, name: str) -> Credential:
    return issue(authority, name, at=datetime.now(UTC) - timedelta(days=3))


def sign(credential: Credential, nonce: str, *, name: str | None = None) -> dict[str, str]:
    """What nvflare 2.9.0's client answers to a challenge."""
    key = serialization.load_pem_private_key(credential.key.encode(), None)
    pss = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=padding.PSS.MAX_LENGTH)
    holder = x509.load_pem_x509_certificate(credential.certificate.encode()).subject
    names = holder.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    content = f"{name or names[0].value}{nonce}".encode()
    signature = base64.b64encode(key.sign(content, pss, hashes.SHA256())).decode()
    return {"certificate": credential.certificate, "nonce": nonce, "signature": signature}
