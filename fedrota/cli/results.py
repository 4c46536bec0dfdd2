"""`fedrota metrics` and `fedrota summary`."""

import csv
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Annotated, Any, Final

import typer
from rich.markup import escape

from fedrota.cli.completion import JobId, PartyOption, StepOption
from fedrota.cli.context import AsJson, connect
from fedrota.cli.show import print_json_list, print_line, print_table, print_wide, render_json
from fedrota.cli.words import say_number, say_value
from fedrota.model import Metric, Summary

app = typer.Typer()

PARTY_MARK: Final = " [dim]"
"""Stands between a curve's name and its party in a heading."""
VALUE_WIDTH: Final = 100
CSV_COLUMNS: Final = ("step", "attempt", "role", "party", "name", "x", "value", "at")
NO_METRICS = "no metrics yet: a component reports them with `ctx.log_metric(name, value, step)`"
NO_FIGURES = "no figures yet: a component leaves them with `ctx.summary(name=value)`"


@app.command(rich_help_panel="Results")
def metrics(  # noqa: PLR0913  each parameter is a flag of the command line
    ctx: typer.Context,
    job: JobId,
    *,
    step: StepOption = None,
    name: Annotated[str | None, typer.Option("--name", help="Only this curve.")] = None,
    party: PartyOption = None,
    as_csv: Annotated[
        bool, typer.Option("--csv", help="Print CSV, a line per point, of every attempt; x is empty for a figure.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show a job's curves, one line per round; of a step that was retried, the last attempt."""
    if as_csv and as_json:
        raise typer.BadParameter("give --csv or --json, not both")
    with connect(ctx) as client:
        found = list(client.metrics(job, step=step, name=name, party=party, limit=1000))
    if as_json:
        print_json_list(found)
        return
    if as_csv:
        write_csv(found)
        return
    if not found:
        print_line(NO_METRICS if not (step or name or party) else "no such metrics")
    for chosen in dict.fromkeys(metric.step for metric in found):
        _print_step(chosen, keep_last_attempt([metric for metric in found if metric.step == chosen]))


def write_csv(points: Iterable[Metric]) -> None:
    """The points with all their digits as CSV on standard output, behind a header line."""
    lines = csv.writer(sys.stdout, lineterminator="\n")
    lines.writerow(CSV_COLUMNS)
    for point in points:
        values = render_json(point)
        lines.writerow(values[column] for column in CSV_COLUMNS)


def keep_last_attempt(points: Sequence[Metric]) -> list[Metric]:
    """The points of the highest attempt among them."""
    last = max(point.attempt for point in points)
    return [point for point in points if point.attempt == last]


def _print_step(step: str, points: Sequence[Metric]) -> None:
    curves = [point for point in points if point.x is not None]
    figures = [point for point in points if point.x is None]
    print_line(f"[bold]{escape(step)}[/]")
    if curves:
        columns, rows = make_rounds(curves)
        print_wide(columns, rows, keys=[column.partition(PARTY_MARK)[0] for column in columns])
    if figures:
        columns, rows = make_figures(figures)
        print_wide(columns, rows)


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
    columns = [">round", *(f">{escape(name)}{PARTY_MARK}{escape(party)}[/]" for name, party in curves)]
    rows = [[say_number(x), *(cells.get((x, *curve), "") for curve in curves)] for x in rounds]
    return columns, rows


@app.command(rich_help_panel="Results")
def summary(ctx: typer.Context, job: JobId, *, step: StepOption = None, as_json: AsJson = False) -> None:
    """Show the summaries that a job's tasks left."""
    with connect(ctx) as client:
        found = [each for each in client.summaries(job) if step in {None, each.step}]
    if as_json:
        print_json_list(found)
        return
    rows = [row for each in found for row in _make_rows(each)]
    print_table(["step", "party", "figure", "~value"], rows, empty="no figures of that step" if step else NO_FIGURES)


def _make_rows(summary: Summary) -> list[list[str]]:
    party = f"{escape(summary.role)} {escape(summary.party)}"
    return [
        [escape(summary.step), party, escape(name), escape(say_value(value, VALUE_WIDTH))]
        for name, value in list_figures(summary.values)
    ]


def list_figures(values: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Names and values; a mapping too long for one line is a line per entry, under names such as `validate.auc`."""
    for name, value in values.items():
        if isinstance(value, Mapping) and len(say_value(value, sys.maxsize)) > VALUE_WIDTH:
            yield from list_figures(value, f"{above}{name}.")
        else:
            yield f"{above}{name}", value
