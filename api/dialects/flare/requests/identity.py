"""Who a client is by its certificate: CN is the user, O the organisation, unstructuredName the role."""

from collections.abc import Mapping
from typing import Any

from scheduler.domain.access import DEFAULT_PROJECT, Principal, Role


class IdentityError(Exception):
    """The certificate names no user of ours; the text says what is missing."""


def read_subject(certificate: Mapping[str, Any]) -> dict[str, str]:
    """The names in a certificate's subject, as Python's ssl module tells them."""
    return {name: value for part in certificate.get("subject", ()) for name, value in part}


def read_serial(certificate: Mapping[str, Any]) -> int:
    """A certificate's serial number; 0 where it has none."""
    return int(str(certificate.get("serialNumber", "0")), 16)


def find_principal(certificate: Mapping[str, Any]) -> Principal:
    """The user whom a verified certificate names; IdentityError where it names no role that there is."""
    subject = read_subject(certificate)
    name, role = subject.get("commonName", ""), subject.get("unstructuredName", "")
    if not name:
        raise IdentityError("the certificate names no user (CN)")
    if role not in set(Role):
        known = ", ".join(Role)
        raise IdentityError(f"the certificate of {name} has the role {role!r} (unstructuredName); known: {known}")
    return Principal(
        name=name, kind="user", role=Role(role), org=subject.get("organizationName", ""), project=DEFAULT_PROJECT
    )
