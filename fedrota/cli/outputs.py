"""`fedrota output`: what tasks have left at their parties."""

import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from rich.markup import escape

from fedrota.cli.completion import JobId, PartyOption, StepOption
from fedrota.cli.context import AsJson, connect
from fedrota.cli.show import print_json, print_json_list, print_line, print_next, print_preview, print_table
from fedrota.cli.transfer import transfer_bar
from fedrota.cli.words import say_facts, say_size
from fedrota.client import Client
from fedrota.errors import FedrotaError
from fedrota.model import Output

app = typer.Typer(help="Tables, models and files that tasks have left at their parties.", no_args_is_help=True)

OutputName = Annotated[str, typer.Argument(metavar="NAME", help="The output's name, as `output ls` shows it.")]


@app.command("ls")
def list_outputs(ctx: typer.Context, job: JobId, *, step: StepOption = None, as_json: AsJson = False) -> None:
    """List a job's outputs."""
    with connect(ctx) as client:
        found = list(client.outputs(job, step=step))
    if as_json:
        print_json_list(found)
        return
    print_table(
        ["step", "party", "name", "kind", ">size", "~facts"],
        [
            [
                escape(each.step),
                f"{escape(each.role)} {escape(each.party)}",
                escape(each.name),
                escape(each.kind),
                say_size(each.size),
                escape(say_facts(each.facts)),
            ]
            for each in found
        ],
        empty="no outputs of that step" if step else "no outputs yet",
    )
    if found:
        last = found[-1]
        print_next(f"fedrota output get {job} {last.name} --step {last.step} --party {last.party}")


@app.command("get")
def get_output(  # noqa: PLR0913  each parameter is a flag of the command line
    ctx: typer.Context,
    job: JobId,
    name: OutputName,
    *,
    step: StepOption = None,
    party: PartyOption = None,
    target: Annotated[
        Path, typer.Option("-o", "--output", metavar="PATH", help="File or folder to write to; - is standard output.")
    ] = Path(),
    force: Annotated[bool, typer.Option("--force", help="Replace a file of the output's name in the folder.")] = False,
    as_json: AsJson = False,
) -> None:
    """Download an output from its party, checked against its sha256."""
    if as_json and str(target) == "-":
        raise typer.BadParameter("--json and -o - both write to standard output: name a file with -o")
    with connect(ctx) as client:
        output = choose_output(client, job, name, step=step, party=party)
        if target.is_dir() and not force:
            _check_free(target / output.name)
        if str(target) == "-":
            with TemporaryDirectory(prefix="fedrota-") as folder:  # nothing is passed on before all of it is checked
                whole = client.download_output(output.task, output.name, Path(folder) / "output", sha256=output.sha256)
                with whole.open("rb") as file:
                    shutil.copyfileobj(file, sys.stdout.buffer)
            return
        with transfer_bar(f"{output.name} from {output.party}", output.size or None) as progress:
            path = client.download_output(output.task, output.name, target, sha256=output.sha256, progress=progress)
    size = path.stat().st_size
    if as_json:
        print_json({"path": str(path), "size": size, "sha256": output.sha256, "task": output.task, "name": output.name})
    else:
        print_line(f"wrote {escape(str(path))} ({say_size(size)})")


def _check_free(path: Path) -> None:
    """FedrotaError where something is there: outputs of several parties have one name."""
    if path.exists():
        raise FedrotaError(f"{path} is there already: name another file with -o, or add --force to replace it")


@app.command("preview")
def preview_output(  # noqa: PLR0913  each parameter is a flag of the command line
    ctx: typer.Context,
    job: JobId,
    name: OutputName,
    *,
    step: StepOption = None,
    party: PartyOption = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many rows.")] = 20,
    offset: Annotated[int, typer.Option("--offset", min=0, help="How many rows to skip.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Show rows of an output that is a table."""
    with connect(ctx) as client:
        output = choose_output(client, job, name, step=step, party=party)
        found = client.preview_output(output.task, output.name, limit=limit, offset=offset)
    if as_json:
        print_json(found)
    else:
        print_preview(found.columns, found.rows, found.total)


def choose_output(client: Client, job: str, name: str, *, step: str | None = None, party: str | None = None) -> Output:
    """The one output that the options mean, of its last attempt; an error that lists the choices otherwise."""
    every = list(client.outputs(job, step=step))
    found = [each for each in every if each.name == name and party in {None, each.party}]
    last = {(each.step, each.party, each.role): each for each in sorted(found, key=lambda each: each.attempt)}
    if len(last) == 1:
        return next(iter(last.values()))
    if not last:
        names = ", ".join(dict.fromkeys(each.name for each in every)) or "none yet"
        raise FedrotaError(f"job {job} has no such output {name!r}; its outputs: {names}")
    choices = "\n".join(f"  --step {each.step} --party {each.party}" for each in last.values())
    raise FedrotaError(f"{len(last)} outputs are called {name!r}; say which one you mean:\n{choices}")
