"""Makes the startup kits of one run with FLARE's own provisioning: a throw-away authority, new keys for every run.

Each site has made its private key itself and sends a signing request; what provisioning makes in its stead is
thrown away. Source of the layout: NVIDIA FLARE 2.9.0, package `nvflare.lighter`.
"""

import json
import shutil
import zipfile
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, Final

PROJECT: Final = "fedrota"
ADMIN: Final = "admin@fedrota.local"
ORG: Final = "fedrota"
SERVER: Final = "server"
REGISTER_S: Final = 0.2
"""How soon a site tries again to register; FLARE's own default is 2."""
LOG_S: Final = 0.1
"""How often a site looks for new lines of the job's error log; FLARE's own default is 0.5."""
SCHEDULE_S: Final = 1.0
"""How soon a job is tried again that a site had no room for; FLARE's own default is 10."""
_BUILDERS: Final = (
    {"path": "nvflare.lighter.impl.workspace.WorkspaceBuilder"},
    {"path": "nvflare.lighter.impl.static_file.StaticFileBuilder", "args": {"config_folder": "config", "scheme": "http"}},
    {"path": "nvflare.lighter.impl.cert.CertBuilder"},
)  # fmt: skip


class KitError(Exception):
    """The kits cannot be made; the text says why."""


def make_kits(root: Path, *, host: str, port: int, requests: Mapping[str, str]) -> Path:
    """Provision below `root`; the folder that holds a folder for the server, the admin and each site.

    `requests` maps each site to its certificate signing request (PEM). The server is reached at `host`:`port`.
    """
    made = _provision(root, host=host, port=port, sites=requests)
    folder = Path(made["current_prod_dir"])
    for site, request in requests.items():
        _set_up_site(folder / site)
        startup = folder / site / "startup"
        (startup / "client.key").unlink()
        (startup / "client.crt").write_bytes(_sign(site, request, made["root_pri_key"]))
    shutil.rmtree(root / PROJECT / "state")  # the authority's key has done its work
    _set_up_server(folder / SERVER)
    return folder


def _provision(root: Path, *, host: str, port: int, sites: Iterable[str]) -> Mapping[str, Any]:
    lighter = import_module("nvflare.lighter.provision")
    tools = import_module("nvflare.lighter.prov_utils")
    provisioner = import_module("nvflare.lighter.provisioner").Provisioner
    project = {
        "api_version": 3,
        "name": PROJECT,
        "description": "one run",
        "participants": [
            {"name": SERVER, "type": "server", "org": ORG, "fed_learn_port": port, "admin_port": port,
             "host_names": [host], "default_host": host},
            {"name": ADMIN, "type": "admin", "org": ORG, "role": "project_admin"},
            *({"name": site, "type": "client", "org": ORG} for site in sites),
        ],
        "builders": list(_BUILDERS),
    }  # fmt: skip
    try:
        made: Mapping[str, Any] = provisioner(str(root), tools.prepare_builders(project)).provision(
            lighter.prepare_project(project)
        )
    except ValueError as wrong:
        raise KitError(f"FLARE refuses the names of this run: {wrong}") from wrong
    if made.get("__build_error__"):
        raise KitError("FLARE could not provision this run; the log says why")
    return made


def _sign(site: str, request: str, authority: Any) -> bytes:
    """The site's certificate: of the request only the public key counts, once it is shown to have the private one."""
    x509 = import_module("cryptography.x509")
    utils = import_module("nvflare.lighter.utils")
    found = x509.load_pem_x509_csr(request.encode())
    if not found.is_signature_valid:
        raise KitError(f"the signing request of site {site} is not signed with its own key")
    subject, issuer = utils.Identity(site, ORG), utils.Identity(PROJECT)
    made = utils.generate_cert(subject, issuer, authority, found.public_key(), valid_days=365)
    certificate: bytes = utils.serialize_cert(made)
    return certificate


def _set_up_server(server: Path) -> None:
    """Have the server keep jobs and snapshots in its own folder, not in one that all servers of the host share."""

    def change(given: dict[str, Any]) -> None:
        for component in given["components"]:
            if component["id"] == "job_manager":
                component["args"]["uri_root"] = str(server / "jobs")
            if component["id"] == "job_scheduler":
                component["args"]["min_schedule_interval"] = SCHEDULE_S
        given["snapshot_persistor"]["args"]["storage"]["args"]["root_dir"] = str(server / "snapshots")

    file = server / "local" / "resources.json.default"
    _change(file, change, target=file.with_suffix(""))


def _set_up_site(site: Path) -> None:
    """Have the site register soon, and its job end soon: it waits for the log's last lines to be sent."""

    def change(given: dict[str, Any]) -> None:
        given["client"]["client_register_interval"] = REGISTER_S
        for component in given["components"]:
            if component["id"] == "site_log_streamer":
                component["args"]["poll_interval"] = LOG_S

    file = site / "local" / "resources.json.default"
    _change(file, change, target=file.with_suffix(""))


def _change(file: Path, change: Callable[[dict[str, Any]], None], *, target: Path) -> None:
    given = json.loads(file.read_text())
    change(given)
    target.write_text(json.dumps(given))


def pack_kit(folder: Path, target: Path) -> None:
    """Write a site's kit, which holds no key, as a zip that appears at once."""
    draft = target.with_suffix(".draft")
    draft.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                archive.write(path, path.relative_to(folder).as_posix())
    draft.replace(target)


def unpack_kit(kit: Path, folder: Path) -> None:
    """Put a kit beside the site's own key; nothing of it may lie elsewhere, and it brings no key."""
    with zipfile.ZipFile(kit) as archive:
        for member in archive.infolist():
            parts = Path(member.filename).parts
            if ".." in parts or parts[:1] not in {("startup",), ("local",), ("readme.txt",)} or member.is_dir():
                raise KitError(f"the server's kit holds {member.filename[:100]!r}, which no kit does")
            target = folder.joinpath(*parts)
            if target.suffix != ".key":
                target.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(member) as source, target.open("wb") as out:
                    shutil.copyfileobj(source, out)
