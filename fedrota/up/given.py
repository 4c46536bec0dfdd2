"""What the operator has set for the centre's processes: in the environment, in `*_FILE`, in the file of FEDROTA_CONFIG."""

import json
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
    return find_variable(environment, name) or find_in_config(environment, name)


def find_variable(environment: Mapping[str, str], name: str) -> str:
    """What the variable says, or the file that its form `..._FILE` names; empty where there is neither."""
    if given := environment.get(name):
        return given
    path = environment.get(f"{name}_FILE")
    return _read(path, f"{name}_FILE").strip() if path else ""


def find_in_config(environment: Mapping[str, str], name: str) -> str:
    """What the TOML file of FEDROTA_CONFIG says in place of the variable, as that would; empty where it says nothing."""
    path = environment.get(CONFIG)
    if not path:
        return ""
    try:
        found = tomllib.loads(_read(path, CONFIG)).get(name.removeprefix(PREFIX).lower(), "")
    except tomllib.TOMLDecodeError as wrong:
        raise UpError(f"{CONFIG}: {path} is no TOML: {wrong}") from wrong
    return found if isinstance(found, str) else json.dumps(found, default=str)


def _read(path: str, name: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as wrong:
        raise UpError(f"{name}: {path} cannot be read: {wrong}") from wrong
