"""Apps of ours in a FLARE job folder: `config_fedrota.json` or `.yaml` holds the steps of a job document.

The steps are those of our own job documents, without parties: their roles are `server` and `client`, and the
deploy map says, as for any FLARE app, which sites the clients are.
"""

from collections.abc import Mapping
from typing import Any, Final

from api.bodies import parse_json
from api.dialects.flare.requests.archive import JobArchive, refuse
from api.native.documents import JobDocument
from api.native.drafts import draft_step
from api.native.yaml_documents import parse_yaml
from api.parsing import parse_body
from scheduler.domain.errors import FedrotaError, InvalidDocumentError
from scheduler.domain.plan import StepDraft

STEM: Final = "config_fedrota"
KINDS: Final = ("json", "yaml", "yml")
ROLES: Final = ("server", "client")


def find_own_config(archive: JobArchive, app: str) -> str | None:
    """The path of an app's steps; None for an app of FLARE's."""
    paths = (f"{app}/config/{STEM}.{kind}" for kind in KINDS)
    return next((path for path in paths if path in archive.paths), None)


def parse_own_steps(archive: JobArchive, apps: Mapping[str, Any]) -> tuple[StepDraft, ...]:
    """The steps of the job's app, none where it is FLARE's; FlareError where they are wrong."""
    own = {app: path for app in apps if (path := find_own_config(archive, app)) is not None}
    if not own:
        return ()
    if len(apps) > 1:
        raise refuse(f"an app with {STEM} must be the only one of job {archive.folder}")
    return _parse(archive, *own.values())


def _parse(archive: JobArchive, path: str) -> tuple[StepDraft, ...]:
    raw = archive.read_text(path).encode()
    try:
        given = parse_json(raw) if path.endswith(".json") else parse_yaml(raw)
        steps = given.get("steps") if isinstance(given, dict) else given
        document = parse_body(JobDocument, {"name": "x", "parties": {role: ["x"] for role in ROLES}, "steps": steps})
    except InvalidDocumentError as wrong:
        problems = "; ".join(f"{problem.where} {problem.message}" for problem in wrong.problems)
        raise refuse(f"{path} of job {archive.folder}: {problems}") from wrong
    except FedrotaError as wrong:
        raise refuse(f"{path} of job {archive.folder}: {wrong}") from wrong
    return tuple(draft_step(step) for step in document.steps)
