"""`make demo`: the whole system, three hospitals' sample data and one federated training, then everything stopped."""

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from rich.console import Console

import fedrota
from fedrota.cli.progress import watch_job
from fedrota.client import Client
from fedrota.errors import FedrotaError
from fedrota.model import Job
from fedrota.up.demo_report import make_report
from fedrota.up.errors import UpError
from fedrota.up.options import Options, PartySpec
from fedrota.up.ports import is_free
from fedrota.up.run import run_up
from fedrota.up.tree import find_tree
from fedrota.up.voice import Terminal

STATE: Final = ".fedrota-demo"
JOB: Final = "examples/breast-homo-lr.yaml"
DATA: Final = "examples/data"
PORT: Final = 9380
PARTIES: Final = (
    PartySpec(id="9999", role="guest"),
    PartySpec(id="10000", role="host"),
    PartySpec(id="10001", role="host"),
)


def run_demo(console: Console, tree: Path) -> Job:
    """Start everything, train, report, stop everything; the job as it ended."""
    options = Options(state=tree / STATE, parties=PARTIES, port=PORT if is_free("127.0.0.1", PORT) else 0)
    ended: list[Job] = []
    urls: list[str] = []

    def train() -> None:
        with Client(urls[0], (options.state / "token").read_text().strip()) as client:
            _upload_samples(client, console, tree / DATA)
            ended.append(_train(client, console, tree, options.state))

    run_up(
        options,
        terminal=Terminal(quiet=True),
        on_ready=lambda plan, _folder, _options: urls.append(plan.url),
        said=lambda sentence: console.print(f"  [dim]{sentence}[/]", highlight=False),
        body=train,
        tree=tree,
    )
    if not ended:
        raise UpError("interrupted; everything is stopped")
    return ended[0]


def list_samples(folder: Path) -> Iterator[tuple[str, Path]]:
    """Each party's files: (party, file)."""
    for party in PARTIES:
        for file in sorted((folder / party.id).glob("*.csv")):
            yield party.id, file


def _upload_samples(client: Client, console: Console, folder: Path) -> None:
    console.print("[bold]Each hospital keeps its own patients[/]")
    for party, file in list_samples(folder):
        table = client.upload(party, file.stem, file, replace=True)
        console.print(f"  party {party}: table {table.name}, {table.rows} rows", highlight=False)


def _train(client: Client, console: Console, tree: Path, state: Path) -> Job:
    console.print(f"[bold]One job trains over all of them[/] ({JOB})")
    began = time.monotonic()
    job = client.submit(tree / JOB)
    job = watch_job(client, job.id, console=console)
    console.print(f"  {job.state} in {time.monotonic() - began:.1f} s", highlight=False)
    if job.state == "success":
        model = _fetch_model(client, job, state / "model.json")
        console.print(make_report(client, job, model=model, state=Path(STATE)))
    return job


def _fetch_model(client: Client, job: Job, path: Path) -> Path:
    """A copy of the first party's model."""
    model = next(output for output in client.outputs(job.id) if output.kind == "model")
    return client.download_output(model.task, model.name, path, sha256=model.sha256)


def main() -> int:
    """Exit status 0 when the job succeeded."""
    console = Console(highlight=False)
    try:
        tree = find_tree(package=Path(fedrota.__file__).parent, here=Path.cwd())
        os.chdir(tree)
        job = run_demo(console, tree)
    except FedrotaError as error:
        Console(stderr=True).print(f"[red bold]error:[/] {error}", soft_wrap=True)
        return 1
    return 0 if job.state == "success" else 1


if __name__ == "__main__":
    sys.exit(main())
