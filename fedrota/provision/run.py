"""One run of provisioning: new participants get kits, named ones new certificates or none any more."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from fedrota.provision.authority import Authority, Credential
from fedrota.provision.errors import ProvisionError
from fedrota.provision.kits import Gateway, read_gateway, write_kit
from fedrota.provision.project import SERVER, Participant, Project
from fedrota.provision.register import Registrar
from fedrota.up.folder import write_private

FOLDER: Final = "flare"
"""Below the state folder; the gateway's listener reads it."""
DAYS: Final = 365


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvisionRequest:
    """What a run is to do: `renew` new certificates, `revoke` end what they have; `out` holds the kits."""

    project: Project
    state: Path
    out: Path
    url: str
    renew: Collection[str] = ()
    revoke: Collection[str] = ()
    days: int = DAYS


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one participant: made, renewed, kept or revoked."""

    name: str
    type: str
    done: str
    folder: str
    expires: str = ""
    has_token: bool = False


def provision(request: ProvisionRequest, registrar: Registrar) -> list[Outcome]:
    """Carry out the request; what was there and is not named stays as it is. ProvisionError before anything is done."""
    for name in (*request.renew, *request.revoke):
        request.project.get_participant(name)
    both = set(request.renew) & set(request.revoke)
    if both:
        raise ProvisionError(f"{', '.join(sorted(both))} cannot be renewed and revoked in one run")
    authority = Authority(request.state / FOLDER, request.project.name)
    run = _Run(request, authority, registrar, datetime.now(UTC))
    return [run.do(who) for who in request.project.participants]


@dataclass(frozen=True, slots=True)
class _Run:
    request: ProvisionRequest
    authority: Authority
    registrar: Registrar
    now: datetime

    def do(self, who: Participant) -> Outcome:
        folder = self.request.out / who.name
        if who.name in self.request.revoke:
            self.authority.revoke(who.name, self.now)
            self.registrar.revoke(who)
            return Outcome(name=who.name, type=who.type, done="revoked", folder=str(folder))
        valid = self.authority.find_valid(who.name, self.now)
        is_there = (folder / "startup").is_dir()
        if valid is not None and is_there and who.name not in self.request.renew:
            return self._keep(who, folder, expires=valid.expires)
        return self._make(who, folder, was_there=valid is not None)

    def _keep(self, who: Participant, folder: Path, *, expires: str) -> Outcome:
        """Leave a kit as it is, but for a token that it lacks."""
        known = read_gateway(folder)
        token = known.token if known else ""
        if not token:
            token = self.registrar.find_token(who)
            if token:
                self._write(who, folder, None, token)
        return Outcome(
            name=who.name, type=who.type, done="kept", folder=str(folder), expires=expires, has_token=bool(token)
        )

    def _write(self, who: Participant, folder: Path, credential: Credential | None, token: str) -> None:
        gateway = Gateway(url=self.request.url, token=token)
        write_kit(folder, who, self.request.project, credential, root=self.authority.certificate, gateway=gateway)

    def _make(self, who: Participant, folder: Path, *, was_there: bool) -> Outcome:
        hosts = self.request.project.hosts if who.type == SERVER else ()
        credential = self.authority.issue(who, hosts=hosts, days=self.request.days, now=self.now)
        self.authority.revoke(who.name, self.now, spare=credential.issued.serial)
        known = read_gateway(folder)
        token = (known.token if known else "") or self.registrar.find_token(who)
        self._write(who, folder, credential, token)
        if who.type == SERVER:
            self._install(credential.key, credential.certificate)
        return Outcome(
            name=who.name,
            type=who.type,
            done="renewed" if was_there else "made",
            folder=str(folder),
            expires=credential.issued.expires,
            has_token=bool(token),
        )

    def _install(self, key: str, certificate: str) -> None:
        """Have the gateway use it; the key goes first, so that a pair that does not fit is seen for a moment only."""
        folder = self.request.state / FOLDER
        write_private(folder / "server.key", key)
        write_private(folder / "server.crt", certificate)
