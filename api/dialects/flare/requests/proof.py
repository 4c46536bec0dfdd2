"""A proof that a client holds the key of a kit's certificate: FLARE's signature over its CN and a challenge of ours.

Source: NVIDIA FLARE 2.9.0, `nvflare/private/fed/utils/identity_utils.py` and `nvflare/lighter/utils.py`.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

from scheduler.domain.errors import InvalidDocumentError, Problem, UnauthenticatedError

_MEMBERS: Final = ("certificate", "nonce", "signature")
_NAMES: Final = MappingProxyType(
    {
        NameOID.COMMON_NAME: "commonName",
        NameOID.ORGANIZATION_NAME: "organizationName",
        NameOID.UNSTRUCTURED_NAME: "unstructuredName",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """A certificate, the challenge that its holder was given, and what they made of it."""

    certificate: x509.Certificate
    nonce: str
    signature: bytes


def parse_proof(given: Any) -> Proof:
    """A proof from `{"certificate": PEM, "nonce", "signature": base64}`; InvalidDocumentError where it is none."""
    if not isinstance(given, dict) or not all(isinstance(given.get(name), str) for name in _MEMBERS):
        raise InvalidDocumentError(Problem("body", f"is no object with the texts {', '.join(_MEMBERS)}"))
    try:
        certificate = x509.load_pem_x509_certificate(given["certificate"].encode())
        signature = base64.b64decode(given["signature"], validate=True)
    except ValueError as wrong:
        raise InvalidDocumentError(Problem("body", f"holds no certificate and signature: {wrong}")) from wrong
    return Proof(certificate=certificate, nonce=given["nonce"], signature=signature)


def check_proof(proof: Proof, root: x509.Certificate, now: datetime) -> None:
    """UnauthenticatedError unless `root` issued the certificate, it counts now, and its key signed the challenge."""
    certificate = proof.certificate
    try:
        certificate.verify_directly_issued_by(root)
        names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        is_authority = _is_authority(certificate)
    except (ValueError, TypeError, InvalidSignature, x509.DuplicateExtension) as wrong:
        raise UnauthenticatedError("the certificate was not issued by this installation's authority") from wrong
    if is_authority or not names:
        raise UnauthenticatedError("the certificate is no user's")
    if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
        raise UnauthenticatedError(f"the certificate of {names[0].value!s} is expired: have the kit renewed")
    _check_signature(proof, f"{names[0].value!s}{proof.nonce}".encode())


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _check_signature(proof: Proof, content: bytes) -> None:
    key = proof.certificate.public_key()
    if not isinstance(key, rsa.RSAPublicKey):
        raise UnauthenticatedError("the certificate's key is not RSA, as FLARE's are")
    pss = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=padding.PSS.MAX_LENGTH)
    try:
        key.verify(proof.signature, content, pss, hashes.SHA256())
    except InvalidSignature as wrong:
        raise UnauthenticatedError("the challenge was not signed with the certificate's key") from wrong


def describe_certificate(certificate: x509.Certificate) -> Mapping[str, Any]:
    """The certificate's subject as Python's ssl module tells it."""
    parts = [((_NAMES[part.oid], str(part.value)),) for part in certificate.subject if part.oid in _NAMES]
    return {"subject": tuple(parts)}
