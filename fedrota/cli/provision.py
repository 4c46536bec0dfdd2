"""`fedrota provision`: startup kits for the people and sites of a FLARE project."""

import os
from collections.abc import Sequence
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from fedrota.cli.context import AsJson, connect
from fedrota.cli.show import print_json, print_line, print_table
from fedrota.errors import FedrotaError

if TYPE_CHECKING:
    from fedrota.provision.project import Project
    from fedrota.provision.run import Outcome

app = typer.Typer()

ProjectFile = Annotated[Path, typer.Argument(metavar="PROJECT", help="A project file like NVFLARE's project.yml.")]
Out = Annotated[Path | None, typer.Option("--out", help="Where the kits go; default: a folder of the project's name.")]
State = Annotated[
    Path | None, typer.Option("--state", help="The gateway's state folder; default: FEDROTA_STATE_DIR (.fedrota).")
]
Host = Annotated[str, typer.Option("--host", help="Where clients reach the gateway; default: what the file says.")]
Port = Annotated[
    int,
    typer.Option(
        "--flare-port",
        min=0,
        max=65535,
        help="The gateway's FEDROTA_FLARE_PORT; default: the file's admin_port, else 8003.",
    ),
]
Renew = Annotated[
    list[str] | None,
    typer.Option("--renew", metavar="NAME", help="Give this participant a new key; the old certificate is revoked."),
]
Revoke = Annotated[
    list[str] | None, typer.Option("--revoke", metavar="NAME", help="Revoke its certificate and tokens.")
]
Days = Annotated[int, typer.Option("--days", min=1, max=3650, help="How many days certificates are valid.")]


@app.command(rich_help_panel="Access")
def provision(  # noqa: PLR0913  each parameter is a flag of the command line
    ctx: typer.Context,
    project: ProjectFile,
    *,
    out: Out = None,
    state: State = None,
    host: Host = "",
    port: Port = 0,
    renew: Renew = None,
    revoke: Revoke = None,
    days: Days = 365,
    as_json: AsJson = False,
) -> None:
    """Write startup kits for admins, sites and the server; run again, it makes only what is missing."""
    if find_spec("cryptography") is None:
        raise FedrotaError("fedrota provision needs the package cryptography: pip install 'fedrota[server]'")
    from fedrota.provision.project import read_project
    from fedrota.provision.register import Registrar
    from fedrota.provision.run import ProvisionRequest
    from fedrota.provision.run import provision as carry_out

    chosen = read_project(project, host=host, port=port)
    folder = state or Path(os.environ.get("FEDROTA_STATE_DIR") or ".fedrota")
    kits = out or Path(chosen.name)
    with connect(ctx) as client:
        registrar = Registrar(client)
        request = ProvisionRequest(
            project=chosen, state=folder, out=kits, url=client.url, renew=renew or (), revoke=revoke or (), days=days
        )
        outcomes = carry_out(request, registrar)
    if as_json:
        kinds = [asdict(one) for one in outcomes]
        print_json({"kits": kinds, "flare_port": chosen.admin_port, "notes": registrar.notes})
    else:
        _show(outcomes, registrar.notes, chosen, folder)


def _show(outcomes: "Sequence[Outcome]", notes: Sequence[str], project: "Project", state: Path) -> None:
    print_table(
        ["name", "type", "kit", "~folder", "certificate until", "token"],
        [
            [
                escape(one.name),
                one.type,
                one.done,
                escape(one.folder),
                one.expires[:10],
                "yes" if one.has_token else "-",
            ]
            for one in outcomes
        ],
        empty="the project has no participants",
    )
    for note in notes:
        print_line(f"[yellow]{escape(note)}[/]")
    print_line(
        f"[dim]The gateway serves these certificates on port {project.admin_port} when it runs with "
        f"FEDROTA_FLARE_PORT={project.admin_port} and the state folder {escape(str(state))}.[/]"
    )
