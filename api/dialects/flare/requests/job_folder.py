"""A FLARE job: its meta and which app goes where, refused in FLARE's own sentences where it cannot work."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Final

from api.bodies import MAX_DEPTH, MalformedBodyError
from api.dialects.flare.requests.archive import JobArchive, refuse
from api.dialects.flare.requests.own_steps import find_own_config, parse_own_steps
from api.native.yaml_documents import parse_yaml, to_json
from scheduler.domain.errors import InvalidDocumentError
from scheduler.domain.plan import StepDraft

ALL: Final = "@ALL"
SERVER: Final = "server"
MAX_CLIENTS: Final = 1_000_000
CONFIG_KINDS: Final = ("json", "conf", "yml")
_APP: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFolder:
    """A job as its folder says it: `apps` maps each app to its sites, `server` and `@ALL` among them."""

    folder: str
    name: str
    meta: Mapping[str, Any]
    apps: Mapping[str, tuple[str, ...]]
    min_clients: int
    mandatory_clients: tuple[str, ...]
    resource_spec: Mapping[str, Mapping[str, Any]]
    has_code: bool
    """Whether an app brings code of its own (FLARE's `byoc`)."""
    steps: tuple[StepDraft, ...] = ()
    """What runs instead of FLARE's own server and clients, where the app says so (`config_fedrota`)."""
    fingerprint: str = ""
    """The same for the same files, however they were packed."""

    @property
    def sites(self) -> tuple[str, ...]:
        """Every named client site, in the order of the deploy map; without `@ALL`."""
        named = (site for sites in self.apps.values() for site in sites)
        return tuple(dict.fromkeys(site for site in named if site not in {SERVER, ALL}))

    @property
    def takes_all(self) -> bool:
        """Whether the job goes to every site."""
        return any(ALL in sites for sites in self.apps.values())

    def find_app(self, site: str) -> str | None:
        """The app that `site` (or `server`) gets, None where it gets none."""
        return next((app for app, sites in self.apps.items() if site in sites or ALL in sites), None)


def parse_job(archive: JobArchive) -> JobFolder:
    """The job in an archive; FlareError in the words that FLARE's clients show."""
    folder = archive.folder
    meta = _read_meta(archive)
    apps = _parse_deploy_map(meta.get("deploy_map"), folder)
    _check_apps(archive, apps)
    job = JobFolder(
        folder=folder,
        name=_parse_name(meta.get("name"), folder),
        meta=meta,
        apps=apps,
        min_clients=_parse_min_clients(meta.get("min_clients"), folder),
        mandatory_clients=_parse_mandatory(meta.get("mandatory_clients"), folder),
        resource_spec=_parse_resources(meta.get("resource_spec"), folder),
        steps=parse_own_steps(archive, apps),
        fingerprint=archive.fingerprint,
        has_code=any(path.partition("/custom/")[0] in apps for path in archive.paths if "/custom/" in path),
    )
    _check_counts(job)
    return job


def _read_meta(archive: JobArchive) -> dict[str, Any]:
    path = next((f"meta.{kind}" for kind in CONFIG_KINDS if f"meta.{kind}" in archive.paths), None)
    if path is None:
        raise refuse(
            f"meta.[json|conf|yml] not existing for job {archive.folder}, possible in legacy job format.  "
            "Please upgrade the job structure."
        )
    if path.endswith(".conf"):
        raise refuse(f"meta.conf of job {archive.folder} is not read here: write it as meta.json")
    text = archive.read_text(path)
    try:
        meta = parse_yaml(text.encode()) if path.endswith(".yml") else _parse_json(text)
    except (ValueError, RecursionError, MalformedBodyError) as wrong:
        raise refuse(f"{path} of job {archive.folder} cannot be parsed: {wrong}") from wrong
    except InvalidDocumentError as wrong:
        raise refuse(f"{path} of job {archive.folder} cannot be kept (at most {MAX_DEPTH} levels): {wrong}") from wrong
    if not isinstance(meta, dict):
        raise refuse(f"{path} of job {archive.folder} must be an object")
    return meta


def _parse_json(text: str) -> Any:
    """As FLARE reads it, but for what cannot be kept."""
    return to_json(json.loads(text))


def _parse_name(given: Any, folder: str) -> str:
    if given is not None and not isinstance(given, str):
        raise refuse(f"name of job {folder} must be a text")
    return (given or folder)[:200]


def _parse_deploy_map(given: Any, folder: str) -> dict[str, tuple[str, ...]]:
    if given is None or given == {}:
        raise refuse(f"deploy_map is empty for job {folder}")
    if not isinstance(given, dict):
        raise refuse(f"deploy_map must be a dictionary for job {folder}")
    for app in given:
        if not isinstance(app, str) or not _APP.fullmatch(app):
            raise refuse(f"invalid job app name {app!r}: use letters, digits, '.', '_' and '-'")
    apps = {app: tuple(_list_sites(sites, folder)) for app, sites in given.items() if sites}
    _check_sites([site for of_app in apps.values() for site in of_app], folder)
    return apps


def _check_sites(sites: Sequence[str], folder: str) -> None:
    if not sites:
        raise refuse(f"No site is specified in deploy_map for job {folder}")
    if ALL in sites:
        if len(sites) > 1:
            raise refuse(f"No other site can be specified if {ALL} is used for job {folder}")
        return
    if SERVER not in sites:
        raise refuse(f"Missing server site in deploy_map for job {folder}")
    repeated = sorted(site for site, count in Counter(sites).items() if count > 1)
    if repeated:
        raise refuse(f"Multiple apps to be deployed to following sites {repeated} for job {folder}")


def _list_sites(given: Any, folder: str) -> Iterator[str]:
    """Names of sites; FLARE also takes them as objects with `sites` or `targets`."""
    for item in given if isinstance(given, list) else [given]:
        if isinstance(item, dict):
            yield from _list_sites(item.get("sites") or item.get("targets") or [], folder)
        elif isinstance(item, str):
            yield ALL if item.upper() == ALL else item
        else:
            raise refuse(f"deploy_map of job {folder} names {item!r}: a site is a text")


def _check_apps(archive: JobArchive, apps: Mapping[str, tuple[str, ...]]) -> None:
    folders = archive.list_folders()
    for app, sites in apps.items():
        if app not in folders:
            raise refuse(f"App '{app}' in deploy_map doesn't exist for job {archive.folder}")
        goes_to_clients = any(site != SERVER for site in sites)
        if not sites or ALL in sites or SERVER in sites:
            _check_config(archive, app, "server")
        if goes_to_clients:
            _check_config(archive, app, "client")


def _check_config(archive: JobArchive, app: str, side: str) -> None:
    if find_own_config(archive, app) is not None:
        return
    stem = f"{app}/config/config_fed_{side}"
    if not any(f"{stem}.{kind}" in archive.paths for kind in CONFIG_KINDS):
        raise refuse(f"App '{app}' will be deployed to {side} but {side} config is missing")


def _parse_min_clients(given: Any, folder: str) -> int:
    if given is None:
        return 1
    if isinstance(given, bool) or not isinstance(given, int):
        raise refuse(f"min_clients {given!r} must be a whole number for job {folder}")
    if given <= 0:
        raise refuse(f"min_clients {given} must be positive for job {folder}")
    if given >= MAX_CLIENTS:
        raise refuse(f"min_clients {given} must be less than {MAX_CLIENTS}  for job {folder}")
    return given


def _parse_mandatory(given: Any, folder: str) -> tuple[str, ...]:
    if given is None:
        return ()
    if not isinstance(given, list) or not all(isinstance(site, str) for site in given):
        raise refuse(f"mandatory_clients must be a list of texts for job {folder}")
    return tuple(given)


def _parse_resources(given: Any, folder: str) -> dict[str, Mapping[str, Any]]:
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise refuse(f"Invalid resource_spec for job {folder}")
    for site, wanted in given.items():
        if not isinstance(wanted, dict):
            raise refuse(f"value for key {site} in resource spec is expecting a dictionary")
    return given


def _check_counts(job: JobFolder) -> None:
    """A deploy map that names its sites must name enough of them, the mandatory ones too."""
    if job.takes_all:
        return
    if len(job.sites) < job.min_clients:
        raise refuse(f"min {job.min_clients} clients required for job {job.folder}, found {len(job.sites)}.")
    missing = set(job.mandatory_clients) - set(job.sites)
    if missing:
        raise refuse(f"Mandatory clients {missing} are not in the deploy_map for job {job.folder}")


def name_folder(given: str) -> str:
    """The folder's own name, of the path that a client gives; FlareError where that is none."""
    name = PurePosixPath(given.replace("\\", "/")).name
    if not name or name in {".", ".."} or "\0" in name:
        raise refuse(f"{given!r} names no job folder")
    return name
