"""What a party brings to the training of boosted trees: its columns, and labels as class numbers or reals."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from fedrota.component import Context, InvalidInputError
from workers.components.boosting_objective import Objective, make_objective
from workers.components.columns import Vector
from workers.components.tables import Samples, read_samples, render_names
from workers.components.vertical_data import check_ids, check_same_features

MOST_CLASSES: Final = 200
LARGEST: Final = 1e30


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeColumns:
    """A party's samples to train with, and perhaps some to validate with; features may be NaN."""

    train: Samples
    validate: Samples | None

    def list_splits(self) -> list[tuple[str, Samples]]:
        """The inputs by name."""
        return [("train", self.train), *([("validate", self.validate)] if self.validate is not None else [])]


def read_tree_columns(context: Context, *, needs_features: bool) -> TreeColumns:
    """The inputs of this party; InvalidInputError where rows, features or an id are missing or do not fit."""
    train, party = read_tree_samples(context, "train"), context.me.party
    if not len(train):
        raise InvalidInputError(
            f"the training table of party {party} has no rows: check the steps before {context.step!r}"
        )
    if not train.names and needs_features:
        raise InvalidInputError(
            f"the training table of party {party} has no features, only an id: give it features, or leave party "
            f"{party} out of the step"
        )
    validate = read_tree_samples(context, "validate") if context.has_input("validate") else None
    if validate is not None:
        check_same_features(context, train.names, validate)
    return TreeColumns(train=train, validate=validate)


def read_tree_samples(context: Context, port: str) -> Samples:
    """One input, zeros as NaN where the parameters say so; InvalidInputError for missing values that they do not allow."""
    params, party = context.params, context.me.party
    samples = read_samples(context, port, gaps=True)
    check_ids(context, samples, port)
    gaps = np.isnan(samples.features).sum(axis=0)
    if gaps.any() and not params["use_missing"]:
        place = int(np.argmax(gaps > 0))
        raise InvalidInputError(
            f"column {samples.names[place]!r} of party {party} has {gaps[place]} missing values: set `use_missing: true`, or "
            "`fill` in a data_transform step"
        )
    far = (np.abs(samples.features) > LARGEST).any(axis=0)  # no gap is far
    if far.any():
        raise InvalidInputError(
            f"column {samples.names[int(np.argmax(far))]!r} of party {party} holds values beyond {LARGEST:g}: scale it, e.g. by "
            "feature_scale"
        )
    return hide_zeros(samples) if params["use_missing"] and params["zero_as_missing"] else samples


def hide_zeros(samples: Samples) -> Samples:
    """The samples with missing values where features are 0."""
    return replace(samples, features=np.where(samples.features == 0, np.nan, samples.features))


@dataclass(frozen=True, slots=True, kw_only=True)
class Targets:
    """What is to be learned: the objective, the classes' labels (none for reals), and each sample's target and weight."""

    objective: Objective
    classes: Sequence[float]
    train: Vector
    weights: Vector
    validate: Vector | None

    @property
    def start(self) -> float:
        """The score that training starts with."""
        return self.objective.start(float(np.average(self.train, weights=self.weights)))


def read_targets(context: Context, columns: TreeColumns, *, classes: Sequence[float] | None = None) -> Targets:
    """This party's labels, and its samples' weights; InvalidInputError for labels that do not fit the objective.

    `classes` are the labels that occur over all parties, where these bring samples of their own.
    """
    train, validate, params = columns.train, columns.validate, context.params
    if train.labels is None:
        raise InvalidInputError(
            f"the training table of party {context.me.party} ({context.me.role}) has no label column "
            f"{train.label_name!r}: set `label_column` in its data_transform"
        )
    known: Sequence[float] = []
    if params["objective"] == "cross_entropy":
        known = find_classes(context, train) if classes is None else classes
    objective = make_objective(params["objective"], parameter=params["objective_parameter"], classes=len(known))
    targets = Targets(
        objective=objective,
        classes=known,
        train=number_labels(context, train, known),
        weights=np.ones(len(train)) if train.weights is None else train.weights,
        validate=number_labels(context, validate, known) if validate and validate.labels is not None else None,
    )
    _check_range(context, train, params["objective"], targets)
    return targets


def find_classes(context: Context, samples: Samples) -> list[float]:
    """The labels that occur, smallest first; InvalidInputError where they are no classes."""
    labels = samples.labels
    found: list[float] = [] if labels is None else np.unique(labels).tolist()
    where = f"label column {samples.label_name!r} of party {context.me.party}"
    odd = [label for label in found if label != round(label)]
    if odd or len(found) > MOST_CLASSES:
        what = f"{odd[0]:g}" if odd else f"{len(found)} different values"
        raise InvalidInputError(
            f"{where} holds {what}: cross_entropy takes whole numbers for at most {MOST_CLASSES} classes; for real labels "
            "set `objective: lse`"
        )
    return found


def check_classes(context: Context, classes: Sequence[float], *, rows: int, whose: str) -> None:
    """InvalidInputError where there is one class only."""
    if len(classes) == 1:
        raise InvalidInputError(
            f"all {rows} training rows of {whose} have the label {classes[0]:g}: a classifier needs rows of two classes; "
            f"check the label column, and which rows the steps before {context.step!r} leave"
        )


def number_labels(context: Context, samples: Samples, classes: Sequence[float]) -> Vector:
    """Labels as numbers of their classes, or as they are where there are no classes."""
    labels = np.zeros(len(samples)) if samples.labels is None else samples.labels
    if not classes:
        return labels
    unknown = sorted(set(np.unique(labels).tolist()) - set(classes))
    if unknown:
        raise InvalidInputError(
            f"label column {samples.label_name!r} of party {context.me.party} holds {unknown[0]:g}, a class that no "
            f"training row has (they have {render_names([f'{each:g}' for each in classes])}): correct the table"
        )
    return np.searchsorted(np.array(classes), labels).astype(np.float64)


def _check_range(context: Context, samples: Samples, objective: str, targets: Targets) -> None:
    where = f"column {samples.label_name!r} of party {context.me.party}"
    labels, power = targets.train, context.params["objective_parameter"]
    if objective == "tweedie" and not 1 <= power < 2:
        raise InvalidInputError(f"`objective_parameter` is {power:g}: tweedie takes a power from 1 to below 2")
    if objective == "tweedie" and labels.min() < 0:
        raise InvalidInputError(f"{where} is negative: tweedie needs labels from 0 up; set `objective: lse`")
    if np.abs(labels).max() > 1e9:
        raise InvalidInputError(f"{where} goes beyond 1e9: divide the labels, so that trees can add up their gradients")
    if targets.weights.min() < 0 or not targets.weights.any():
        raise InvalidInputError(
            f"column {samples.weight_name!r} of party {context.me.party} has weights below 0, or only 0: correct the "
            "sample_weight step"
        )
