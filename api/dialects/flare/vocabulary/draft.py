"""From a FLARE job to the core's: one step that the server's party and the sites run together."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from api.dialects.flare.requests.archive import refuse
from api.dialects.flare.requests.job_folder import SERVER, JobFolder
from scheduler.domain.access import Principal
from scheduler.domain.model import Party
from scheduler.domain.plan import Draft, StepDraft, nearest
from scheduler.store.queries.attachments import Blob

DIALECT: Final = "flare"
ENGINE: Final = "flare"
CLIENT: Final = "client"
STEP: Final = "run"
ARCHIVE: Final = "job.zip"


def make_draft(job: JobFolder, blob: Blob, *, server: str, sites: Sequence[str], by: Principal) -> Draft:
    """The job's draft; `server` and `sites` are the parties that `choose_server` and `choose_sites` chose."""
    return Draft(
        name=job.name,
        owner=by.name,
        org=by.org,
        project=by.project,
        roles={SERVER: (server,), CLIENT: tuple(sites)},
        steps=job.steps or (make_engine_step(job, sites),),
        dialect=DIALECT,
        origin=make_origin(job, by),
        attachments={ARCHIVE: blob.id},
    )


def make_engine_step(job: JobFolder, sites: Sequence[str]) -> StepDraft:
    """The one step in which FLARE itself runs the job."""
    apps = {f"{CLIENT}.{place}": job.find_app(site) for place, site in enumerate(sites)}
    apps[SERVER] = job.find_app(SERVER)
    return StepDraft(
        name=STEP,
        run={"engine": ENGINE, "archive": ARCHIVE, "folder": job.folder},
        params={"min_clients": job.min_clients, "sites": list(sites)},
        overrides={member: {"app": app} for member, app in apps.items()},
        gang=True,
    )


def make_origin(job: JobFolder, by: Principal) -> dict[str, Any]:
    """What the core keeps of a FLARE job beside its steps."""
    return {
        "meta": dict(job.meta),
        "folder": job.folder,
        "byoc": job.has_code,
        "files": job.fingerprint,
        "submitter": {"name": by.name, "org": by.org, "role": str(by.role or "")},
    }


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
    waits for them.
    """
    others = [party for party in parties if party.id != server and not party.drained]
    if not job.takes_all:
        _check_sites(job, [party.id for party in parties])
        return job.sites
    online = [party.id for party in others if party.is_online(now, offline_s)]
    enough = len(online) >= job.min_clients and set(job.mandatory_clients) <= set(online)
    sites = online if enough else [party.id for party in others]
    missing = set(job.mandatory_clients) - set(sites)
    if missing:
        raise refuse(f"Mandatory clients {missing} are not in the deploy_map for job {job.folder}")
    if len(sites) < job.min_clients:
        raise refuse(f"min {job.min_clients} clients required for job {job.folder}, found {len(sites)}.")
    return tuple(sites)


def _check_sites(job: JobFolder, known: Sequence[str]) -> None:
    for site in job.sites:
        if site not in known:
            hint = nearest(site, known)
            raise refuse(f"deploy_map of job {job.folder} names the site {site!r}, which is not known. {hint}".strip())
