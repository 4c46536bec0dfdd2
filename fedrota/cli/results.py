"""`fedrota metrics` and `fedrota summary`."""

from collections.abc import Iterable, Sequence
from typing import Annotated

import typer
from rich.markup import escape

from fedrota.cli.completion import JobId, PartyOption, StepOption
from fedrota.cli.context import AsJson, connect
from fedrota.cli.show import print_json_list, print_line, print_table
from fedrota.cli.words import say_number, say_value
from fedrota.model import Metric, Summary

app = typer.Typer()

NO_METRICS = "no metrics yet: a component reports them with `ctx.log_metric(name, value, step)`"
NO_FIGURES = "no figures yet: a component leaves them with `ctx.summary(name=value)`"


@app.command(rich_help_panel="Results")
def metrics(
    ctx: typer.Context,
    job: JobId,
    *,
    step: StepOption = None,
    name: Annotated[str | None, typer.Option("--name", help="Only this curve.")] = None,
    party: PartyOption = None,
    as_json: AsJson = False,
) -> None:
    """Show a job's curves, one line per round; of a step that was retried, the last attempt."""
    with connect(ctx) as client:
        found = list(client.metrics(job, step=step, name=name, party=party, limit=1000))
    if as_json:
        print_json_list(found)
        return
    if not found:
        print_line(NO_METRICS if not (step or name or party) else "no such metrics")
    for chosen in dict.fromkeys(metric.step for metric in found):
        _print_step(chosen, keep_last_attempt([metric for metric in found if metric.step == chosen]))


def keep_last_attempt(points: Sequence[Metric]) -> list[Metric]:
    """The points of the highest attempt among them."""
    last = max(point.attempt for point in points)
    return [point for point in points if point.attempt == last]


def _print_step(step: str, points: Sequence[Metric]) -> None:
    curves = [point for point in points if point.x is not None]
    figures = [point for point in points if point.x is None]
    title = f"[bold]{escape(step)}[/]"
    if curves:
        columns, rows = make_rounds(curves)
        print_table(columns, rows, empty="", title=title)
    if figures:
        columns, rows = make_figures(figures)
        print_table(columns, rows, empty="", title="" if curves else title)


def make_figures(points: Iterable[Metric]) -> tuple[list[str], list[list[str]]]:
    """A table with a line per single figure and a column per party."""
    cells = {(point.name, point.party): say_number(point.value) for point in points}
    parties = sorted({party for _, party in cells})
    names = dict.fromkeys(name for name, _ in cells)
    columns = ["figure", *(f">[dim]{escape(party)}[/]" for party in parties)]
    return columns, [[escape(name), *(cells.get((name, party), "") for party in parties)] for name in names]


def make_rounds(points: Iterable[Metric]) -> tuple[list[str], list[list[str]]]:
    """A table with a line per round and a column per curve and party."""
    cells = {(point.x, point.name, point.party): say_number(point.value) for point in points}
    curves = list(dict.fromkeys((name, party) for _, name, party in cells))
    curves.sort(key=lambda curve: curve[0])
    rounds = sorted({x for x, _, _ in cells if x is not None})
    columns = [">round", *(f">{escape(name)} [dim]{escape(party)}[/]" for name, party in curves)]
    rows = [[say_number(x), *(cells.get((x, *curve), "") for curve in curves)] for x in rounds]
    return columns, rows


@app.command(rich_help_panel="Results")
def summary(ctx: typer.Context, job: JobId, *, step: StepOption = None, as_json: AsJson = False) -> None:
    """Show the figures that a job's tasks left."""
    with connect(ctx) as client:
        found = [each for each in client.summaries(job) if step in {None, each.step}]
    if as_json:
        print_json_list(found)
        return
    rows = [row for each in found for row in _make_rows(each)]
    print_table(["step", "party", "figure", "~value"], rows, empty=NO_FIGURES)


def _make_rows(summary: Summary) -> list[list[str]]:
    party = f"{escape(summary.role)} {escape(summary.party)}"
    return [
        [escape(summary.step), party, escape(name), escape(say_value(value, 100))]
        for name, value in summary.values.items()
    ]
