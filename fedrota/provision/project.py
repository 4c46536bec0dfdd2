"""A project file: who takes part, as NVFLARE's `project.yml` writes it; its builders are read past."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from fedrota.provision.errors import ProvisionError

SERVER: Final = "server"
CLIENT: Final = "client"
ADMIN: Final = "admin"
TYPES: Final = (SERVER, CLIENT, ADMIN)
ROLES: Final = ("project_admin", "org_admin", "lead", "member")
FL_PORT: Final = 8002
ADMIN_PORT: Final = 8003
_SITE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_USER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._%+@-]{0,63}")
_ORG: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_ .-]{0,63}")
_HOST: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9.:-]{0,252}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Participant:
    """Somebody who gets a kit; only an admin has a role."""

    name: str
    type: str
    org: str
    role: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """What the file says; `host` is where clients reach the gateway, `admin_port` its FEDROTA_FLARE_PORT."""

    name: str
    participants: tuple[Participant, ...]
    host: str
    hosts: tuple[str, ...]
    fl_port: int
    admin_port: int

    @property
    def server(self) -> Participant:
        """The one server."""
        return next(one for one in self.participants if one.type == SERVER)

    def get_participant(self, name: str) -> Participant:
        """The participant of this name; ProvisionError where there is none."""
        for one in self.participants:
            if one.name == name:
                return one
        known = ", ".join(one.name for one in self.participants)
        raise ProvisionError(f"the project has no participant {name!r}; it has {known}")


def read_project(path: Path, *, host: str = "", port: int = 0) -> Project:
    """The project in a file; `host` and `port` win over what it says. ProvisionError names what is wrong."""
    try:
        given = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as wrong:
        raise ProvisionError(f"cannot read {path}: {wrong}") from wrong
    except yaml.YAMLError as wrong:
        raise ProvisionError(f"{path} is no YAML: {wrong}") from wrong
    if not isinstance(given, dict) or not isinstance(given.get("participants"), list):
        raise ProvisionError(f"{path} needs `name` and a list `participants`, each with name, type and org")
    entries = [_check_entry(entry, place) for place, entry in enumerate(given["participants"])]
    participants = tuple(_parse_participant(entry) for entry in entries)
    _check_names(participants)
    server = next(entry for entry in entries if entry["type"] == SERVER)
    hosts = _list_hosts(server, host)
    return Project(
        name=_check(str(given.get("name", "")), _USER, "name"),
        participants=participants,
        host=hosts[0],
        hosts=hosts,
        fl_port=_parse_port(server.get("fed_learn_port"), FL_PORT),
        admin_port=port or _parse_port(server.get("admin_port"), ADMIN_PORT),
    )


def _check_entry(entry: Any, place: int) -> Mapping[str, Any]:
    if not isinstance(entry, dict):
        raise ProvisionError(f"participants[{place}] must be an object with name, type and org")
    if entry.get("type") not in TYPES:
        raise ProvisionError(f"participants[{place}] has the type {entry.get('type')!r}: use one of {', '.join(TYPES)}")
    return entry


def _parse_participant(entry: Mapping[str, Any]) -> Participant:
    kind, role = entry["type"], entry.get("role", "")
    pattern = _USER if kind == ADMIN else _SITE
    name = _check(str(entry.get("name", "")), pattern, f"the name of a {kind}")
    if kind == ADMIN and role not in ROLES:
        raise ProvisionError(f"admin {name} has the role {role!r}: use one of {', '.join(ROLES)}")
    org = _check(str(entry.get("org", "")), _ORG, f"the org of {name}")
    return Participant(name=name, type=kind, org=org, role=role if kind == ADMIN else "")


def _check(text: str, pattern: "re.Pattern[str]", what: str) -> str:
    if not pattern.fullmatch(text):
        raise ProvisionError(f"{what} is {text[:80]!r}: use letters, digits and . _ - (a user's name also @)")
    return text


def _check_names(participants: Sequence[Participant]) -> None:
    names = [one.name for one in participants]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise ProvisionError(f"these participants are named more than once: {', '.join(repeated)}")
    servers = sum(one.type == SERVER for one in participants)
    if servers != 1:
        raise ProvisionError(
            f"the project has {servers} participants of type server: it needs exactly one, the gateway"
        )


def _list_hosts(server: Mapping[str, Any], host: str) -> tuple[str, ...]:
    """The names and addresses of the gateway, the one for clients first."""
    named = server.get("host_names") or []
    others = named if isinstance(named, list) else [named]
    first = host or server.get("connect_to") or server.get("default_host")
    hosts = [str(one) for one in (first, *others, server["name"]) if one]
    return tuple(dict.fromkeys(_check(one, _HOST, "a host of the server") for one in hosts))


def _parse_port(given: Any, default: int) -> int:
    if given is None:
        return default
    if isinstance(given, bool) or not isinstance(given, int) or not 0 < given < 65536:
        raise ProvisionError(f"{given!r} is no port")
    return given
