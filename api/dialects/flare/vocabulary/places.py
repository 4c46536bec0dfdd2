"""Which parties run a FLARE job: its server and its sites, refused in FLARE's words where they cannot."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from api.dialects.flare.requests.archive import refuse
from api.dialects.flare.requests.job_folder import SERVER, JobFolder
from api.dialects.flare.vocabulary.draft import ENGINE
from scheduler.domain.model import Party
from scheduler.domain.plan import nearest
from scheduler.domain.studies import Study

SITE_NAME: Final = re.compile("[A-Za-z0-9_-]+")
"""What FLARE's engine takes as a client's name (nvflare 2.9.0, `lighter/entity.py`); a party's id may hold a '.', too."""
NAME_RULE: Final = "letters, digits, '-' and '_'"


def choose_server(job: JobFolder, parties: Sequence[Party], *, chosen: str) -> str:
    """The party that runs the job's server: the operator's choice, one called `server`, or the first that is no site."""
    known = [party.id for party in parties]
    if chosen and chosen not in known:
        raise refuse(f"FEDROTA_FLARE_SERVER names the party {chosen!r}, which is not registered")
    if chosen:
        return chosen
    if SERVER in known:
        return SERVER
    free = next((party for party in known if party not in job.sites), "")
    if not free:
        raise refuse("no party is left to run the server: register one, or name it in FEDROTA_FLARE_SERVER")
    return free


def choose_sites(
    job: JobFolder, parties: Sequence[Party], *, server: str, now: datetime, offline_s: float
) -> tuple[str, ...]:
    """The parties that run the job's clients; FlareError where a site is unknown or there are too few.

    A job for all sites goes to those that are connected, or to all registered ones where too few are: it then
    waits for them. It leaves out those that could not run it.
    """
    if not job.takes_all:
        _check_sites(job, [party.id for party in parties])
        return job.sites
    others = [party for party in parties if party.id != server and not party.drained and can_join(job, party)]
    online = [party.id for party in others if party.is_online(now, offline_s)]
    enough = len(online) >= job.min_clients and set(job.mandatory_clients) <= set(online)
    sites = online if enough else [party.id for party in others]
    missing = set(job.mandatory_clients) - set(sites)
    if missing:
        raise refuse(f"Mandatory clients {missing} are not in the deploy_map for job {job.folder}")
    if len(sites) < job.min_clients:
        left_out = _explain(job, [party for party in parties if party.id != server])
        raise refuse(f"min {job.min_clients} clients required for job {job.folder}, found {len(sites)}.{left_out}")
    return tuple(sites)


def _explain(job: JobFolder, parties: Sequence[Party]) -> str:
    unable = [party.id for party in parties if not has_engine(job, party)]
    unfit = [party.id for party in parties if not fits_engine(job, party.id)]
    return "".join(
        f" {why}: {', '.join(names)} ({remedy})."
        for why, names, remedy in (
            ("Without an engine for FLARE", unable, "FEDROTA_ENGINES"),
            ("With a name that FLARE does not take", unfit, NAME_RULE),
        )
        if names
    )


def can_join(job: JobFolder, party: Party) -> bool:
    """Whether a party can be a site of the job."""
    return has_engine(job, party) and fits_engine(job, party.id)


def fits_engine(job: JobFolder, site: str) -> bool:
    """Whether what runs the job takes such a name for a site."""
    return bool(job.steps) or SITE_NAME.fullmatch(site) is not None


def has_engine(job: JobFolder, party: Party) -> bool:
    """Whether a party's worker has what the job runs with; one that has never said what it has may come to have it."""
    engines = party.facts.get("engines")
    return bool(job.steps) or not isinstance(engines, list) or ENGINE in engines


def check_engines(job: JobFolder, parties: Sequence[Party], *, server: str, sites: Sequence[str]) -> None:
    """FlareError where one of the job's members could not run it."""
    unable = [party.id for party in parties if party.id in {server, *sites} and not has_engine(job, party)]
    if unable:
        raise refuse(
            f"job {job.folder} cannot run at {_quote(unable)}: the worker there has no engine for FLARE. Name a Python "
            "with nvflare in FEDROTA_ENGINES of that worker, or choose other sites"
        )
    unfit = [site for site in sites if not fits_engine(job, site)]
    if unfit:
        raise refuse(
            f"job {job.folder} cannot run at {_quote(unfit)}: FLARE does not take such a name ({NAME_RULE}). "
            "Register the party under another, or choose other sites"
        )


def _quote(names: Sequence[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)


def check_enrolled(sites: Sequence[str], study: Study | None) -> None:
    """FlareError where a job wants sites that are none of its study's."""
    others = [] if study is None else [site for site in sites if site not in study.sites]
    if study is not None and others:
        words = f"site {_quote(others)} is" if len(others) == 1 else f"sites {_quote(others)} are"
        raise refuse(f"{words} not enrolled in study '{study.name}'")


def _check_sites(job: JobFolder, known: Sequence[str]) -> None:
    for site in job.sites:
        if site not in known:
            hint = nearest(site, known)
            raise refuse(f"deploy_map of job {job.folder} names the site {site!r}, which is not known. {hint}".strip())
