"""What the user sees when everything is ready: where things are and what to type first."""

import os
import shlex
from pathlib import Path
from typing import Final

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from fedrota.up.folder import StateFolder
from fedrota.up.options import Options

DEFAULT_URL: Final = "http://127.0.0.1:9380"
NO_PARTIES: Final = "none given: `fedrota parties add ID`, then `fedrota tokens create NAME --party ID` for its worker"
STOP: Final = "Ctrl-C, or `fedrota down` in another terminal"
DOWN: Final = "`fedrota down`"


def make_banner(
    *, url: str, flower_url: str, folder: StateFolder, options: Options, is_detached: bool = False
) -> RenderableType:
    """The panel shown once everything is ready."""
    facts = Table.grid(padding=(0, 2))
    for name, value in [*_facts(url, flower_url, folder, options), ("stop", DOWN if is_detached else STOP)]:
        facts.add_row(Text(name, style="bold"), Text(value, overflow="fold"))
    lines = _first(url, folder, has_parties=bool(options.parties))
    first = Group(
        Text("Try:" if is_detached else "Try in another terminal:", style="bold"),
        *(Text(f"  {line}") for line in lines),
    )
    shown: list[RenderableType] = [facts]
    if options.wants("gateway"):
        shown += [Text(""), first]
    return Panel(Group(*shown), title="fedrota is ready", title_align="left", border_style="green", expand=False)


def _facts(url: str, flower_url: str, folder: StateFolder, options: Options) -> list[tuple[str, str]]:
    parties = ", ".join(f"{party.id} ({party.role})" if party.role else party.id for party in options.parties)
    facts = [("gateway", url)]
    if options.wants("gateway"):
        facts += [("docs", f"{url}/docs"), ("token", str(_short(folder.token)))]
    if options.wants("worker") or options.wants("gateway"):
        facts += [("parties", parties or NO_PARTIES)]
    facts += _flare_doors(options)
    if flower_url:
        facts += [("Flower", flower_url)]
    return [*facts, ("logs", f"{_short(folder.logs)}/")]


def _flare_doors(options: Options) -> list[tuple[str, str]]:
    """What FLARE's clients need: a port, which the kits name, and the kits."""
    doors = [("up to 2.6", "admin_port", options.flare_listener), ("2.8, 2.9", "fed_learn_port", options.flare_bridge)]
    open_ones = [f"{versions}: {name} {port}" for versions, name, port in doors if port and options.wants("gateway")]
    return [("FLARE", "; ".join([*open_ones, "kits: `fedrota provision project.yml`"]))] if open_ones else []


def _first(url: str, folder: StateFolder, *, has_parties: bool) -> list[str]:
    lines = [] if url == DEFAULT_URL else [f"export FEDROTA_URL={url}"]
    if folder.root != Path.cwd() / ".fedrota":
        lines.append(f"export FEDROTA_STATE_DIR={shlex.quote(str(_short(folder.root)))}")
    job = "fedrota submit examples/toy.yaml --watch"
    return [*lines, "fedrota parties", job] if has_parties else [*lines, "fedrota parties add ID", "fedrota parties"]


def _short(path: Path) -> Path:
    """Relative to the working folder where that is shorter to read."""
    here = Path.cwd()
    return Path(os.path.relpath(path, here)) if path.is_relative_to(here) else path
