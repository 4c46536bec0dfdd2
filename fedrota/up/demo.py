"""`make demo`: the whole system, three hospitals' sample data and one federated training, then everything stopped."""

import argparse
import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import yaml
from rich.console import Console, RenderableType
from rich.markup import escape

import fedrota
from fedrota.cli.progress import watch_job
from fedrota.client import Client
from fedrota.errors import FedrotaError
from fedrota.model import Job
from fedrota.up.demo_report import JOB, make_report
from fedrota.up.errors import UpError
from fedrota.up.options import DEFAULT_PARTIES, Options
from fedrota.up.ports import is_free
from fedrota.up.run import run_up
from fedrota.up.tree import find_tree
from fedrota.up.voice import Terminal

STATE: Final = ".fedrota-demo"
DATA: Final = "examples/data"
TRAINING: Final = "lr"
"""The step of the demo's job whose model is shown."""
PORT: Final = 9380


def run_demo(console: Console, tree: Path, state: Path) -> Job:
    """Start everything, train, report, stop everything; the job as it ended."""
    options = Options(
        state=state, parties=DEFAULT_PARTIES, port=PORT if is_free("127.0.0.1", PORT) else 0, flower=False
    )
    ended: list[tuple[Job, RenderableType]] = []
    urls: list[str] = []

    def train() -> None:
        with Client(urls[0], (options.state / "token").read_text().strip()) as client:
            _upload_samples(client, console, tree)
            job = _train(client, console, tree)
            ended.append((job, _report(client, job, options.state)))

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
    job, report = ended[0]
    console.print(report)
    return job


def list_samples(tree: Path) -> Iterator[tuple[str, Path]]:
    """Each party's files that the demo's job reads: (party, file)."""
    steps = yaml.safe_load((tree / JOB).read_text())["steps"]
    tables = sorted(step["params"]["table"] for step in steps if step.get("component") == "reader")
    for party in DEFAULT_PARTIES:
        for table in tables:
            yield party.id, tree / DATA / party.id / f"{table}.csv"


def _upload_samples(client: Client, console: Console, tree: Path) -> None:
    """All parties at once, as they would do it themselves."""
    console.print("[bold]Each hospital keeps its own patients[/]")
    with ThreadPoolExecutor() as pool:
        samples = list(list_samples(tree))
        tables = pool.map(lambda sample: client.upload(sample[0], sample[1].stem, sample[1], replace=True), samples)
        for table in tables:
            console.print(f"  party {table.party}: table {table.name}, {table.rows} rows", highlight=False)


def _train(client: Client, console: Console, tree: Path) -> Job:
    console.print(f"[bold]One job trains over all of them[/] ({JOB})")
    began = time.monotonic()
    job = watch_job(client, client.submit(tree / JOB).id, console=console)
    console.print(f"  {job.state} in {time.monotonic() - began:.1f} s", highlight=False)
    return job


def _report(client: Client, job: Job, state: Path) -> RenderableType:
    if job.state != "success":
        return f"[red bold]{job.state}[/]: {escape(job.reason)}"
    return make_report(client, job, model=_fetch_model(client, job, state / "model.json"), state=state)


def _fetch_model(client: Client, job: Job, path: Path) -> Path:
    """A copy of the first party's trained model; the steps before it leave models of their own kinds."""
    models = [output for output in client.outputs(job.id) if output.kind == "model"]
    model = next(output for output in models if output.step == TRAINING)
    return client.download_output(model.task, model.name, path, sha256=model.sha256)


def main() -> int:
    """Exit status 0 when the job succeeded."""
    parser = argparse.ArgumentParser(prog="python -m fedrota.up.demo", description=__doc__)
    parser.add_argument("--state", type=Path, default=Path(STATE), help="the state folder (default: %(default)s)")
    console = Console(highlight=False)
    try:
        tree = find_tree(package=Path(fedrota.__file__).parent, here=Path.cwd())
        os.chdir(tree)
        job = run_demo(console, tree, parser.parse_args().state.absolute())
    except FedrotaError as error:
        Console(stderr=True).print(f"[red bold]error:[/] {escape(str(error))}", soft_wrap=True)
        return 1
    return 0 if job.state == "success" else 1


if __name__ == "__main__":
    sys.exit(main())
