"""The commands `up`, `ps` and `down`."""

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fedrota.up.errors import UpError
from fedrota.up.folder import StateFolder, make_folder, recall_parties
from fedrota.up.options import Options, make_options, read_config, with_parties
from fedrota.up.tree import missing_packages

if TYPE_CHECKING:
    from fedrota.up.programs import Plan

DEFAULT_STATE = Path(".fedrota")
State = Annotated[Path, typer.Option(envvar="FEDROTA_STATE_DIR", help="The folder for all state.", show_default=True)]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def add_commands(app: typer.Typer) -> None:
    """Give the command line the three commands."""
    for command in (up, ps, down):
        app.command(rich_help_panel="This machine")(command)


def up(  # noqa: PLR0913  each parameter is a flag of the command line
    *,
    config: Annotated[Path | None, typer.Option(help="A TOML file of these settings, e.g. flower_port = 5555.")] = None,
    party: Annotated[
        list[str] | None,
        typer.Option(help="ID or ID:ROLE, once per party; ROLE is a label. Default: those of last time, else three."),
    ] = None,
    port: Annotated[int | None, typer.Option(help="The gateway's port; 0: any free one; default 9380.")] = None,
    host: Annotated[str | None, typer.Option(help="The gateway's address; default 127.0.0.1.")] = None,
    state: Annotated[Path | None, typer.Option(help="The folder for all state; default .fedrota.")] = None,
    slots: Annotated[int | None, typer.Option(help="How many tasks each party runs at once; default 4.")] = None,
    gateways: Annotated[int | None, typer.Option(help="Gateway processes that share the port; default 1.")] = None,
    only: Annotated[list[str] | None, typer.Option(help="Start only: gateway, scheduler or worker.")] = None,
    postgres: Annotated[str | None, typer.Option(help="URL of a PostgreSQL database; default: SQLite.")] = None,
    broker: Annotated[
        str | None, typer.Option(help="URL of a Redis or Valkey server; default: an embedded Valkey.")
    ] = None,
    gateway: Annotated[str | None, typer.Option(help="URL of the gateway, for --only worker.")] = None,
    components: Annotated[list[str] | None, typer.Option(help="Module or .py file with more components.")] = None,
    worker_niceness: Annotated[int | None, typer.Option(help="0 to 19; default 10 beside a gateway, 0 alone.")] = None,
    flower: Annotated[
        bool | None, typer.Option("--flower/--no-flower", help="Run Flower; default: when installed.")
    ] = None,
    flower_port: Annotated[int | None, typer.Option(help="Flower's port, or the next free one; default 5555.")] = None,
    flare_listener: Annotated[int | None, typer.Option(help="Port for NVFLARE's clients up to 2.6, e.g. 8003.")] = None,
    flare_bridge: Annotated[int | None, typer.Option(help="Port for NVFLARE's clients 2.8 and 2.9, e.g. 8002.")] = None,
    flare_python: Annotated[
        str | None, typer.Option(help="FLARE's Python, for bridge and workers; default: that of FEDROTA_ENGINES.")
    ] = None,
    detach: Annotated[bool, typer.Option("--detach", "-d", help="Return once everything is ready.")] = False,
) -> None:
    """Start the whole system here: broker, gateway, scheduler, one worker per party, Flower."""
    _require_psutil()
    flags: dict[str, Any] = {"parties": party, "port": port, "host": host, "state": state, "slots": slots}
    flags |= {"gateways": gateways, "only": only, "database": postgres, "broker": broker, "gateway": gateway}
    flags |= {"components": components, "worker_niceness": worker_niceness, "flower": flower}
    flags |= {"flower_port": flower_port, "flare_listener": flare_listener}
    flags |= {"flare_bridge": flare_bridge, "flare_python": flare_python}
    options = make_options(flags=flags, environment=os.environ, config=read_config(config) if config else None)
    _start_detached(options) if detach else _start(options)


def ps(*, state: State = DEFAULT_STATE, as_json: Json = False) -> None:
    """Show the processes of the system that runs here; exit code 1 when none runs."""
    _require_psutil()
    from fedrota.cli.show import print_table
    from fedrota.up.record import find_running
    from fedrota.up.table import COLUMNS, find_offline, list_cells, rows_of

    folder = StateFolder(state.absolute())
    record = find_running(folder)
    offline = find_offline(record, folder) if record else {}
    if as_json:
        running = {"url": record.url, "flower_url": record.flower_url, "phase": record.phase} if record else {}
        rows = rows_of(record, offline) if record else []
        typer.echo(json.dumps({"running": record is not None, **running, "processes": rows}, indent=2))
    elif record:
        print_table(COLUMNS, list_cells(record, offline), empty="")
    else:
        typer.echo(f"nothing runs on {state}; start it with `fedrota up`")
    if record is None:
        raise typer.Exit(1)


def down(
    *,
    state: State = DEFAULT_STATE,
    now: Annotated[bool, typer.Option("--now", help="Kill instead of waiting for an orderly end.")] = False,
    as_json: Json = False,
) -> None:
    """Stop the system that runs here; its state stays, and unfinished jobs continue at the next `up`."""
    _require_psutil()
    from fedrota.up.down import stop_running

    record = stop_running(StateFolder(state.absolute()), now=now)
    if as_json:
        typer.echo(json.dumps({"stopped": record is not None, "pid": record.pid if record else None}))
    else:
        typer.echo("stopped" if record else f"nothing runs on {state}")


def _start(options: Options) -> None:
    from fedrota.up.run import run_up
    from fedrota.up.voice import Terminal

    def show(plan: "Plan", folder: StateFolder, chosen: Options) -> None:
        _show_banner(plan.url, plan.flower_url, folder, chosen)

    coloured = sys.stderr.isatty() and not os.environ.get("NO_COLOR")
    run_up(options, terminal=Terminal(coloured=coloured), on_ready=show)


def _start_detached(options: Options) -> None:
    from fedrota.up.run import run_detached

    def run() -> None:
        try:
            _start(options)
        except UpError as error:
            print(error, file=sys.stderr)  # noqa: T201  this process's output is the log file
            os._exit(1)

    folder = make_folder(options.state)
    record = run_detached(run, folder)
    chosen = with_parties(options, recall_parties(folder))
    _show_banner(record.url, record.flower_url, folder, chosen, is_detached=True)


def _show_banner(
    url: str, flower_url: str, folder: StateFolder, options: Options, *, is_detached: bool = False
) -> None:
    from fedrota.cli.show import make_console
    from fedrota.up.banner import make_banner

    banner = make_banner(url=url, flower_url=flower_url, folder=folder, options=options, is_detached=is_detached)
    make_console().print(banner)


def _require_psutil() -> None:
    if missing_packages(["psutil"]):
        raise UpError(
            "`up`, `ps` and `down` need the server packages: clone the repository and run `make setup` in it, "
            "or install the extra: pip install 'fedrota[server]'"
        )


def make_app() -> typer.Typer:
    """The three commands alone."""
    app = typer.Typer(no_args_is_help=True)
    add_commands(app)
    return app


def run_alone(argv: list[str]) -> Any:
    """Run one of the three commands without the rest of the command line."""
    return make_app()(argv, standalone_mode=False)
