"""The folders that participants get: `startup` with keys and configuration, `local`, `transfer`.

`fed_admin.json` holds the keys that NVFLARE 2.4 to 2.6 read, those that 2.8 and later read, and `gateway`, which the
drop-in session reads. Source: NVIDIA FLARE 2.5.2 and 2.9.0, `nvflare/lighter`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from fedrota.provision.authority import Credential
from fedrota.provision.project import ADMIN, CLIENT, Participant, Project
from fedrota.up.folder import write_private

OVERSEER: Final = "nvflare.ha.dummy_overseer_agent.DummyOverseerAgent"
ADMIN_FILE: Final = "fed_admin.json"
ROOT: Final = "rootCA.pem"
TOKEN_FILE: Final = "worker.token"  # noqa: S105  a file's name
RESOURCES: Final = {
    "format_version": 1,
    "admin": {"idle_timeout": 900.0, "login_timeout": 10.0, "with_debug": False, "authenticate_msg_timeout": 2.0,
              "prompt": "> "},
}  # fmt: skip
ADMIN_SCRIPT: Final = """\
#!/usr/bin/env bash
# FLARE's console, for nvflare 2.4 to 2.6.
DIR="$( cd "$( dirname "${BASH_SOURCE[0]}" )" >/dev/null 2>&1 && pwd )"
mkdir -p "$DIR/../transfer"
exec python3 -m nvflare.fuel.hci.tools.admin -m "$DIR/.." -s fed_admin.json
"""
WORKER_SCRIPT: Final = """\
#!/usr/bin/env bash
# This site's worker; run it where fedrota's tree is the current folder.
DIR="$( cd "$( dirname "${{BASH_SOURCE[0]}}" )" >/dev/null 2>&1 && pwd )"
export FEDROTA_GATEWAY_URL="${{FEDROTA_GATEWAY_URL:-{url}}}" FEDROTA_PARTY="{party}"
export FEDROTA_TOKEN_FILE="$DIR/worker.token" FEDROTA_STATE_DIR="${{FEDROTA_STATE_DIR:-$DIR/../state}}"
exec python3 -m workers "$@"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """How a kit's owner reaches the gateway over HTTP; the token may be missing."""

    url: str
    token: str = ""

    def to_wire(self) -> dict[str, str]:
        """The form in a kit."""
        return {"url": self.url, **({"token": self.token} if self.token else {})}


def write_kit(
    folder: Path, who: Participant, project: Project, credential: Credential | None, *, root: str, gateway: Gateway
) -> None:
    """Write the kit of a participant; without `credential` its keys stay as they are. Secrets have mode 0600."""
    startup = folder / "startup"
    for path in (folder, startup, folder / "local", folder / "transfer"):
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
    stem = "server" if who == project.server else "client"
    (startup / ROOT).write_text(root)
    if credential is not None:
        write_private(startup / f"{stem}.key", credential.key)
        (startup / f"{stem}.crt").write_text(credential.certificate)
    if who.type == ADMIN:
        write_private(startup / ADMIN_FILE, _render(make_fed_admin(who, project, gateway)))
        (folder / "local" / "resources.json.default").write_text(_render(RESOURCES))
        _write_script(startup / "fl_admin.sh", ADMIN_SCRIPT)
    elif who.type == CLIENT:
        (startup / "fed_client.json").write_text(_render(make_fed_client(who, project, gateway)))
        if gateway.token:
            write_private(startup / TOKEN_FILE, gateway.token)
        _write_script(startup / "start.sh", WORKER_SCRIPT.format(party=who.name, url=gateway.url))
    else:
        (startup / "fed_server.json").write_text(_render(make_fed_server(project, gateway)))


def make_fed_admin(who: Participant, project: Project, gateway: Gateway) -> dict[str, Any]:
    """What an admin's kit says to clients of all versions."""
    place = f"{project.host}:{project.fl_port}:{project.admin_port}"
    return {
        "format_version": 1,
        "admin": {
            "project_name": project.name,
            "username": who.name,
            "server_identity": project.server.name,
            "scheme": "http",
            "host": project.host,
            "port": project.fl_port,
            "connection_security": "mtls",
            "uid_source": "user_input",
            "with_file_transfer": True,
            "upload_dir": "transfer",
            "download_dir": "transfer",
            "with_login": True,
            "with_ssl": True,
            "cred_type": "cert",
            "client_key": "client.key",
            "client_cert": "client.crt",
            "ca_cert": ROOT,
            "prompt": "> ",
            "overseer_agent": {"path": OVERSEER, "args": {"sp_end_point": place}},
            "gateway": gateway.to_wire(),
        },
    }


def make_fed_client(who: Participant, project: Project, gateway: Gateway) -> dict[str, Any]:
    """What a site's kit says: our worker takes the place of FLARE's client and needs the gateway alone."""
    return {
        "format_version": 2,
        "servers": [{"name": project.name, "service": {"scheme": "http"}, "identity": project.server.name}],
        "client": {"ssl_private_key": "client.key", "ssl_cert": "client.crt", "ssl_root_cert": ROOT, "fqsn": who.name},
        "gateway": {"url": gateway.url, "party": who.name, "token_file": TOKEN_FILE},
    }


def make_fed_server(project: Project, gateway: Gateway) -> dict[str, Any]:
    """What the server's kit says: the gateway stands in its place."""
    return {
        "format_version": 2,
        "servers": [
            {
                "name": project.name,
                "identity": project.server.name,
                "service": {"target": f"{project.host}:{project.fl_port}", "scheme": "http"},
                "admin_host": project.host,
                "admin_port": project.admin_port,
                "ssl_private_key": "server.key",
                "ssl_cert": "server.crt",
                "ssl_root_cert": ROOT,
            }
        ],
        "gateway": {"url": gateway.url, "flare_port": project.admin_port},
    }


def read_gateway(folder: Path) -> Gateway | None:
    """The gateway that an admin's or a site's kit names already, with its token; None where there is no kit."""
    try:
        given = json.loads((folder / "startup" / ADMIN_FILE).read_text())
        found = given["admin"]["gateway"]
        return Gateway(url=str(found["url"]), token=str(found.get("token", "")))
    except (OSError, ValueError, KeyError, TypeError):
        return _read_site(folder)


def _read_site(folder: Path) -> Gateway | None:
    try:
        return Gateway(url="", token=(folder / "startup" / TOKEN_FILE).read_text().strip())
    except OSError:
        return None


def _render(value: Mapping[str, Any]) -> str:
    return json.dumps(value, indent=2) + "\n"


def _write_script(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o700)
