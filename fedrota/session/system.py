"""What a session asks of the system: who is connected, what they do and have, whether they get work."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fedrota.session.link import Link
from fedrota.session.shapes import ClientInfo, JobInfo, ServerInfo, SystemInfo, TargetType

TYPES = [TargetType.ALL, TargetType.SERVER, TargetType.CLIENT]


class System(Link):
    """The system methods of a session; names, arguments and exceptions are FLARE's."""

    def get_system_info(self) -> SystemInfo:
        """The server, the connected sites, the jobs under way."""
        meta = self.door.send("check_status", TargetType.SERVER).meta
        return SystemInfo(
            ServerInfo(meta["server_status"], meta["server_start_time"]),
            [ClientInfo(client["client_name"], client["client_last_conn_time"]) for client in meta["clients"]],
            [JobInfo(job["job_id"], job["app_name"]) for job in meta["jobs"]],
        )

    def get_connected_client_list(self) -> list[ClientInfo]:
        """The connected sites."""
        return self.get_system_info().client_info

    def get_client_job_status(self, client_names: Sequence[str] | None = None) -> list[dict[str, Any]]:
        """What each site runs, one entry for each job of each; InvalidTarget for an unknown site."""
        words = check_names(client_names or ())
        return list(self.door.send("check_status", TargetType.CLIENT, *words).meta["client_status"])

    def get_client_env(self, client_names: Sequence[str] | str | None = None) -> list[dict[str, Any]]:
        """Where the sites work; InvalidTarget where one is unknown or none is connected."""
        if client_names and not isinstance(client_names, (str, list)):
            raise ValueError(f"client_names must be str or list of str but got {type(client_names)}")
        names = [client_names] if isinstance(client_names, str) else list(client_names or ())
        return list(self.door.send("report_env", *names).meta["clients"])

    def check_status(self, target_type: str, targets: Sequence[str] | None = None) -> dict[str, Any]:
        """What the targets do."""
        return dict(self.door.send("check_status", *make_words(target_type, targets)).meta)

    def report_resources(self, target_type: str, targets: Sequence[str] | None = None) -> dict[str, str]:
        """The slots of each target."""
        reply = self.door.send("report_resources", *make_words(target_type, targets))
        rows = [row for item in reply.items if item.get("type") == "table" for row in item["rows"][1:]]
        return {row[0]: row[1] for row in rows}

    def report_version(self, target_type: str, targets: Sequence[str] | None = None) -> dict[str, Any]:
        """The version of each target."""
        return self.door.send("report_version", *make_words(target_type, targets)).value

    def disable_client(self, client_name: str) -> dict[str, Any]:
        """Give a site no new work."""
        return self.door.send("disable_client", check_name(client_name)).value

    def enable_client(self, client_name: str) -> dict[str, Any]:
        """Give a site work again."""
        return self.door.send("enable_client", check_name(client_name)).value

    def get_available_apps_to_upload(self) -> list[str]:
        """The names of the folders in `upload_dir`."""
        return [path.name for path in sorted(Path(self.upload_dir).iterdir()) if path.is_dir()]


def make_words(target_type: str, targets: Sequence[str] | None) -> list[str]:
    """A target type and names as words; ValueError for an unknown type."""
    if target_type not in TYPES:
        raise ValueError(f"invalid target_type {target_type}: must be one of {TYPES}")
    return [target_type, *(check_names(targets) if targets and target_type == TargetType.CLIENT else ())]


def check_names(names: Any) -> list[str]:
    """Names of targets; ValueError, TypeError where they are none."""
    if isinstance(names, str) or not isinstance(names, Sequence):
        raise TypeError(f"targets must be a list of str but got {type(names)}")
    for name in names:
        if not isinstance(name, str):
            raise TypeError(f"each target must be str but got {type(name)}")
        if not name:
            raise ValueError("a target name must not be empty")
    return list(names)


def check_name(name: Any) -> str:
    """The name of one site; ValueError where it is none."""
    if not isinstance(name, str) or not name:
        raise ValueError(f"client_name must be a non-empty str but got {name!r}")
    return name
