"""Cross-validation over parties that hold different samples: each one holds back a part of its own rows."""

from collections.abc import Callable, Mapping, Sequence

from fedrota.component import Context
from workers.components.check_params import list_metrics
from workers.components.columns import Vector
from workers.components.folds import Fold, plan_folds, report_folds
from workers.components.homo_lr_data import PartyData
from workers.components.homo_lr_results import write_splits
from workers.components.logistic import predict
from workers.components.metrics import measure
from workers.components.scopes import Scope

Train = Callable[[Context, PartyData | None], tuple[PartyData | None, Vector]]
"""Trains once on a party's samples; the same samples as the model takes them (scaled), and the weights."""


def cross_validate(context: Context, party: PartyData | None, train: Train) -> None:
    """Train once for each fold and measure at each party; `data` has each row's prediction by a model without it."""
    metrics, count = list_metrics(context, classes=True), context.params["cv_folds"]
    folds: Sequence[Fold | None] = [None] * count if party is None else plan_folds(context, len(party.train))
    rows, held = [], []
    for place, fold in enumerate(folds):
        scope = Scope(context, f"fold {place + 1}", start=place / count, end=(place + 1) / count)
        mine = None if party is None or fold is None else take_fold(party, fold)
        scaled, weights = train(scope, mine)
        if scaled is None or scaled.validate is None:
            continue
        rows.append(measure_party(context, scaled, weights, metrics))
        scores = predict(weights, scaled.validate.features)
        held.append((f"fold_{place + 1}", scaled.validate, scaled.validate_labels, scores))
    if rows:
        report_folds(context, rows)
        write_splits(context, held)
    context.progress(1.0)


def take_fold(party: PartyData, fold: Fold) -> PartyData:
    """The party with some of its rows to train with and the others to validate with."""
    return PartyData(
        train=party.train.take(fold.train),
        train_labels=party.train_labels[fold.train],
        validate=party.train.take(fold.held),
        validate_labels=party.train_labels[fold.held],
    )


def measure_party(
    context: Context, party: PartyData, weights: Vector, metrics: Sequence[str]
) -> Mapping[str, dict[str, float]]:
    """Metrics of the party's own samples by split; none of a split without labels."""
    threshold = context.params["threshold"]
    found = {"train": measure(metrics, party.train_labels, predict(weights, party.train.features), threshold=threshold)}
    if party.validate is not None and party.validate_labels is not None:
        scores = predict(weights, party.validate.features)
        found["validate"] = measure(metrics, party.validate_labels, scores, threshold=threshold)
    return found
