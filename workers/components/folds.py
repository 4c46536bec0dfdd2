"""Splits samples into folds for cross-validation, and reports what was measured in each."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fedrota.component import Context, InvalidInputError

Row = Mapping[str, Mapping[str, float]]
"""Metrics by split: train, validate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fold:
    """One part of the rows to measure with, and the rest to train with; both in the rows' order."""

    number: int
    train: list[int]
    held: list[int]


def plan_folds(context: Context, rows: int) -> list[Fold]:
    """The folds, from 1: the same wherever the number of rows and the parameters are; they differ by a row at most."""
    params = context.params
    count = params["cv_folds"]
    if rows < count:
        raise InvalidInputError(
            f"the training table of party {context.me.party} has {rows} rows, too few for {count} folds: lower `cv_folds`"
        )
    order = np.random.default_rng(params["cv_seed"]).permutation(rows) if params["cv_shuffle"] else np.arange(rows)
    parts = [np.sort(part) for part in np.array_split(order, count)]
    return [
        Fold(number=place + 1, train=np.setdiff1d(np.arange(rows), part).tolist(), held=part.tolist())
        for place, part in enumerate(parts)
    ]


def report_folds(context: Context, rows: Sequence[Row]) -> None:
    """Log a row of metrics for each fold, and put all of them, their means and deviations into the summary."""
    for number, row in enumerate(rows, 1):
        for split, figures in row.items():
            for name, value in figures.items():
                context.log_metric(f"{split}_{name}", value, number)
        shown = ", ".join(f"{split} {name} {v:.4f}" for split, figures in row.items() for name, v in figures.items())
        context.log(f"fold {number}: {shown or 'no labels to measure with'}")
    context.summary(
        cv={
            "folds": [{"fold": number, **row} for number, row in enumerate(rows, 1)],
            "mean": _condense(rows, np.mean),
            "std": _condense(rows, np.std),
        }
    )


def _condense(rows: Sequence[Row], how: Callable[[list[float]], Any]) -> dict[str, dict[str, float]]:
    """A figure of each metric over the folds that have it."""
    found: dict[str, dict[str, float]] = {}
    for split in dict.fromkeys(split for row in rows for split in row):
        names = dict.fromkeys(name for row in rows for name in row.get(split, {}))
        found[split] = {
            name: float(how([row[split][name] for row in rows if name in row.get(split, {})])) for name in names
        }
    return found
