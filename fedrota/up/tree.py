"""Where the servers' source tree lies, and whether the packages that it needs are installed."""

import importlib.util
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from fedrota.up.errors import UpError
from fedrota.up.options import Options

_MARKS: Final = ("api", "config", "scheduler", "workers", "pyproject.toml")
_CENTRE: Final = ("aiohttp", "alembic", "celery", "psutil", "psycopg", "pydantic_settings", "redis", "sqlmodel")
_WORKER: Final = ("celery", "cryptography", "numpy", "psutil", "pyarrow", "pydantic_settings", "websockets")


def find_tree(*, package: Path, here: Path) -> Path:
    """The root of the tree that holds the installed package, else that holds the folder `here`."""
    for folder in (package.parent, here, *here.parents):
        if all((folder / mark).exists() for mark in _MARKS):
            return folder
    raise UpError(
        "the servers run from the source tree of fedrota, which is not here. "
        "Clone the repository, run `make setup` in it, and start `fedrota up` from there."
    )


def missing_packages(names: Iterable[str]) -> list[str]:
    """Those of the top-level packages that cannot be imported."""
    return sorted({name for name in names if importlib.util.find_spec(name) is None})


def require_packages(options: Options) -> None:
    """UpError with the command that installs what the wanted parts lack."""
    centre = options.wants("gateway") or options.wants("scheduler")
    wanted: dict[str, tuple[str, ...]] = {
        "server": _CENTRE if centre else (),
        "worker": _WORKER if options.wants("worker") else (),
    }
    if options.flower:
        wanted["monitor"] = ("flower",)
    lacking = {extra: missing_packages(names) for extra, names in wanted.items()}
    extras = [extra for extra, names in lacking.items() if names]
    if extras:
        names = ", ".join(sorted({name for found in lacking.values() for name in found}))
        raise UpError(
            f"these packages are missing: {names}. In the tree, run `make setup`, "
            f"or: pip install -c constraints.txt -e '.[{','.join(extras)}]'"
        )


def wants_flower(options: Options) -> bool:
    """Whether Flower is to run: told so, or installed; beside the gateway only."""
    installed = not missing_packages(["flower"])
    return options.wants("gateway") and (installed if options.flower is None else options.flower)
