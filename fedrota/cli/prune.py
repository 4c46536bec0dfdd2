"""`fedrota prune`."""

import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer
from rich.markup import escape
from rich.progress import Progress

from fedrota.cli import exits
from fedrota.cli.context import AsJson, LabelOption, connect
from fedrota.cli.lengths import parse_length
from fedrota.cli.show import make_error_console, print_json, print_line, print_table
from fedrota.cli.words import say_age, say_state
from fedrota.client import Client
from fedrota.errors import ConflictError, FedrotaError, ForbiddenError, NotFoundError
from fedrota.model import OVER, Job

app = typer.Typer()


@app.command(rich_help_panel="Jobs")
def prune(  # noqa: PLR0913  each parameter is a flag of the command line
    ctx: typer.Context,
    *,
    older_than: Annotated[
        float,
        typer.Option("--older-than", metavar="TIME", parser=parse_length, help="How long ago they ended, e.g. 30d."),
    ],
    state: Annotated[
        list[str] | None, typer.Option("--state", help="Only jobs that ended in this state; may be repeated.")
    ] = None,
    label: LabelOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show which jobs would be deleted.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Delete jobs that ended long ago, with all that is stored of them, also at the parties."""
    states = _check_states(state or [])
    now = datetime.now(UTC)
    with connect(ctx) as client:
        page = client.jobs(state=states, label=label or None, limit=1000)
        old = [job for job in page if job.ended is not None and job.ended <= now - timedelta(seconds=older_than)]
        if dry_run:
            _report_plan(old, now, as_json=as_json)
            return
        if old and not yes:
            _confirm(old)
        kept = _delete_all(client, old)
    _report(old, kept, as_json=as_json)
    if kept:
        raise typer.Exit(exits.REFUSED)


def _check_states(given: list[str]) -> list[str]:
    for state in given:
        if state not in OVER:
            raise typer.BadParameter(f"{state!r} is not a state in which a job has ended: {', '.join(sorted(OVER))}")
    return given or sorted(OVER)


def _confirm(jobs: list[Job]) -> None:
    if not sys.stdin.isatty():
        raise typer.BadParameter(f"no terminal to confirm at: add --yes to delete {_count(jobs)}, or --dry-run")
    typer.confirm(f"Delete {_count(jobs)} for good?", abort=True, err=True)


def _delete_all(client: Client, jobs: Sequence[Job]) -> dict[str, str]:
    """Delete one after the other, with a bar on a terminal; the jobs that had to stay, and why."""
    kept, done, console = {}, 0, make_error_console()
    try:
        with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
            for job in bar.track(jobs, description="deleting"):
                if why := _delete(client, job.id):
                    kept[job.id] = why
                done += 1
    except (KeyboardInterrupt, FedrotaError):
        console.print(
            f"broken off after {done} of {_count(jobs)}: the same command goes on with the rest", soft_wrap=True
        )
        raise
    return kept


def _delete(client: Client, job: str) -> str:
    """Why the job had to stay; empty where it is gone."""
    try:
        client.delete(job)
    except NotFoundError:
        pass  # somebody else was faster
    except (ConflictError, ForbiddenError) as refusal:
        return refusal.message
    return ""


def _count(jobs: Sequence[Job]) -> str:
    return "one job" if len(jobs) == 1 else f"{len(jobs)} jobs"


def _report_plan(jobs: list[Job], now: datetime, *, as_json: bool) -> None:
    if as_json:
        print_json({"would_delete": [job.id for job in jobs]})
        return
    print_table(
        ["id", "~name", "state", "ended"],
        [[job.id, escape(job.name), say_state(job.state), say_age(job.ended, now)] for job in jobs],
        empty="no job is that old",
    )
    if jobs:
        print_line(f"[dim]{_count(jobs)} would be deleted; nothing was[/]")


def _report(jobs: list[Job], kept: dict[str, str], *, as_json: bool) -> None:
    gone = [job for job in jobs if job.id not in kept]
    if as_json:
        print_json({"deleted": [job.id for job in gone], "kept": kept})
        return
    print_line(f"deleted {_count(gone)}" if jobs else "no job is that old")
    for job, why in kept.items():
        print_line(f"kept {job}: {escape(why)}")
