"""The component that grows boosted trees over parties that hold different features of the same samples."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from fedrota.component import Context, component
from workers.components.alignment import align
from workers.components.boosting_data import Targets, TreeColumns, check_classes, read_targets, read_tree_columns
from workers.components.boosting_params import FOLDS, HETERO_PARAMS, PORTS
from workers.components.boosting_results import write_tree_model, write_tree_predictions
from workers.components.boosting_sampling import check_rates
from workers.components.boosting_watch import list_metrics
from workers.components.gradient_slots import Slots
from workers.components.hetero_boosting import Boosted, HeteroBoosting
from workers.components.paillier import make_key
from workers.components.pair_link import receive_key
from workers.components.step_roles import Roles, find_roles
from workers.components.tables import Samples
from workers.components.tree_folds import Trained, cross_validate
from workers.components.tree_grid import Grid, Whole
from workers.components.tree_guest import TreeGuest
from workers.components.tree_host import TreeHost
from workers.components.tree_host_link import HostLink
from workers.components.tree_model import count_leaves, measure_importance, render_rule
from workers.components.tree_predict import HETERO_FORMAT
from workers.components.tree_turns import check_turns

SHARED_SETTINGS: Final = ("min_leaf_node", "key_bits", *FOLDS)
DISCLOSURE: Final = (
    (
        "the guest",
        "for each node of each tree and each of a host's candidate splits, without name or order: the gradients' and "
        "hessians' sums on the left, and whether both sides have enough samples; how each chosen split of a host divides the "
        "samples of its node and all validation samples; how many candidates a host has",
        "every party follows the protocol and keeps what it may keep (honest but curious). Sums over few samples may tell the "
        "guest which ones they are, hence parts of the order of a host's values: raise `min_leaf_node` and lower `bins`",
    ),
    (
        "each host",
        "which samples are in which node of each tree, but not leaf weights, other parties' rules or their gains; the number "
        "of rounds and why training ended; with `goss`, which samples have been drawn",
        "the same, and Paillier's cryptosystem with the chosen key is not broken. Samples that end in the same nodes tend to "
        "have similar labels: the first tree tells most; `complete_secure: true` keeps it at the guest's features, but its "
        "samples do not reach the hosts either",
    ),
    (
        "each host, of its own splits",
        "the columns and thresholds, which stay with it under random names that only the guest's trees mention",
        "none",
    ),
    (
        "the centre",
        "losses and metrics of each round, numbers of rows, features, trees and leaves, importances by the names of the "
        "guest's and each host's own features; where the step fails, names of columns; no rules and no rows",
        "messages between parties are encrypted end to end",
    ),
)


@component(
    "hetero_secureboost",
    params=HETERO_PARAMS,
    inputs=PORTS["inputs"],
    outputs=PORTS["outputs"],
    roles=("guest", "host"),
    exchange=True,
)
def hetero_secureboost(context: Context) -> None:
    """Grow boosted trees over parties with different features of the same samples (SecureBoost).

    One guest with labels (classes, or reals for the other objectives), one or more hosts. `train` must hold the same ids in
    the same order at all parties, as intersection leaves them; `validate` likewise, if given. The guest encrypts gradients;
    hosts add them up in the bins of their columns and show sums of nameless candidates; the guest chooses splits. The
    trees are those that the same steps would grow on all columns put together. Outputs are each party's `model` (JSON: a
    host's holds its own rules only) and, at the guest, `data`: the predictions for both inputs. Sample weights count.
    With `cv_folds` there is no model, and `validate` has no part.
    """
    roles = find_roles(context, arbiter=False)
    is_guest = context.me == roles.guest
    columns = read_tree_columns(context, needs_features=not is_guest)
    classes = _check_guest(context, columns) if is_guest else None
    if not is_guest and columns.train.labels is not None:
        name = columns.train.label_name
        context.log(f"label column {name!r} of this host is not used: the guest brings the labels")
    align(context, roles, columns.list_splits(), {name: context.params[name] for name in SHARED_SETTINGS})
    if context.params["cv_folds"]:
        cross_validate(context, columns, lambda scope, fold: _train_fold(scope, roles, fold, classes))
    elif classes is not None:
        _write_guest(context, columns, _train_guest(context, roles, columns, classes)[1])
    else:
        _write_host(context, columns, *_serve_host(context, roles, columns))


def _check_guest(context: Context, columns: TreeColumns) -> Sequence[float]:
    """The classes (none for reals); InvalidInputError where labels or parameters do not fit."""
    check_turns(context, len(columns.train.names))
    check_rates(context)
    targets = read_targets(context, columns)
    list_metrics(context, targets.objective)
    check_classes(context, targets.classes, rows=len(columns.train), whose=f"party {context.me.party}")
    return targets.classes


def _train_fold(
    context: Context, roles: Roles, columns: TreeColumns | None, classes: Sequence[float] | None
) -> Trained | None:
    if columns is None or classes is None:
        if columns is not None:
            _serve_host(context, roles, columns)
        return None
    targets, boosted = _train_guest(context, roles, columns, classes)
    return Trained(
        ensemble=boosted.ensemble,
        targets=targets,
        scores=boosted.scores,
        validate_scores=boosted.validate_scores,
    )


def _train_guest(
    context: Context, roles: Roles, columns: TreeColumns, classes: Sequence[float]
) -> tuple[Targets, Boosted]:
    targets = read_targets(context, columns, classes=classes)
    params = context.params
    key = make_key(params["key_bits"])
    context.exchange.broadcast("host", "public_key", key.public.to_json())
    grid, codes, validate_codes = _place(context, columns)
    slots = Slots(rows=len(codes), key_bits=params["key_bits"])
    links = {
        host: HostLink(context=context, host=host, key=key, slots=slots, validate_rows=len(validate_codes))
        for host in roles.hosts
    }
    guest = TreeGuest(
        context=context,
        key=key,
        owners=roles.owners,
        links=links,
        grid=grid,
        codes=codes,
        validate_codes=validate_codes,
    )
    return targets, HeteroBoosting(context=context, guest=guest, links=links, targets=targets).run()


def _place(context: Context, columns: TreeColumns) -> tuple[Grid, Whole, Whole]:
    """The grid of the training columns, and the bins of training and validation samples."""
    train, validate = columns.train, columns.validate
    grid = Grid.measure(train.names, train.features, bins=context.params["bins"])
    outside = validate.features if validate else np.empty((0, len(train.names)))
    return grid, grid.place(train.features), grid.place(outside)


def _serve_host(context: Context, roles: Roles, columns: TreeColumns) -> tuple[TreeHost, Mapping[str, Any]]:
    """The host as it is in the end, and how the training went."""
    grid, codes, validate_codes = _place(context, columns)
    key = receive_key(context, roles.guest, context.params["key_bits"])
    host = TreeHost(context=context, guest=roles.guest, key=key, grid=grid, codes=codes, validate_codes=validate_codes)
    return host, host.serve()


def _write_host(context: Context, columns: TreeColumns, host: TreeHost, end: Mapping[str, Any]) -> None:
    used = host.keep(end["rounds"])
    training = {"rows": len(columns.train), "rounds": end["rounds"], "stopped_by": end["stopped_by"]}
    names = list(columns.train.names)
    records = {name: render_rule(rule) for name, rule in host.records.items()}
    importance = {name: used.count(name) for name in dict.fromkeys(used)}
    model = {"format": HETERO_FORMAT, "features": names, "records": records, "importance": importance}
    write_tree_model(context, model, training)
    _say_how_it_went(context, training, features=len(names), splits=len(used), importance=importance)


def _write_guest(context: Context, columns: TreeColumns, boosted: Boosted) -> None:
    ensemble = boosted.ensemble
    importance = measure_importance(ensemble.trees, context.params["importance"])
    training = {
        "rows": len(columns.train),
        "rounds": len(ensemble.rounds),
        "stopped_by": boosted.stopped_by,
        "loss": boosted.loss,
    }
    model = {
        "format": HETERO_FORMAT,
        "features": list(columns.train.names),
        **ensemble.to_json(),
        "importance": importance,
    }
    write_tree_model(context, model, training)
    scored: list[tuple[str, Samples, Any]] = [("train", columns.train, boosted.scores)]
    if columns.validate is not None:
        scored.append(("validate", columns.validate, boosted.validate_scores))
    write_tree_predictions(context, ensemble, scored)
    figures = {"trees": len(ensemble.trees), "leaves": count_leaves(ensemble.trees)}
    _say_how_it_went(context, training, features=len(columns.train.names), importance=importance, **figures)


def _say_how_it_went(context: Context, training: Mapping[str, Any], **figures: Any) -> None:
    context.progress(1.0)
    context.log(f"{training['rounds']} rounds of boosting, ended by {training['stopped_by']}")
    context.summary(**training, **figures)
