"""Cross-validation over parties that hold different features of the same samples: the same folds at all of them."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from fedrota.component import Context, InvalidInputError
from workers.components.alignment import Alignment
from workers.components.check_params import list_metrics
from workers.components.columns import Vector
from workers.components.folds import Fold, plan_folds, report_folds
from workers.components.glm_family import Family
from workers.components.glm_model import ModelPart, share_scores, write_scored
from workers.components.glm_training import Fit
from workers.components.glm_watch import measure_scores
from workers.components.group_masks import GroupMasks
from workers.components.scopes import Scope
from workers.components.step_roles import Roles
from workers.components.tables import Samples
from workers.components.vertical_data import ColumnScale, PartyColumns
from workers.components.vertical_party import Party

Train = Callable[[Context, Roles, Party | None, Alignment], tuple[Fit, GroupMasks | None]]
"""Trains once; `None` for the party and the masks at an arbiter."""
Scored = tuple[str, Samples, Vector]


def cross_validate(
    context: Context, roles: Roles, family: Family, party: Party | None, *, common: Alignment, train: Train
) -> None:
    """Train and measure once for each fold; the guest writes every row's prediction by a model that did not know it."""
    folds = plan_folds(context, common.rows["train"])
    if party is not None and party.labels is not None and family.classes:
        _check_classes(context, folds, party.labels)
    metrics = list_metrics(context, classes=family.classes)
    rows, held = [], []
    for place, fold in enumerate(folds):
        scope = Scope(context, f"fold {fold.number}", start=place / len(folds), end=(place + 1) / len(folds))
        scope.log(f"{len(fold.train)} rows to train with, {len(fold.held)} to measure with")
        mine = None if party is None else _take(party, fold)
        fit, masks = train(scope, roles, mine, replace(common, rows={"train": len(fold.train)}))
        if mine is None or masks is None:
            continue
        part = make_part(context, roles, mine, fit, family=family)
        scored = share_scores(scope, roles, part, mine.columns.list_splits(), masks=masks)
        if scored:
            rows.append(
                {
                    name: measure_scores(context, family, samples, scores, metrics=metrics)
                    for name, samples, scores in scored
                }
            )
            held.append((f"fold_{fold.number}", *scored[-1][1:]))
    if rows and party is not None:
        report_folds(context, rows)
        write_scored(context, family, held)
    context.progress(1.0)


def make_part(context: Context, roles: Roles, party: Party, fit: Fit, *, family: Family) -> ModelPart:
    """The party's part of the model that training has found."""
    width = len(party.columns.train.names)
    return ModelPart(
        family=family,
        features=party.columns.train.names,
        coefficients=fit.weights[:width],
        intercept=float(fit.weights[-1]) if context.me == roles.guest else 0.0,
        scale=party.columns.scale,
        threshold=context.params["threshold"],
    )


def _take(party: Party, fold: Fold) -> Party:
    """The party with some of its rows to train with and the others to validate with, scaled by the first ones."""
    whole = party.columns.train
    train, held = whole.take(fold.train), whole.take(fold.held)
    # Where the step standardises, the rows that are held back must have no part in means and deviations.
    scale = ColumnScale.measure(train.features) if party.scaled else ColumnScale.keep(len(whole.names))
    return replace(
        party,
        columns=PartyColumns(
            train=replace(train, features=scale.apply(train.features)),
            validate=replace(held, features=scale.apply(held.features)),
            scale=scale,
        ),
        labels=None if party.labels is None else party.labels[fold.train],
        target=None if party.target is None else party.target[fold.train],
    )


def _check_classes(context: Context, folds: Sequence[Fold], labels: Vector) -> None:
    for fold in folds:
        if len(np.unique(labels[fold.train])) == 1:
            raise InvalidInputError(
                f"without fold {fold.number} of {len(folds)} all labels of party {context.me.party} are the same: set "
                "`cv_shuffle: true`, fewer `cv_folds`, or give more rows of the rarer label"
            )
