"""The component that grows boosted trees over parties that hold different samples of the same features."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from fedrota.component import Context, InvalidInputError, component
from workers.components.agreement import Profile, agree
from workers.components.bins import list_ranks
from workers.components.boosting_data import (
    Targets,
    TreeColumns,
    check_classes,
    find_classes,
    read_targets,
    read_tree_columns,
)
from workers.components.boosting_objective import make_objective
from workers.components.boosting_params import GROWTH, PARAMS, PORTS
from workers.components.boosting_results import Ensemble, write_tree_model, write_tree_predictions
from workers.components.boosting_watch import list_metrics
from workers.components.columns import Vector
from workers.components.homo_boosting import HomoBoosted, HomoBoosting
from workers.components.homo_trees import HomoTrees
from workers.components.secure_sum import SecureSum, SumPlan, plan_sums
from workers.components.shared_quantiles import SharedColumns
from workers.components.tables import Samples
from workers.components.tree_folds import Trained, cross_validate
from workers.components.tree_grid import Grid
from workers.components.tree_model import count_leaves, measure_importance
from workers.components.tree_predict import HOMO_FORMAT

LOWEST, HIGHEST = -1, 200
"""Labels that classes may have: their counts are added up, one number for each."""
DISCLOSURE: Final = (
    (
        "every member, an arbiter included",
        "over all parties together: how many samples have each label (or the labels' sum), where columns' quantiles lie, "
        "sums of gradients and hessians and numbers of samples in each bin of each node, the loss of each round; hence the "
        "trees",
        "three or more data parties, or two and an arbiter that does not show them its sums' parts; every party follows the "
        "protocol, and no all but one join forces",
    ),
    (
        "every member",
        "the ends of the bins, of which each is a value that occurs at some party",
        "this is needed to have the same bins everywhere",
    ),
    (
        "either of two data parties",
        "the other's part of all these sums, since a sum of two minus one's own is the other's",
        "two data parties: no masks can help. Without an arbiter the guest gets the host's sums as they are",
    ),
    (
        "the centre",
        "losses and metrics, numbers of rows, features, trees and leaves, importances by name; where the step fails, names of "
        "columns and which labels occur; no rules and no rows",
        "messages between parties are encrypted end to end",
    ),
)


@component(
    "homo_secureboost",
    params=PARAMS,
    inputs=PORTS["inputs"],
    outputs=PORTS["outputs"],
    roles=("guest", "host", "arbiter"),
    exchange=True,
)
def homo_secureboost(context: Context) -> None:
    """Grow boosted trees over parties with different samples of the same features.

    One guest, one or more hosts, perhaps an arbiter. Every data party brings labels. Sums of gradients in bins travel under
    pairwise masks wherever at least two data parties send them, so that each member learns sums over all parties only;
    from these all find the same splits. The trees are those that the same steps would grow on all rows put together.
    Outputs are the `model` (JSON) and `data`, each party's predictions for both inputs. Sample weights count.
    With `cv_folds` there is no model, and `validate` has no part.
    """
    plan = plan_sums(context)
    context.log(plan.describe())
    columns = read_tree_columns(context, needs_features=True) if context.me in plan.contributors else None
    settings = {name: context.params[name] for name in GROWTH}
    features = agree(context, plan, Profile(features=columns.train.names if columns else (), settings=settings))
    if context.params["cv_folds"]:
        cross_validate(context, columns, lambda scope, fold: _train(scope, plan, fold, features)[0])
        return
    trained, boosted = _train(context, plan, columns, features)
    _write(context, columns, trained, boosted=boosted, names=list(features))


def _train(
    context: Context, plan: SumPlan, columns: TreeColumns | None, features: Sequence[str]
) -> tuple[Trained, HomoBoosted]:
    sums = SecureSum(context, plan)
    targets = _find_targets(context, sums, columns)
    list_metrics(context, targets.objective)
    grid = _find_grid(context, sums, columns, features)
    train = columns.train.features if columns else np.empty((0, len(features)))
    validate = columns.validate.features if columns and columns.validate else np.empty((0, len(features)))
    trees = HomoTrees(
        sums=sums,
        grid=grid,
        codes=grid.place(train),
        validate_codes=grid.place(validate),
        params=context.params,
        brings=columns is not None,
    )
    total, weight = trees.add_up(np.array([targets.train @ targets.weights, targets.weights.sum()]))
    start = targets.objective.start(float(total / weight))
    boosted = HomoBoosting(context=context, trees=trees, targets=targets, start=start).run()
    trained = Trained(
        ensemble=_make_ensemble(context, targets, start, boosted),
        targets=targets,
        scores=boosted.scores,
        validate_scores=boosted.validate_scores,
    )
    return trained, boosted


def _find_targets(context: Context, sums: SecureSum, columns: TreeColumns | None) -> Targets:
    """This party's labels, numbered as at all parties; empty at a member without samples."""
    params = context.params
    classes = _find_classes(context, sums, columns) if params["objective"] == "cross_entropy" else []
    if columns is not None:
        return read_targets(context, columns, classes=classes)
    objective = make_objective(params["objective"], parameter=params["objective_parameter"], classes=len(classes))
    return Targets(objective=objective, classes=classes, train=np.empty(0), weights=np.empty(0), validate=None)


