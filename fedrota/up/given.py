"""What the operator has set for the centre's processes: in the environment, in `*_FILE`, in the file of FEDROTA_CONFIG."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from fedrota.up.errors import UpError

PREFIX: Final = "FEDROTA_"
CONFIG: Final = "FEDROTA_CONFIG"


def find_setting(environment: Mapping[str, str], name: str) -> str:
    """The setting that the processes would find for the variable `name`; empty where there is none.

    `up` gives them some by name, which wins over what a file says: so it must look where they look.
    """
    if given := environment.get(name):
        return given
    if path := environment.get(f"{name}_FILE"):
        return _read(path, f"{name}_FILE").strip()
    if path := environment.get(CONFIG):
        return _find_in_toml(path, name.removeprefix(PREFIX).lower())
    return ""


def _find_in_toml(path: str, key: str) -> str:
    try:
        found = tomllib.loads(_read(path, CONFIG)).get(key, "")
    except tomllib.TOMLDecodeError as wrong:
        raise UpError(f"{CONFIG}: {path} is no TOML: {wrong}") from wrong
    return str(found)


def _read(path: str, name: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as wrong:
        raise UpError(f"{name}: {path} cannot be read: {wrong}") from wrong
