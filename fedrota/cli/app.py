"""The root of the command line: the options before every command, and the commands."""

import sys
from collections.abc import Sequence
from importlib.util import find_spec
from typing import Annotated

import typer
from rich.markup import escape
from typer.exceptions import TyperException

import fedrota
from fedrota.cli import (
    access,
    client_keys,
    components,
    exits,
    jobs,
    logs,
    models,
    outputs,
    parties,
    poison,
    provision,
    prune,
    results,
    submit,
    tables,
)
from fedrota.cli.context import Target
from fedrota.cli.globals import GlobalsAnywhere, asks_for_json
from fedrota.cli.lengths import check_seconds
from fedrota.connection import DEFAULT_TIMEOUT_S
from fedrota.errors import FedrotaError

EPILOG = "Exit codes: " + "; ".join(f"{code} {meaning}" for code, meaning in exits.MEANINGS.items()) + "."


def show_version(given: bool) -> None:  # noqa: FBT001  the signature is typer's
    """Print the program's version and end, without asking a gateway."""
    if given:
        typer.echo(f"fedrota {fedrota.__version__}")
        raise typer.Exit


def set_target(
    ctx: typer.Context,
    *,
    version: Annotated[  # noqa: ARG001  its callback ends the program
        bool, typer.Option("--version", is_eager=True, callback=show_version, help="Show this program's version.")
    ] = False,
    url: Annotated[
        str | None,
        typer.Option(
            "--url",
            help="The gateway; default: FEDROTA_URL, else where `fedrota up` serves, else http://127.0.0.1:9380.",
        ),
    ] = None,
    token: Annotated[
        str | None,
        typer.Option("--token", help="Default: FEDROTA_TOKEN, else the file `token` in FEDROTA_STATE_DIR (.fedrota)."),
    ] = None,
    timeout_s: Annotated[
        float,
        typer.Option(
            "--answer-timeout",
            metavar="SECONDS",
            callback=check_seconds,
            help="How long to wait for the gateway's answer.",
        ),
    ] = DEFAULT_TIMEOUT_S,
) -> None:
    """Submit jobs that span several parties, watch them, read their results."""
    ctx.obj = Target(url=url, token=token, timeout_s=timeout_s)


def make_app() -> typer.Typer:
    """The whole command line."""
    app = typer.Typer(
        name="fedrota",
        cls=GlobalsAnywhere,
        callback=set_target,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode="rich",
        epilog=escape(EPILOG),
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    for part in (submit, jobs, prune, poison, logs, results):
        app.add_typer(part.app)
    app.add_typer(outputs.app, name="output", rich_help_panel="Results")
    app.add_typer(models.app)
    for part in (parties, tables, components, access, client_keys, provision):
        app.add_typer(part.app)
    _mount_local(app)
    return app


def _mount_local(app: typer.Typer) -> None:
    """Add the commands that run the system on this machine."""
    if find_spec("fedrota.up.commands") is not None:
        from fedrota.up.commands import add_commands

        add_commands(app)


def run(args: Sequence[str] | None = None) -> None:
    """Run the command that `args` (default: the process's own) name; ends in SystemExit with the exit code."""
    as_json = asks_for_json(sys.argv[1:] if args is None else args)
    try:
        # Standing alone, typer itself shows a wrong usage, as text.
        code = make_app()(args, prog_name="fedrota", standalone_mode=not as_json)
    except TyperException as error:
        exits.print_json_error(exits.USAGE_CODE, error.format_message())
        sys.exit(exits.USAGE)
    except FedrotaError as error:
        exits.print_error(error, as_json=as_json)
        sys.exit(exits.find_code(error))
    except UnicodeEncodeError as error:
        wrong = FedrotaError(f"{error.object[:80]!a} holds bytes that are no UTF-8: type it again")
        exits.print_error(wrong, as_json=as_json)
        sys.exit(exits.USAGE)
    sys.exit(code)
