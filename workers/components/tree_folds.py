"""Cross-validation of boosted trees: the same folds wherever parties hold the same samples, own ones elsewhere."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from fedrota.component import Context
from workers.components.boosting_data import Targets, TreeColumns
from workers.components.boosting_results import Ensemble, write_tree_predictions
from workers.components.boosting_watch import list_metrics, measure
from workers.components.check_params import check_folds
from workers.components.columns import Vector
from workers.components.folds import Fold, plan_folds, report_folds
from workers.components.scopes import Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """What a party has after one training: the trees, its targets, and the scores of its samples."""

    ensemble: Ensemble
    targets: Targets
    scores: Vector
    validate_scores: Vector


Train = Callable[[Context, TreeColumns | None], Trained | None]
"""Trains once on a party's samples (None at a member without); None where the party gets no scores."""


def cross_validate(context: Context, columns: TreeColumns | None, train: Train) -> None:
    """Train and measure once for each fold; `data` has each row's prediction by trees that did not know it."""
    count = context.params["cv_folds"]
    check_folds(context)
    folds = [None] * count if columns is None else plan_folds(context, len(columns.train))
    rows, held = [], []
    for place, fold in enumerate(folds):
        scope = Scope(context, f"fold {place + 1}", start=place / count, end=(place + 1) / count)
        mine = None if columns is None or fold is None else take_fold(columns, fold)
        trained = train(scope, mine)
        if trained is not None and mine is not None and mine.validate is not None:
            rows.append(_measure(context, trained))
            held.append((trained.ensemble, (f"fold_{place + 1}", mine.validate, trained.validate_scores)))
    if held:
        report_folds(context, rows)
        write_tree_predictions(context, held[0][0], [split for _, split in held])
    context.progress(1.0)


def take_fold(columns: TreeColumns, fold: Fold) -> TreeColumns:
    """Some of the training rows to train with and the others to validate with."""
    return TreeColumns(train=columns.train.take(fold.train), validate=columns.train.take(fold.held))


def _measure(context: Context, trained: Trained) -> dict[str, dict[str, float]]:
    """The metrics by split."""
    targets, threshold = trained.targets, context.params["threshold"]
    splits = [("train", targets.train, trained.scores)]
    if targets.validate is not None:
        splits.append(("validate", targets.validate, trained.validate_scores))
    names = list_metrics(context, targets.objective)
    found = {name: measure(targets.objective, labels, np.asarray(s), threshold=threshold) for name, labels, s in splits}
    return {name: {each: figures[each] for each in names if each in figures} for name, figures in found.items()}
