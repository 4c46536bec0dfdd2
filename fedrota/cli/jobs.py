"""`fedrota jobs`, `job`, `stop`, `rerun`, `clone`, `delete`, `events`."""

from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.markup import escape

from fedrota.cli.completion import JobId, complete_step
from fedrota.cli.context import AsJson, LabelOption, connect
from fedrota.cli.progress import say_event
from fedrota.cli.show import (
    print_fields,
    print_json,
    print_json_line,
    print_json_list,
    print_line,
    print_next,
    print_table,
)
from fedrota.cli.verdict import list_next, print_verdict, say_failure
from fedrota.cli.words import say_age, say_facts, say_roles, say_span, say_state
from fedrota.document import set_param
from fedrota.model import Job, Step

app = typer.Typer()


@app.command(rich_help_panel="Jobs")
def jobs(  # noqa: PLR0913  each parameter is a flag of the command line
    ctx: typer.Context,
    *,
    state: Annotated[
        list[str] | None, typer.Option("--state", help="Only jobs in this state; may be repeated.")
    ] = None,
    name: Annotated[str | None, typer.Option("--name", help="Only jobs whose name holds this.")] = None,
    label: LabelOption = None,
    party: Annotated[str | None, typer.Option("--party", help="Only jobs in which this party takes part.")] = None,
    owner: Annotated[str | None, typer.Option("--owner", help="Only jobs of this owner.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help="How many at most.")] = 20,
    as_json: AsJson = False,
) -> None:
    """List jobs, the newest first."""
    with connect(ctx) as client:
        page = client.jobs(state=state or None, name=name, label=label or None, party=party, owner=owner, limit=limit)
    if as_json:
        print_json_list(page.items, page.next)
        return
    now = datetime.now(UTC)
    filtered = any((state, name, label, party, owner))
    print_table(
        ["id", "~name", "state", "created", ">took", "~reason"],
        [_make_row(job, now) for job in page.items],
        empty="no such jobs" if filtered else "no jobs yet: submit one with `fedrota submit FILE`",
    )
    if page.next:
        print_line(f"[dim]there are more: --limit {min(limit * 5, 1000)}, or narrow it down[/]")


def _make_row(job: Job, now: datetime) -> list[str]:
    return [
        job.id,
        escape(job.name),
        say_state(job.state),
        say_age(job.created, now),
        say_span(job.started, job.ended, now),
        "" if job.state == "success" else escape(job.reason),
    ]


@app.command(rich_help_panel="Jobs")
def job(ctx: typer.Context, job: JobId, *, as_json: AsJson = False) -> None:
    """Show a job with its steps and their tasks."""
    with connect(ctx) as client:
        found = client.job(job)
    if as_json:
        print_json(found)
        return
    now = datetime.now(UTC)
    print_fields(_list_fields(found, now))
    print_line("")
    rows = [row for step in found.steps for row in _make_rows(step, now)]
    print_table(["step", "party", "state", ">took", "task", "~reason"], rows, empty="the job has no steps")
    print_next(*list_next(found))


def _list_fields(job: Job, now: datetime) -> list[tuple[str, str]]:
    return [
        ("id", job.id),
        ("name", escape(job.name)),
        ("state", say_state(job.state) + (" (stopping)" if job.stopping and not job.is_over else "")),
        ("reason", escape(job.reason)),
        ("parties", escape(say_roles(job.parties))),
        ("owner", escape(job.owner)),
        ("project", escape(job.project)),
        ("labels", escape(say_facts(job.labels)) if job.labels else ""),
        ("priority", str(job.priority) if job.priority else ""),
        ("created", say_age(job.created, now)),
        ("took", say_span(job.started, job.ended, now)),
        ("deadline", say_age(job.deadline, now) if job.deadline else ""),
    ]


def _make_rows(step: Step, now: datetime) -> list[list[str]]:
    tries = f" [dim](attempt {step.attempt} of {step.attempts_allowed})[/]" if step.attempt > 1 else ""
    took = say_span(step.started, step.ended, now)
    reason = "" if step.state == "success" else escape(step.reason)
    rows = [[f"[bold]{escape(step.name)}[/]{tries}", "", say_state(step.state), took, "", reason]]
    for task in step.tasks:
        why = "" if task.state == "success" else say_failure(task) if task.failure else task.reason
        party = f"{escape(task.role)} {escape(task.party)}"
        took = say_span(task.started, task.ended, now)
        rows.append(["", party, say_state(task.state), took, task.id, escape(why)])
    return rows


@app.command(rich_help_panel="Jobs")
def stop(
    ctx: typer.Context,
    job: JobId,
    *,
    reason: Annotated[str | None, typer.Option("--reason", help="Why; everyone sees it.")] = None,
    as_json: AsJson = False,
) -> None:
    """Stop a job at all its parties."""
    with connect(ctx) as client:
        _report(client.stop(job, reason=reason), "stopping", as_json=as_json)


@app.command(rich_help_panel="Jobs")
def rerun(
    ctx: typer.Context,
    job: JobId,
    *,
    from_step: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="STEP",
            help="From this step on; else each that did not succeed.",
            autocompletion=complete_step,
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Run an ended job again; the outputs of steps that are not rerun are kept."""
    with connect(ctx) as client:
        _report(client.rerun(job, from_step=from_step), "running again", as_json=as_json)


@app.command(rich_help_panel="Jobs")
def clone(
    ctx: typer.Context,
    job: JobId,
    *,
    name: Annotated[str | None, typer.Option("--name", help="The new job's name.")] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="STEP.PARAM=VALUE", help="Set a parameter of a step; may be repeated."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Submit a job's document again as a new job."""
    with connect(ctx) as client:
        params = None
        if settings:
            document = client.document(job)
            for setting in settings:
                document = set_param(document, setting)
            touched = {setting.partition(".")[0].strip() for setting in settings}
            params = {step["name"]: step["params"] for step in document["steps"] if step.get("name") in touched}
        _report(client.clone(job, name=name, params=params), "submitted", as_json=as_json)


def _report(job: Job, verb: str, *, as_json: bool) -> None:
    if as_json:
        print_json(job)
    elif job.is_over:
        print_verdict(job)
    else:
        print_line(f"{verb}: {escape(job.name)}, job {job.id}")
        print_next(*(command for command in list_next(job) if verb != "stopping" or " stop " not in command))


@app.command(rich_help_panel="Jobs")
def delete(ctx: typer.Context, job: JobId, *, as_json: AsJson = False) -> None:
    """Delete an ended job with all that is stored of it."""
    with connect(ctx) as client:
        client.delete(job)
    if as_json:
        print_json({"deleted": job})
    else:
        print_line(f"deleted job {job}")


@app.command(rich_help_panel="Jobs")
def document(ctx: typer.Context, job: JobId, *, as_json: AsJson = True) -> None:  # noqa: ARG001  it is JSON anyway
    """Print the document that a job was submitted with, as JSON."""
    with connect(ctx) as client:
        print_json(client.document(job))


@app.command(rich_help_panel="Jobs")
def events(
    ctx: typer.Context,
    job: JobId,
    *,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Keep printing until the job has ended.")] = False,
    after: Annotated[int | None, typer.Option("--after", metavar="ID", help="Only those after this one.")] = None,
    as_json: AsJson = False,
) -> None:
    """List a job's state changes; with --json one JSON object per line."""
    count = 0
    with connect(ctx) as client:
        found = client.events(job, after=after) if follow else client.list_events(job, after=after, limit=1000)
        for event in found:
            count += 1
            if as_json:
                print_json_line(event)
            else:
                print_line(f"[dim]{event.id:>6}[/] {say_event(event)}")
    if not count and not as_json:
        print_line("no events yet" if after is None else f"no events after {after}")
