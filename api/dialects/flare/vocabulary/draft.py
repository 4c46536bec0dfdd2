"""From a FLARE job to the core's: one step that the server's party and the sites run together."""

from collections.abc import Sequence
from typing import Any, Final

from api.dialects.flare.requests.job_folder import SERVER, JobFolder
from api.dialects.flare.vocabulary.targets import CLIENT
from scheduler.domain.access import Action, Principal, Role, is_allowed
from scheduler.domain.model import Step, Task
from scheduler.domain.plan import Draft, StepDraft, merge_params
from scheduler.store.queries.attachments import Blob

DIALECT: Final = "flare"
ENGINE: Final = "flare"
STEP: Final = "run"
ARCHIVE: Final = "job.zip"


def may_submit(by: Principal) -> bool:
    """As FLARE has it: an organisation's administrator looks after sites and jobs, and submits none."""
    return is_allowed(by, Action.SUBMIT_JOB) and by.role is not Role.ORG_ADMIN


def make_draft(job: JobFolder, blob: Blob, *, server: str, sites: Sequence[str], by: Principal) -> Draft:
    """The job's draft; `server` and `sites` are the parties that `places` has chosen."""
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
        fingerprint=job.fingerprint,
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


def name_app(step: Step, task: Task) -> str:
    """The app that FLARE runs in a task; a step of ours goes by its own name."""
    if step.run.get("engine") != ENGINE:
        return step.name
    return str(merge_params(step.params, step.overrides, task.role, task.position).get("app") or step.name)


def make_origin(job: JobFolder, by: Principal) -> dict[str, Any]:
    """What the core keeps of a FLARE job beside its steps."""
    return {
        "meta": dict(job.meta),
        "folder": job.folder,
        "byoc": job.has_code,
        "submitter": describe_submitter(by),
    }


def describe_submitter(by: Principal) -> dict[str, str]:
    """Who submitted a job, as its meta tells it."""
    return {"name": by.name, "org": by.org, "role": str(by.role or "")}
