"""Figures and how they are shown: a table for people, JSON for machines."""

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measurement: `value` in `unit`; `goal` is what it should reach, `detail` how it came about."""

    name: str
    profile: str
    value: float
    unit: str
    goal: str = ""
    detail: str = ""


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` (0 to 1) of the values lie."""
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, int(share * len(ranked)))]


def median(values: Sequence[float]) -> float:
    """The middle value."""
    return statistics.median(values)


def print_table(figures: Sequence[Figure]) -> None:
    """One row a figure."""
    table = Table(title="fedrota benchmarks", title_justify="left")
    for column in ("measure", "profile", "figure", "goal", "how"):
        table.add_column(column, justify="right" if column == "figure" else "left")
    for figure in figures:
        table.add_row(figure.name, figure.profile, f"{figure.value:,.2f} {figure.unit}", figure.goal, figure.detail)
    Console(width=150).print(table)


def render_json(figures: Sequence[Figure]) -> dict[str, Any]:
    """The figures as JSON values."""
    return {"figures": [asdict(figure) for figure in figures]}
