"""`fedrota models`: versions of models, their archives and tags."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from fedrota.cli.completion import PartyOption
from fedrota.cli.context import AsJson, connect
from fedrota.cli.show import print_fields, print_json, print_json_list, print_line, print_next, print_table
from fedrota.cli.transfer import transfer_bar
from fedrota.cli.words import NOTHING, say_age, say_size
from fedrota.model import Model

app = typer.Typer()
group = typer.Typer(help="Models and their versions; without a subcommand: list them.")
app.add_typer(group, name="models", rich_help_panel="Results")

ModelId = Annotated[str, typer.Argument(metavar="MODEL", help="The model's id; quote it, it may hold `#`.")]
Version = Annotated[str, typer.Argument(metavar="VERSION", help="The version; of a trained model its job's id.")]
TagName = Annotated[str, typer.Argument(metavar="TAG", help="The tag.")]


@group.callback(invoke_without_command=True)
@group.command("ls", hidden=True)
def list_models(
    ctx: typer.Context,
    *,
    model_id: Annotated[str | None, typer.Option("--model", help="Only versions of this model.")] = None,
    job: Annotated[str | None, typer.Option("--job", help="Only what this job has made.")] = None,
    party: PartyOption = None,
    tag: Annotated[str | None, typer.Option("--tag", help="Only models with this tag.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the project's models, the newest first; subcommands show, deploy, export, import, tag and delete one."""
    if ctx.invoked_subcommand:
        return
    with connect(ctx) as client:
        found = list(client.models(model_id=model_id, job=job, party=party, tag=tag, limit=200))
    if as_json:
        print_json_list(found)
        return
    now = datetime.now(UTC)
    print_table(
        ["model", "version", "deployed", "members", "~tags", "created", "~owner"],
        [_make_row(model, now) for model in found],
        empty="no models yet: a job with the label `model` makes one when it succeeds",
    )


def _make_row(model: Model, now: datetime) -> list[str]:
    return [
        escape(model.model_id),
        escape(model.version),
        "yes" if model.deployed else "no",
        escape(_say_members(model)),
        escape(", ".join(model.tags)) or NOTHING,
        say_age(model.created, now),
        escape(model.owner),
    ]


def _say_members(model: Model) -> str:
    return ", ".join(f"{member.role} {member.party}" for member in model.members)


@group.command("show")
def show_model(ctx: typer.Context, model: ModelId, version: Version, *, as_json: AsJson = False) -> None:
    """Show a version of a model: the parties that hold its parts, and its tags."""
    with connect(ctx) as client:
        _report(client.model(model, version), as_json=as_json)


def _report(model: Model, *, as_json: bool) -> None:
    if as_json:
        print_json(model)
        return
    parent = f"{model.parent_model_id} {model.parent_version}" if model.parent_version else ""
    print_fields(
        [
            ("model", escape(model.model_id)),
            ("version", escape(model.version)),
            ("job", escape(model.job) + (" (imported)" if model.imported else "")),
            ("deployed", escape(", ".join(model.components)) if model.deployed else "no"),
            ("made from", escape(parent)),
            ("members", escape(_say_members(model))),
            ("tags", escape(", ".join(model.tags))),
            ("services", escape(", ".join(model.services))),
            ("created", say_age(model.created, datetime.now(UTC))),
            ("owner", escape(model.owner)),
            ("notes", escape(model.notes)),
        ]
    )
    print_table(
        ["party", "step", "part", ">size"],
        [
            [
                f"{escape(part.role)} {escape(part.party)}",
                escape(part.step),
                escape(part.name),
                say_size(part.size),
            ]
            for part in model.parts
        ],
        empty="no parts: no party of this installation holds any",
    )


@group.command("deploy")
def deploy_model(
    ctx: typer.Context,
    model: ModelId,
    version: Version,
    *,
    components: Annotated[
        list[str] | None, typer.Option("--component", metavar="STEP", help="A step that predicts; default: all.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a version with a fixed choice of the steps that predict."""
    with connect(ctx) as client:
        made = client.deploy_model(model, version, components or ())
    if as_json:
        print_json(made)
        return
    print_line(f"deployed as version {escape(made.version)}: {escape(', '.join(made.components))}")
    print_next(f"fedrota models show '{made.model_id}' {made.version}")


@group.command("export")
def export_model(
    ctx: typer.Context,
    model: ModelId,
    version: Version,
    *,
    target: Annotated[
        Path, typer.Option("-o", "--output", metavar="PATH", help="File or folder to write to.")
    ] = Path(),
    as_json: AsJson = False,
) -> None:
    """Write a model with every party's part to a zip file."""
    with connect(ctx) as client, transfer_bar(f"model {version}", None) as progress:
        path = client.export_model(model, version, target, progress=progress)
    size = path.stat().st_size
    if as_json:
        print_json({"model_id": model, "version": version, "path": str(path), "size": size})
    else:
        print_line(f"wrote {escape(str(path))} ({say_size(size)})")


@group.command("import")
def import_model(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="An archive that `models export` wrote.")],
    *,
    replace: Annotated[bool, typer.Option("--replace", help="Replace a model of that name and version.")] = False,
    as_json: AsJson = False,
) -> None:
    """Import a model that was exported here or elsewhere."""
    size = file.stat().st_size if file.is_file() else None
    with connect(ctx) as client, transfer_bar(file.name, size) as progress:
        model = client.import_model(file, replace=replace, progress=progress)
    _report(model, as_json=as_json)


@group.command("tag")
def tag_model(ctx: typer.Context, model: ModelId, version: Version, tag: TagName, *, as_json: AsJson = False) -> None:
    """Tag a version of a model."""
    with connect(ctx) as client:
        made = client.tag_model(model, version, tag)
    if as_json:
        print_json(made)
    else:
        print_line(f"tagged {escape(model)} {escape(version)} as {escape(made.name)}")


@group.command("untag")
def untag_model(ctx: typer.Context, model: ModelId, version: Version, tag: TagName, *, as_json: AsJson = False) -> None:
    """Remove a tag from a version of a model."""
    with connect(ctx) as client:
        client.untag_model(model, version, tag)
    if as_json:
        print_json({"model_id": model, "version": version, "untagged": tag})
    else:
        print_line(f"took the tag {escape(tag)} from {escape(model)} {escape(version)}")


@group.command("tags")
def list_tags(ctx: typer.Context, *, as_json: AsJson = False) -> None:
    """List the project's tags."""
    with connect(ctx) as client:
        found = list(client.tags())
    if as_json:
        print_json_list(found)
        return
    now = datetime.now(UTC)
    print_table(
        ["tag", "~notes", "modified", "~owner"],
        [
            [escape(tag.name), escape(tag.notes) or NOTHING, say_age(tag.modified, now), escape(tag.owner)]
            for tag in found
        ],
        empty="no tags yet: make one with `fedrota models tag MODEL VERSION TAG`",
    )


@group.command("rm")
def delete_model(ctx: typer.Context, model: ModelId, version: Version, *, as_json: AsJson = False) -> None:
    """Delete a version of a model; the job that made it is kept."""
    with connect(ctx) as client:
        client.delete_model(model, version)
    if as_json:
        print_json({"deleted": model, "version": version})
    else:
        print_line(f"deleted {escape(model)} {escape(version)}")
