"""Which components there are at this party: the built-in, the installed, those named in the settings.

Runs in the zygote; what a module of others does at import can hurt only a process that is made for the trial.
"""

import importlib
import importlib.metadata
import importlib.util
import os
import select
import signal
import sys
import threading
import traceback
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any, Final, NoReturn

from fedrota.component import ComponentInfo, find_components
from workers.components.catalog import MODULES, PRELOAD

GROUP: Final = "fedrota.components"
TRIAL_S: Final = 60.0


@dataclass(slots=True)
class Catalogue:
    """The components by name, and why some modules are left out."""

    found: dict[str, ComponentInfo] = field(default_factory=dict)
    broken: dict[str, str] = field(default_factory=dict)

    def add(self, module: ModuleType) -> None:
        """Take in a module's components; a name that is taken stays with its first owner."""
        fresh = list(find_components(module))
        if not fresh:
            self.broken[module.__name__] = "it has no function with the @component decorator"
        for info in fresh:
            owner = self.found.setdefault(info.name, info)
            if owner.body is not info.body:
                self.broken[f"{module.__name__}:{info.name}"] = (
                    f"component {info.name!r} is in {owner.body.__module__} already: give it another name"
                )


def load_catalogue(named: Iterable[str]) -> Catalogue:
    """All components: built-in modules, entry points of the group, then the modules (or .py files) in `named`."""
    catalogue = Catalogue()
    for source in list_builtin():
        _load_ours(source, catalogue)
    for source in (*list_installed(), *named):
        reason = try_import(source)
        if reason:
            catalogue.broken[source] = reason
        else:
            catalogue.add(import_source(source))
    return catalogue


def _load_ours(source: str, catalogue: Catalogue) -> None:
    """Without a trial, which would load them twice at each start: a library may be missing, no more than that."""
    try:
        catalogue.add(import_source(source))
    except ImportError as wrong:
        catalogue.broken[source] = _render_error(wrong)


def preload() -> None:
    """Load what tasks on tables need, once for all of them; an idle party without tables saves the memory."""
    for module in PRELOAD:
        importlib.import_module(module)


def list_builtin() -> list[str]:
    """The modules of the built-in components."""
    return list(MODULES)


def list_installed() -> list[str]:
    """The modules that installed packages name in the entry point group `fedrota.components`."""
    return sorted({point.module for point in importlib.metadata.entry_points(group=GROUP)})


def try_import(*sources: str) -> str:
    """Why `sources` must not be loaded into the zygote, or empty; tried in a process of its own."""
    read_end, write_end = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(read_end)
        _run_trial(sources, write_end)
    os.close(write_end)
    # Not select(), which fails where the process has many files open.
    poll = select.poll()
    poll.register(read_end, select.POLLIN)
    is_heard = poll.poll(TRIAL_S * 1000)
    said = os.read(read_end, 4096) if is_heard else b""
    os.close(read_end)
    if not is_heard:
        os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    if not is_heard:
        return f"its import did not end within {TRIAL_S:.0f} s"
    if not said:
        return f"its import ended the process (status {os.waitstatus_to_exitcode(status)})"
    return said.decode(errors="replace").strip()


def _run_trial(sources: Sequence[str], write_end: int) -> NoReturn:
    """Import `sources` and write what is wrong with it, a blank where nothing is."""
    reason = " "
    try:
        for source in sources:
            import_source(source)
        if threading.active_count() > 1:
            reason = "it starts threads when it is imported; start them in the component's body"
    finally:
        wrong = sys.exc_info()[1]
        said = _render_error(wrong) if wrong is not None else reason
        with suppress(BrokenPipeError):  # the zygote that asked has been killed
            os.write(write_end, said.encode(errors="replace")[:4096])
        os._exit(0)


def _render_error(wrong: BaseException) -> str:
    last = traceback.extract_tb(wrong.__traceback__)[-1]
    return f"{type(wrong).__name__}: {wrong} ({Path(last.filename).name}, line {last.lineno})"


def import_source(source: str) -> ModuleType:
    """The module called `source`, or the one in the file `source` where that ends in .py."""
    if not source.endswith(".py"):
        return importlib.import_module(source)
    file = Path(source).absolute()
    spec = importlib.util.spec_from_file_location(file.stem, file)
    if spec is None or spec.loader is None:
        raise ImportError(f"{file} cannot be loaded")
    if str(file.parent) not in sys.path:
        sys.path.append(str(file.parent))
    module = importlib.util.module_from_spec(spec)
    sys.modules[file.stem] = module
    spec.loader.exec_module(module)
    return module


def render_offer(info: ComponentInfo) -> dict[str, Any]:
    """A component as the zygote introduces it to its worker."""
    return {
        "name": info.name,
        "params": dict(info.params),
        "summary": info.summary,
        "inputs": dict(info.inputs),
        "outputs": dict(info.outputs),
        "roles": list(info.roles),
        "exchange": info.exchange,
        "reusable": info.reusable,
    }
