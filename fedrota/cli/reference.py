"""Draws the page of the command line from the commands: `python -m fedrota.cli.reference > docs/cli.md`."""

import sys
from collections.abc import Iterator
from typing import Any, Final

import typer

from fedrota.cli.app import make_app
from fedrota.cli.exits import MEANINGS

HEAD: Final = """\
# The command line

Generated from `fedrota/cli` by `make docs`; a test fails when it is out of date.

`fedrota COMMAND --help` shows the same at the terminal. Ids are always shown in full; times in tables are relative.

**Which gateway, as whom.** `--url` and `--token` may stand before or after the command. Without them `FEDROTA_URL`
and `FEDROTA_TOKEN` count, then where the `fedrota up` of the state folder serves (`FEDROTA_STATE_DIR`, else `.fedrota`
in the working directory), else `http://127.0.0.1:9380`, and the file `token` in that folder.

**Lists.** `parties`, `tables`, `models`, `tokens` and `clients` list what there is; `ls` may follow.

**For programs.** `--json` prints JSON to standard output and nothing else. Lists are
`{"items": [...], "next": cursor or null}`, times are RFC 3339 in UTC, and fields are only ever added. `events --json`
and `logs --json` print one object per line. An error goes to standard error, with `--json` in the API's form:
`{"error": {"code": "not_found", "message": "...", "problems": []}}`; what no gateway has sent has one of the codes
`usage`, `invalid`, `no_gateway`, `broken_reply` and `wait_timeout`.

**Settings of `up` in a file.** `fedrota up --config up.toml` takes the flags below by their names, with `_` for `-`;
a flag given as well wins. A party with slots of its own is a table `[[party]]` with `id`, `role` and `slots`.

```toml
party = ["9999:guest", "10000:host"]
port = 9380
slots = 8
flower = false
components = ["/srv/fedrota/federated_mean.py"]
```

**Completion.** `fedrota --install-completion` completes commands, job ids, steps and parties.
"""


_TYPES: Final = {"int": "N", "float": "N", "Path": "PATH"}


def render_reference() -> str:
    """The whole page."""
    root = typer.main.get_command(make_app())
    parts = [HEAD, "**Exit codes**\n", "| code | meaning |\n| --- | --- |"]
    parts += [f"| {code} | {meaning} |" for code, meaning in MEANINGS.items()]
    for panel, commands in _group(root).items():
        parts.append(f"\n## {panel}")
        for path, command in commands:
            parts.append(_render_command(path, command))
    return "\n".join(parts) + "\n"


def _group(root: Any) -> dict[str, list[tuple[str, Any]]]:
    """Every command with its path, by the panel that `--help` shows it in."""
    panels: dict[str, list[tuple[str, Any]]] = {}
    for name, command in root.commands.items():
        panel = command.rich_help_panel
        known = panels.setdefault(panel if isinstance(panel, str) else "The system on this machine", [])
        known.extend(_walk(f"fedrota {name}", command))
    return panels


def _walk(path: str, command: Any) -> Iterator[tuple[str, Any]]:
    if getattr(command, "invoke_without_command", True):
        yield path, command
    for name, below in getattr(command, "commands", {}).items():
        if not below.hidden:
            yield from _walk(f"{path} {name}", below)


def _render_command(path: str, command: Any) -> str:
    arguments = [param for param in command.params if param.param_type_name == "argument"]
    options = [param for param in command.params if param.param_type_name == "option" and param.name != "help"]
    words = " ".join(_name_argument(param) for param in arguments)
    lines = [f"\n### `{f'{path} {words}'.strip()}`\n", " ".join((command.help or "").split())]
    rows = [(f"`{_name_argument(param)}`", param.help or "") for param in arguments]
    rows += [(f"`{_name_option(param)}`", _explain(param)) for param in options]
    if rows:
        lines.append("\n| | |\n| --- | --- |")
        lines += [f"| {_escape(name)} | {_escape(text)} |" for name, text in rows]
    return "\n".join(lines)


def _name_argument(param: Any) -> str:
    name = param.metavar or param.name.upper()
    return name if param.required else f"[{name}]"


def _name_option(param: Any) -> str:
    names = ", ".join([*param.opts, *param.secondary_opts])
    return names if param.is_flag else f"{names} {param.metavar or _name_type(param)}"


def _name_type(param: Any) -> str:
    kind = str(param.type_descriptor.annotation)
    return next((name for word, name in _TYPES.items() if word in kind), "TEXT")


def _explain(param: Any) -> str:
    default = param.default
    shown = isinstance(default, (int, float)) and not isinstance(default, bool)
    return (param.help or "") + (f" Default: {default}." if shown else "")


def _escape(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    sys.stdout.write(render_reference())
