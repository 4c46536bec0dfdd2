"""`fedrota clients`: what clients of other systems sign their requests with."""

from typing import Annotated

import typer
from rich.markup import escape

from fedrota.cli.context import AsJson, connect
from fedrota.cli.credentials import (
    FIRST,
    LAST,
    ExpiresOption,
    OrgOption,
    ProjectOption,
    list_first,
    report_revoked,
    say_standing,
)
from fedrota.cli.show import print_json, print_json_list, print_line, print_table

app = typer.Typer()
group = typer.Typer(help="App keys of clients that sign their requests, as FATE's do; without a subcommand: list them.")
app.add_typer(group, name="clients", rich_help_panel="Access")


@group.callback(invoke_without_command=True)
@group.command("ls", hidden=True)
def list_client_keys(ctx: typer.Context, *, as_json: AsJson = False) -> None:
    """List the clients that you may see, without their secrets; subcommands create and revoke one."""
    if ctx.invoked_subcommand:
        return
    with connect(ctx) as client:
        found = list(client.client_keys())
    if as_json:
        print_json_list(found)
        return
    print_table(
        ["app key", *FIRST, LAST],
        [[key.id, *list_first(key), say_standing(key)] for key in found],
        empty="no clients: make one with `fedrota clients create NAME`",
    )


@group.command("create")
def create_client_key(  # noqa: PLR0913  each parameter is a flag of the command line
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Whom or what it is for; its jobs belong to this name.")],
    *,
    role: Annotated[
        str | None, typer.Option("--role", help="project_admin, org_admin, lead (the default) or member.")
    ] = None,
    org: OrgOption = None,
    project: ProjectOption = None,
    expires: ExpiresOption = None,
    as_json: AsJson = False,
) -> None:
    """Create an app key and its secret key; the secret is shown only this once."""
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
    report_revoked("client", client_id, as_json=as_json)
