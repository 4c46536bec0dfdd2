"""What a party brings to a step whose parties hold different features of the same samples."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from fedrota.component import Context, InvalidInputError
from workers.components.columns import FURTHEST, Vector, choose_divisors
from workers.components.tables import Samples, read_samples, refuse_weights, render_names, tell_apart

LARGEST: Final = 2.0**20
FINEST: Final = 2.0**-10


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnScale:
    """Mean and deviation of each of the party's own columns, as `choose_divisors` has it."""

    mean: Vector
    deviation: Vector

    @classmethod
    def measure(cls, features: Vector) -> "ColumnScale":
        """The scale of a matrix of samples x features."""
        mean, deviation = features.mean(axis=0), features.std(axis=0)
        return cls(mean=mean, deviation=choose_divisors(mean, deviation))

    @classmethod
    def keep(cls, width: int) -> "ColumnScale":
        """The scale that changes nothing."""
        return cls(mean=np.zeros(width), deviation=np.ones(width))

    def apply(self, features: Vector) -> Vector:
        """The features with mean 0 and deviation 1."""
        scaled: Vector = (features - self.mean) / self.deviation
        return scaled


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyColumns:
    """A party's columns of the samples to train with, and perhaps of some to validate with; scaled."""

    train: Samples
    validate: Samples | None
    scale: ColumnScale

    def list_splits(self) -> list[tuple[str, Samples]]:
        """The inputs by name."""
        return [("train", self.train), *([("validate", self.validate)] if self.validate is not None else [])]


def read_columns(context: Context, *, scale: bool) -> PartyColumns:
    """The inputs of this party; InvalidInputError where rows, features or an id are missing or do not fit."""
    train, party = read_samples(context, "train"), context.me.party
    check_ids(context, train, "train")
    refuse_weights(context, train)
    if not len(train):
        raise InvalidInputError(f"the training table of party {party} has no rows: check the intersection before")
    if not train.names and context.me.role == "host":
        raise InvalidInputError(
            f"the training table of party {party} has no features, only an id: give it features, or leave party "
            f"{party} out of the step"
        )
    validate = read_samples(context, "validate") if context.has_input("validate") else None
    if validate is not None:
        check_ids(context, validate, "validate")
        check_same_features(context, train.names, validate)
        check_spread(context, validate.names, validate.features)
    check_spread(context, train.names, train.features)
    scaling = ColumnScale.measure(train.features) if scale else ColumnScale.keep(len(train.names))
    if not scale:
        _check_size(context, train)
    return PartyColumns(
        train=replace(train, features=scaling.apply(train.features)),
        validate=None if validate is None else replace(validate, features=scaling.apply(validate.features)),
        scale=scaling,
    )


def check_ids(context: Context, samples: Samples, port: str) -> None:
    """InvalidInputError where an id occurs more than once."""
    repeated = len(samples) - len(set(samples.ids))
    if repeated:
        raise InvalidInputError(
            f"input {port!r} of party {context.me.party} repeats {repeated} ids in column {samples.id_name!r}: set "
            "`duplicate_ids: first` in data_transform"
        )


def check_same_features(context: Context, names: Sequence[str], samples: Samples) -> None:
    """InvalidInputError where samples to validate or predict have other features than `names`."""
    if tuple(samples.names) != tuple(names):
        raise InvalidInputError(
            f"at party {context.me.party} the features differ: training had {render_names(names)}, these samples have "
            f"{render_names(samples.names)}. {tell_apart(names, samples.names)}: give the same `columns` to data_transform"
        )


def check_spread(context: Context, names: Sequence[str], features: Vector) -> None:
    """InvalidInputError where a column's deviation is beyond what float64 holds."""
    for name, largest in zip(names, np.abs(features).max(axis=0, initial=0.0), strict=True):
        if largest > FURTHEST:
            raise InvalidInputError(
                f"column {name!r} of party {context.me.party} has values up to {largest:.3g}, whose squares are too large to "
                "add up: divide it, or let a feature_scale step cut it off at `lower` and `upper`"
            )


def _check_size(context: Context, samples: Samples) -> None:
    """Unscaled features must fit the fixed-point numbers that are encrypted."""
    features = samples.features
    # Rounding gives a constant column a deviation, too.
    spread = np.where(features.min(axis=0) < features.max(axis=0), features.std(axis=0), 0.0)
    largest = np.abs(features).max(axis=0)
    for name, deviation, top in zip(samples.names, spread, largest, strict=True):
        if top > LARGEST or 0 < deviation < FINEST:
            raise InvalidInputError(
                f"column {name!r} of party {context.me.party} has a deviation of {deviation:.3g} and values up to "
                f"{top:.3g}: set `scale: true`, or scale it to a deviation near 1"
            )
