"""A startup kit: where the gateway is, who calls, where files come from and go to."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from fedrota.connection import Connection, find_connection
from fedrota.errors import FedrotaError
from fedrota.session.outcomes import ConfigError

CONFIG: Final = "fed_admin.json"
TRANSFER: Final = "transfer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kit:
    """What a kit says."""

    connection: Connection
    username: str
    upload_dir: Path
    download_dir: Path


def read_kit(username: str, folder: str | None) -> Kit:
    """The kit in `folder`, laid out as FLARE's.

    Its `fed_admin.json` may name the gateway (`gateway: {url, token}`); without that it is the one that FEDROTA_URL
    and FEDROTA_TOKEN or the local installation name. AssertionError, RuntimeError and ConfigError as FLARE's.
    """
    _check(isinstance(username, str), f"username must be str but got {type(username)}")
    _check(isinstance(folder, str), f"startup_path must be str but got {type(folder)}")
    root = Path(str(folder))
    _check(root.is_dir(), f"startup kit does not exist at {folder}")
    startup = root / "startup"
    if not startup.is_dir():
        raise RuntimeError(f"missing startup folder in {folder}")
    admin = _read_admin(startup / CONFIG)
    return Kit(
        connection=_find_connection(admin.get("gateway")),
        username=username or str(admin.get("username", "")),
        upload_dir=_resolve(root, admin.get("upload_dir")),
        download_dir=_resolve(root, admin.get("download_dir")),
    )


def _check(is_fine: bool, words: str) -> None:  # noqa: FBT001  reads as an assertion
    if not is_fine:
        raise AssertionError(words)


def _read_admin(path: Path) -> Mapping[str, Any]:
    try:
        given = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as wrong:
        raise ConfigError(f"missing {path}") from wrong
    except (OSError, ValueError) as wrong:
        raise ConfigError(f"{path} cannot be read: {wrong}") from wrong
    admin = given.get("admin") if isinstance(given, dict) else None
    if not isinstance(admin, dict):
        raise ConfigError(f"missing admin section in {path}")
    return admin


def _find_connection(gateway: Any) -> Connection:
    named = gateway if isinstance(gateway, dict) else {}
    token = os.environ.get("FEDROTA_TOKEN") or named.get("token")
    try:
        return find_connection(named.get("url"), token)
    except FedrotaError as wrong:
        raise ConfigError(str(wrong)) from wrong


def _resolve(root: Path, given: Any) -> Path:
    return root / (given if isinstance(given, str) and given else TRANSFER)
