"""`fedrota submit` and `fedrota watch`."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from fedrota.cli.completion import JobId
from fedrota.cli.context import AsJson, connect
from fedrota.cli.lengths import check_seconds
from fedrota.cli.progress import watch_job
from fedrota.cli.show import make_error_console, print_json, print_line, print_next
from fedrota.cli.transfer import transfer_bar
from fedrota.cli.verdict import leave, list_next, print_verdict
from fedrota.client import Client
from fedrota.document import find_line, parse_document, read_stream, read_text, set_param
from fedrota.errors import InvalidError, Problem
from fedrota.model import Job

app = typer.Typer()

STDIN = "standard input"

TimeoutOption = Annotated[
    float | None,
    typer.Option(
        "--timeout", metavar="SECONDS", callback=check_seconds, help="Stop waiting after this long; the job continues."
    ),
]


@app.command(rich_help_panel="Jobs")
def submit(  # noqa: PLR0913  each parameter is a flag of the command line
    ctx: typer.Context,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="The job document, YAML or JSON; - reads standard input.")
    ],
    *,
    wait: Annotated[bool, typer.Option("--wait", help="Wait without output until the job has ended.")] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Show the job until it has ended.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only check the document.")] = False,
    key: Annotated[
        str | None, typer.Option("--key", help="Idempotency key: the same key gives the same job again.")
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="STEP.PARAM=VALUE", help="Set a parameter of a step; may be repeated."),
    ] = None,
    attach: Annotated[
        list[str] | None,
        typer.Option(
            "--attach",
            metavar="FILE[=NAME]",
            help="Send a file along; commands find it as {attachment.NAME}, by default the file's own name. "
            "May be repeated.",
        ),
    ] = None,
    timeout_s: TimeoutOption = None,
    as_json: AsJson = False,
) -> None:
    """Submit a job document; docs/job-document.md has all its fields, GET /fedrota/v1/schemas/job its JSON Schema."""
    files = _parse_files(attach or [])
    text = _read_stdin() if str(file) == "-" else read_text(file)
    document = _apply(text, str(file), settings or [])
    with connect(ctx) as client:
        with _placed(text, str(file)), transfer_bar("attaching", None) if files else nullcontext() as report:
            job = client.submit(document, attachments=files, idempotency_key=key, dry_run=dry_run, progress=report)
        if dry_run:
            _report_check(job, as_json=as_json)
        elif wait or watch:
            _attend(client, job.id, timeout_s, show=watch and not as_json, as_json=as_json)
        else:
            _report_submitted(job, as_json=as_json)


def _read_stdin() -> str:
    return read_stream(typer.get_text_stream("stdin", encoding="utf-8", errors="strict"), STDIN)


def _parse_files(given: list[str]) -> dict[str, Path]:
    """Files by name; typer.BadParameter where two have the same."""
    files: dict[str, Path] = {}
    for text in given:
        path, equals, name = text.rpartition("=")
        # A file whose own name holds the sign is meant before one that is to be called something else.
        file = Path(path) if equals and not Path(text).exists() else Path(text)
        called = name if file != Path(text) else file.name
        if not called:
            raise typer.BadParameter(f"--attach {text}: write FILE or FILE=NAME")
        if called in files:
            raise typer.BadParameter(f"--attach: two files are called {called}: write FILE=NAME for one of them")
        files[called] = file
    return files


def _apply(text: str, name: str, settings: list[str]) -> dict[str, Any]:
    document = parse_document(text, STDIN if name == "-" else name)
    for setting in settings:
        document = set_param(document, setting)
    return document


@contextmanager
def _placed(text: str, name: str) -> Iterator[None]:
    """Say the line beside each place in the document that the gateway complains about."""
    try:
        yield
    except InvalidError as error:
        problems = [_place(problem, text, name) for problem in error.problems]
        raise InvalidError(error.message, status=error.status, problems=problems) from error


def _place(problem: Problem, text: str, name: str) -> Problem:
    line = find_line(text, problem.where) if problem.where else None
    where = f"{name}:{line} {problem.where}" if line else problem.where
    return Problem(where, problem.message, problem.hint)


def _report_check(job: Job, *, as_json: bool) -> None:
    if as_json:
        print_json(job)
    else:
        parties = {party for ids in job.parties.values() for party in ids}
        print_line(f"the document is good: {escape(job.name)}, {len(job.steps)} steps at {len(parties)} parties")


def _report_submitted(job: Job, *, as_json: bool) -> None:
    if as_json:
        print_json(job)
        return
    print_line(f"submitted {escape(job.name)} as job {job.id}")
    print_next(*list_next(job))


def _attend(client: Client, job: str, timeout_s: float | None, *, show: bool, as_json: bool) -> None:
    """Stay with a job to its end; the exit code says how it ended."""
    try:
        ended = watch_job(client, job, timeout_s=timeout_s) if show else client.wait(job, timeout_s=timeout_s)
    except KeyboardInterrupt:
        make_error_console().print(f"job {job} goes on: `fedrota watch {job}` or `fedrota stop {job}`", soft_wrap=True)
        raise
    if as_json:
        print_json(ended)
    else:
        print_verdict(ended)
    leave(ended)


@app.command(rich_help_panel="Jobs")
def wait(ctx: typer.Context, job: JobId, *, timeout_s: TimeoutOption = None, as_json: AsJson = False) -> None:
    """Wait without output until a job has ended; the exit code says how."""
    with connect(ctx) as client:
        _attend(client, job, timeout_s, show=False, as_json=as_json)


@app.command(rich_help_panel="Jobs")
def watch(ctx: typer.Context, job: JobId, *, timeout_s: TimeoutOption = None, as_json: AsJson = False) -> None:
    """Show a job until it has ended: steps, parties, reasons, figures."""
    with connect(ctx) as client:
        _attend(client, job, timeout_s, show=not as_json, as_json=as_json)
