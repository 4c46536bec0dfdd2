"""`fedrota tokens`, `fedrota whoami`, `fedrota version`."""

from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.markup import escape

import fedrota
from fedrota.cli.completion import complete_party
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
from fedrota.cli.show import print_fields, print_json, print_json_list, print_line, print_next, print_table
from fedrota.cli.words import NOTHING, say_age
from fedrota.errors import NoGatewayError
from fedrota.model import Token

app = typer.Typer()
group = typer.Typer(help="Tokens of users and workers; without a subcommand: list them.")
app.add_typer(group, name="tokens", rich_help_panel="Access")


@group.callback(invoke_without_command=True)
@group.command("ls", hidden=True)
def list_tokens(ctx: typer.Context, *, as_json: AsJson = False) -> None:
    """List the tokens that you may see, without their secrets; subcommands create and revoke one."""
    if ctx.invoked_subcommand:
        return
    with connect(ctx) as client:
        found = list(client.tokens())
    if as_json:
        print_json_list(found)
        return
    print_table(
        ["id", "kind", *FIRST, "last used", LAST],
        [[token.id, token.kind, *list_first(token), _say_use(token), say_standing(token)] for token in found],
        empty="no tokens: make one with `fedrota tokens create NAME`",
    )


def _say_use(token: Token) -> str:
    return say_age(token.last_used, datetime.now(UTC)) if token.last_used else "never"


@group.command("create")
def create_token(  # noqa: PLR0913  each parameter is a flag of the command line
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Whom or what it is for.")],
    *,
    role: Annotated[
        str | None, typer.Option("--role", help="project_admin, org_admin, lead or member (the default).")
    ] = None,
    org: OrgOption = None,
    project: ProjectOption = None,
    party: Annotated[
        str | None,
        typer.Option("--party", help="Make it the token of this party's worker.", autocompletion=complete_party),
    ] = None,
    expires: ExpiresOption = None,
    as_json: AsJson = False,
) -> None:
    """Create a token; its secret is shown only this once."""
    with connect(ctx) as client:
        token = client.create_token(name, role=role, org=org, project=project, party=party, expires_s=expires)
    if as_json:
        print_json(token)
        return
    print_line(token.secret or "")
    whose = f"the worker of party {token.party}" if token.party else f"{token.name} ({token.role})"
    print_line(f"[dim]for {escape(whose)}; keep it now, it is never shown again. Give it as FEDROTA_TOKEN.[/]")
    if token.party:
        print_next(f"fedrota up --only worker --party {token.party} --gateway {client.url}")


@group.command("revoke")
def revoke_token(
    ctx: typer.Context,
    token: Annotated[str, typer.Argument(metavar="ID", help="The token's id.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Revoke a token at once."""
    with connect(ctx) as client:
        client.revoke_token(token)
    report_revoked("token", token, as_json=as_json)


@app.command(rich_help_panel="Access")
def whoami(ctx: typer.Context, *, as_json: AsJson = False) -> None:
    """Show who you are to the gateway: name, role, organisation, project."""
    with connect(ctx) as client:
        found = client.whoami()
        url = client.url
    if as_json:
        print_json(found)
        return
    print_fields(
        [
            ("name", escape(found.name)),
            ("kind", found.kind),
            ("role", found.role or ""),
            ("org", escape(found.org or "")),
            ("project", escape(found.project or "")),
            ("gateway", url),
        ]
    )


@app.command(rich_help_panel="Access")
def version(ctx: typer.Context, *, as_json: AsJson = False) -> None:
    """Show this program's version and the gateway's; works without a gateway too."""
    with connect(ctx) as client:
        try:
            found = client.version()
        except NoGatewayError as error:
            gateway, api, note = None, None, error.message
        else:
            gateway, api, note = found.version, found.api, client.url
    if as_json:
        print_json({"version": fedrota.__version__, "gateway": gateway, "api": api})
        return
    print_fields([("fedrota", fedrota.__version__), ("gateway", f"{gateway or NOTHING} ({escape(note)})")])
