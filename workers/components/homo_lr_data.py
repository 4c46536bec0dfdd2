"""What one party brings to homo_lr: its samples, checked, with labels 0 and 1."""

from dataclasses import dataclass, replace

import numpy as np

from fedrota.component import Context, InvalidInputError
from workers.components.columns import Vector
from workers.components.logistic import mean_loss
from workers.components.scaling import Scale
from workers.components.tables import Samples, read_samples, render_names, tell_apart


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyData:
    """A data party's training samples, and perhaps samples to validate with."""

    train: Samples
    train_labels: Vector
    validate: Samples | None
    validate_labels: Vector | None

    @property
    def mass(self) -> float:
        """What the training samples weigh together: their number, where they have no weights."""
        return float(len(self.train) if self.train.weights is None else self.train.weights.sum())

    @property
    def sample_weights(self) -> Vector | None:
        """How often each training sample counts; the mean is 1. None where all count alike."""
        weights = self.train.weights
        if weights is None:
            return None
        return weights / weights.mean() if weights.any() else weights

    def measure_loss(self, model: Vector) -> float:
        """The mean loss of the training samples, without penalty."""
        return mean_loss(model, self.train.features, self.train_labels, l2=0.0, sample_weights=self.sample_weights)

    def count_samples(self) -> Vector:
        """Rows, their weight, rows that count at all, and how many of these have the label 1."""
        counted = np.ones(len(self.train)) if self.train.weights is None else (self.train.weights > 0).astype(float)
        return np.array([len(self.train), self.mass, counted.sum(), (counted * self.train_labels).sum()])


def read_party_data(context: Context) -> PartyData:
    """The inputs of this party; InvalidInputError where labels, rows or features are missing or do not fit."""
    train = read_samples(context, "train")
    party = context.me.party
    if not len(train):
        raise InvalidInputError(f"the training table of party {party} has no rows")
    if not train.names:
        raise InvalidInputError(f"the training table of party {party} has no features, only id and label")
    if train.weights is not None and (train.weights < 0).any():
        raise InvalidInputError(
            f"column {train.weight_name!r} of party {party} has weights below 0: correct the sample_weight step"
        )
    labels = read_labels(context, train)
    if labels is None:
        raise InvalidInputError(
            f"the training table of party {party} has no label column {train.label_name!r}: in homogeneous "
            "training each data party brings its own labels; set `label_column` in data_transform"
        )
    if len(np.unique(labels)) == 1:
        context.log(f"all {len(labels)} rows of this party have the label {labels[0]:.0f}")
    validate = read_samples(context, "validate") if context.has_input("validate") else None
    if validate is not None and validate.names != train.names:
        raise InvalidInputError(
            f"at party {party} the inputs differ in their features: train has {render_names(train.names)}, "
            f"validate has {render_names(validate.names)}. {tell_apart(train.names, validate.names)}: give both the same "
            "`columns` in data_transform"
        )
    return PartyData(
        train=train,
        train_labels=labels,
        validate=validate,
        validate_labels=None if validate is None else read_labels(context, validate),
    )


def read_labels(context: Context, samples: Samples) -> Vector | None:
    """Labels as 0 and 1, from 0/1 or -1/1; None where there are none. InvalidInputError for any others."""
    if samples.labels is None:
        return None
    kinds = set(np.unique(samples.labels).tolist())
    if not (kinds <= {0.0, 1.0} or kinds <= {-1.0, 1.0}):
        shown = render_names([f"{kind:g}" for kind in sorted(kinds)])
        raise InvalidInputError(
            f"label column {samples.label_name!r} of party {context.me.party} holds {shown}: homo_lr needs 0 and 1 "
            "(or -1 and 1); map them with `label_map` in data_transform"
        )
    return np.maximum(samples.labels, 0.0)


def make_scaled(party: PartyData, scale: Scale | None) -> PartyData:
    """The party's data with standardised features."""
    if scale is None:
        return party
    validate = party.validate
    return replace(
        party,
        train=replace(party.train, features=scale.apply(party.train.features)),
        validate=None if validate is None else replace(validate, features=scale.apply(validate.features)),
    )
