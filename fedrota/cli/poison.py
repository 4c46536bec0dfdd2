"""`fedrota poisoned` and `fedrota requeue`."""

from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.markup import escape

from fedrota.cli.completion import JobId
from fedrota.cli.context import AsJson, connect
from fedrota.cli.show import print_json, print_json_list, print_line, print_next, print_table
from fedrota.cli.verdict import list_next
from fedrota.cli.words import say_age

app = typer.Typer()


@app.command(rich_help_panel="Jobs")
def poisoned(
    ctx: typer.Context,
    *,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help="How many at most.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List poisoned steps: they do not run again, because a party's worker died over them repeatedly."""
    with connect(ctx) as client:
        found = client.poisoned(limit=limit)
    if as_json:
        print_json_list(found.items)
        return
    now = datetime.now(UTC)
    print_table(
        ["job", "~name", "step", "party", "task", "ended", "~reason"],
        [
            [
                item.job,
                escape(item.job_name),
                escape(item.step),
                escape(f"{item.role} {item.party}"),
                item.task,
                say_age(item.ended, now),
                escape(item.reason),
            ]
            for item in found.items
        ],
        empty="no step is poison",
    )
    if found.items:
        first = found.items[0]
        print_next(f"fedrota logs {first.task}", f"fedrota requeue {first.job}")


@app.command(rich_help_panel="Jobs")
def requeue(ctx: typer.Context, job: JobId, *, as_json: AsJson = False) -> None:
    """Run a job's poisoned steps again; for admins, once the cause is fixed."""
    with connect(ctx) as client:
        found = client.requeue(job)
    if as_json:
        print_json(found)
        return
    print_line(f"running again: {escape(found.name)}, job {job}")
    print_next(*list_next(found))