def _find_classes(context: Context, sums: SecureSum, columns: TreeColumns | None) -> Sequence[float]:
    """The labels that occur at any party; InvalidInputError, at all of them, where there is one only."""
    counts = sums.add_up(None if columns is None else _count_labels(context, columns.train))
    classes = [float(place + LOWEST) for place in np.flatnonzero(np.rint(counts))]
    check_classes(context, classes, rows=round(float(counts.sum())), whose="all parties")
    return classes


def _count_labels(context: Context, samples: Samples) -> Vector:
    found = find_classes(context, samples)
    where = f"label column {samples.label_name!r} of party {context.me.party}"
    if samples.labels is None:
        raise InvalidInputError(
            f"the training table of party {context.me.party} has no label column {samples.label_name!r}: each data party "
            "brings its own labels; set `label_column` in data_transform"
        )
    if found[0] < LOWEST or found[-1] > HIGHEST:
        raise InvalidInputError(
            f"{where} goes from {found[0]:g} to {found[-1]:g}: map labels to 0, 1, 2, ... by `label_map`"
        )
    return np.bincount((samples.labels - LOWEST).astype(np.int64), minlength=HIGHEST - LOWEST + 1).astype(np.float64)


def _find_grid(context: Context, sums: SecureSum, columns: TreeColumns | None, names: Sequence[str]) -> Grid:
    """Bins at the quantiles of all parties' rows together."""
    own = None if columns is None else list(columns.train.features.T)
    shared = SharedColumns(sums, own, width=len(names))
    bins = context.params["bins"]
    found = shared.find([list_ranks(int(rows), bins) if rows else [] for rows in shared.rows])
    gaps = sums.add_up(None if own is None else np.array([float(np.isnan(each).sum()) for each in own]))
    return Grid.make(names, [np.unique(each).tolist() for each in found], [bool(each) for each in np.rint(gaps)])


def _make_ensemble(context: Context, targets: Targets, start: float, boosted: HomoBoosted) -> Ensemble:
    params = context.params
    return Ensemble(
        objective=targets.objective,
        parameter=float(params["objective_parameter"]),
        classes=targets.classes,
        start=start,
        learning_rate=float(params["learning_rate"]),
        threshold=float(params["threshold"]),
        rounds=boosted.rounds,
    )


def _write(
    context: Context, columns: TreeColumns | None, trained: Trained, *, boosted: HomoBoosted, names: Sequence[str]
) -> None:
    ensemble = trained.ensemble
    importance = measure_importance(ensemble.trees, context.params["importance"])
    training = {"rounds": len(ensemble.rounds), "stopped_by": boosted.stopped_by, "loss": boosted.loss}
    model = {"format": HOMO_FORMAT, "features": list(names), **ensemble.to_json(), "importance": importance}
    write_tree_model(context, model, training)
    if columns is not None:
        scored: list[tuple[str, Samples, Any]] = [("train", columns.train, boosted.scores)]
        if columns.validate is not None:
            scored.append(("validate", columns.validate, boosted.validate_scores))
        write_tree_predictions(context, ensemble, scored)
    context.log(f"{len(ensemble.rounds)} rounds of boosting, ended by {boosted.stopped_by}; loss {boosted.loss:.6f}")
    context.summary(
        **training,
        rows=len(columns.train) if columns else 0,
        features=len(names),
        trees=len(ensemble.trees),
        leaves=count_leaves(ensemble.trees),
        importance=importance,
    )
