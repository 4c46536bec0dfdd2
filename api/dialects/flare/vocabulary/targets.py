"""Whom a command is for: the server, client sites by name, or all of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from api.dialects.flare.errors import FlareError, MetaStatus
from api.dialects.flare.requests.job_folder import SERVER
from scheduler.domain.model import Party, Task
from scheduler.domain.studies import Study

CLIENT = "client"
ALL = "all"
TYPES = (ALL, SERVER, CLIENT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Targets:
    """The server's party where it is meant, and the sites that are."""

    server: str | None
    sites: tuple[str, ...]


def name_server(parties: Sequence[Party], chosen: str) -> str:
    """The party that counts as the server: the operator's choice, one called `server`, else the first; may be empty."""
    known = [party.id for party in parties]
    return chosen or (SERVER if SERVER in known else next(iter(known), ""))


def list_enrolled(parties: Sequence[Party], study: Study | None, *, server: str) -> list[Party]:
    """The parties that a session in the study has: the server and the study's sites; all of them in none."""
    return [party for party in parties if study is None or party.id == server or party.id in study.sites]


def list_sites(parties: Sequence[Party], server: str) -> list[Party]:
    """Every party that is a client site."""
    return [party for party in parties if party.id != server]


def name_site(task: Task) -> str:
    """What FLARE calls the place of a task."""
    return SERVER if task.role == SERVER else task.party


def choose_targets(words: Sequence[str], parties: Sequence[Party], *, server: str) -> Targets:
    """Whom `words` (`server`, `all`, or `client` and names) mean; FlareError where that is nobody."""
    kind, names = (words[0], words[1:]) if words else (ALL, ())
    if kind not in TYPES or (names and kind != CLIENT):
        raise FlareError(MetaStatus.SYNTAX_ERROR, f"invalid target_type {kind}: must be one of {[ALL, SERVER, CLIENT]}")
    known = [party.id for party in list_sites(parties, server)]
    unknown = [name for name in names if name not in known]
    if unknown:
        raise refuse_sites(unknown)
    sites = () if kind == SERVER else tuple(names) or tuple(known)
    return Targets(server=None if kind == CLIENT else server, sites=sites)


def refuse_sites(names: Sequence[str]) -> FlareError:
    """What is said of names that no site has."""
    return FlareError(MetaStatus.INVALID_TARGET, f"invalid client(s): {' '.join(names)}")


def list_connected(parties: Sequence[Party], *, now: datetime, offline_s: float) -> list[Party]:
    """Those whose workers were heard of lately."""
    return [party for party in parties if party.is_online(now, offline_s)]
