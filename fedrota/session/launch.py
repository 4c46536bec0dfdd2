"""`python -m fedrota.flare script.py ...`: runs a FLARE script unchanged; its import of FLARE's session finds ours."""

import runpy
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Final

from fedrota.session.outcomes import SPEC

API: Final = "nvflare.fuel.flare_api.flare_api"
USAGE: Final = "usage: python -m fedrota.flare script.py [arguments of the script]"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the script that the first argument names; 2 and a sentence where there is none."""
    words = list(sys.argv[1:] if argv is None else argv)
    if not words or words[0] in {"-h", "--help"}:
        print(USAGE, file=sys.stderr if not words else sys.stdout)
        return 0 if words else 2
    script = Path(words[0])
    if not script.is_file():
        print(f"{script} is no file\n{USAGE}", file=sys.stderr)  # noqa: T201
        return 2
    alias()
    sys.argv = words
    sys.path.insert(0, str(script.resolve().parent))
    runpy.run_path(str(script), run_name="__main__")
    return 0


def alias() -> None:
    """Have FLARE's module of sessions mean ours, and its module of exceptions too where FLARE is not installed."""
    ours = import_module("fedrota.flare")
    names = [API]
    if find_spec("nvflare") is None:
        names.append(SPEC)
        _make_parents()
    else:
        import_module(SPEC.rpartition(".")[0])
    for name in names:
        sys.modules[name] = ours
        parent, _, child = name.rpartition(".")
        setattr(sys.modules[parent], child, ours)


def _make_parents() -> None:
    """Empty packages, so that `import nvflare.fuel.flare_api.flare_api` finds its way."""
    name = ""
    for part in API.split(".")[:-1]:
        above, name = name, f"{name}.{part}".lstrip(".")
        package = ModuleType(name)
        package.__path__ = []
        sys.modules[name] = package
        if above:
            setattr(sys.modules[above], part, package)
