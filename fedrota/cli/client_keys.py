"""`fedrota clients`: what clients of other systems sign their requests with."""

from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.markup import escape

from fedrota.cli.access import parse_expiry
from fedrota.cli.context import AsJson, connect
from fedrota.cli.show import print_json, print_json_list, print_line, print_table
from fedrota.cli.words import NOTHING, say_age
from fedrota.model import ClientKey

app = typer.Typer()
group = typer.Typer(help="App keys of clients that sign their requests, as FATE's do.", no_args_is_help=True)
app.add_typer(group, name="clients", rich_help_panel="Access")


@group.command("ls")
def list_client_keys(ctx: typer.Context, *, as_json: AsJson = False) -> None:
    """List the clients that you may see; their secrets are never shown again."""
    with connect(ctx) as client:
        found = list(client.client_keys())
    if as_json:
        print_json_list(found)
        return
    now = datetime.now(UTC)
    print_table(
        ["app key", "~name", "role", "of", "created", "expires", "state"],
        [_make_row(key, now) for key in found],
        empty="no clients: make one with `fedrota clients create NAME`",
    )


def _make_row(key: ClientKey, now: datetime) -> list[str]:
    return [
        key.id,
        escape(key.name),
        key.role or NOTHING,
        escape(key.org or NOTHING),
        say_age(key.created, now),
        say_age(key.expires, now) if key.expires else "never",
        _say_state(key, now),
    ]


def _say_state(key: ClientKey, now: datetime) -> str:
    if key.revoked:
        return "[red]revoked[/]"
    return "[red]expired[/]" if key.expires and key.expires <= now else "[green]good[/]"


@group.command("create")
def create_client_key(  # noqa: PLR0913  each parameter is a flag of the command line
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Whom or what it is for; its jobs belong to this name.")],
    *,
    role: Annotated[
        str | None, typer.Option("--role", help="project_admin, org_admin, lead (the default) or member.")
    ] = None,
    org: Annotated[str | None, typer.Option("--org", help="The client's organisation.")] = None,
    project: Annotated[str | None, typer.Option("--project", help="The client's project.")] = None,
    expires: Annotated[
        float | None,
        typer.Option(
            "--expires", metavar="TIME", parser=parse_expiry, help="How long it is good, e.g. 30d; default: for ever."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make an app key and its secret key; the secret is shown once, now."""
    with connect(ctx) as client:
        key = client.create_client_key(name, role=role, org=org, project=project, expires_s=expires)
    if as_json:
        print_json(key)
        return
    print_line(f"app key     {key.id}")
    print_line(f"secret key  {key.secret or ''}")
    print_line(f"[dim]for {escape(key.name)} ({key.role}); keep the secret now, it is never shown again.[/]")


@group.command("revoke")
def revoke_client_key(
    ctx: typer.Context,
    client_id: Annotated[str, typer.Argument(metavar="APP_KEY", help="The client's app key.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Revoke a client's keys at once."""
    with connect(ctx) as client:
        client.revoke_client_key(client_id)
    if as_json:
        print_json({"revoked": client_id})
    else:
        print_line(f"revoked client {escape(client_id)}")
