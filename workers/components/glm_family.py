"""The kinds of generalised linear models: labels, the slope of the loss, and what a score means."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from fedrota.component import Context, InvalidInputError
from workers.components.chances import sigmoid
from workers.components.columns import Vector
from workers.components.tables import Samples, render_names


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """A model whose prediction depends on the sum of all parties' scores u."""

    name: str
    slope: float
    """The part of the loss's derivative that grows with u: slope x u, or e^u where `exponential`."""
    exponential: bool
    slope_shift: int
    """The slope as a number of halvings; unused where `exponential`."""
    target: Callable[[Vector], Vector]
    """The derivative's other part, from the labels: it is slope x u + target(y)."""
    mean: Callable[[Vector], Vector]
    """The prediction for scores u."""
    rest: Callable[[Vector], float]
    """What the loss over some labels adds to half of w . (gradient + target's gradient)."""
    classes: bool


LOGISTIC: Final = Family(
    name="logistic",
    slope=0.25,
    exponential=False,
    slope_shift=2,
    target=lambda labels: 0.5 - labels,
    mean=sigmoid,
    rest=lambda labels: len(labels) * float(np.log(2)),
    classes=True,
)
LINEAR: Final = Family(
    name="linear",
    slope=1.0,
    exponential=False,
    slope_shift=0,
    target=lambda labels: -labels,
    mean=lambda score: score,
    rest=lambda labels: float((labels**2).sum()) / 2,
    classes=False,
)
POISSON: Final = Family(
    name="poisson",
    slope=0.0,
    exponential=True,
    slope_shift=0,
    target=lambda labels: -labels,
    mean=lambda score: np.exp(np.minimum(score, 700.0)),
    rest=lambda _labels: 0.0,
    classes=False,
)
FAMILIES: Final[Mapping[str, Family]] = {each.name: each for each in (LOGISTIC, LINEAR, POISSON)}


def read_targets(context: Context, samples: Samples, family: Family) -> Vector:
    """The guest's training labels as the family needs them; InvalidInputError for any others."""
    party = context.me.party
    if samples.labels is None:
        raise InvalidInputError(
            f"the training table of party {party} (guest) has no label column {samples.label_name!r}: set "
            "`label_column` in its data_transform"
        )
    labels = clean_labels(context, samples, family)
    if labels is None:
        raise TypeError("labels vanished")
    if family.classes and len(np.unique(labels)) == 1:
        raise InvalidInputError(
            f"all {len(labels)} training rows of party {party} have the label {int(labels[0])}: a classifier needs "
            f"rows of both classes; check column {samples.label_name!r}, and which rows the intersection leaves"
        )
    return labels


def clean_labels(context: Context, samples: Samples, family: Family) -> Vector | None:
    """Labels of any samples, -1 as 0 for classes; None where there are none."""
    if samples.labels is None:
        return None
    kinds = set(np.unique(samples.labels).tolist())
    where = f"label column {samples.label_name!r} of party {context.me.party}"
    if family.classes and not (kinds <= {0.0, 1.0} or kinds <= {-1.0, 1.0}):
        shown = render_names([f"{kind:g}" for kind in sorted(kinds)])
        raise InvalidInputError(
            f"{where} holds {shown}: {context.step!r} needs 0 and 1 (or -1 and 1); map them with `label_map` in "
            "data_transform"
        )
    if family.exponential and kinds and min(kinds) < 0:
        raise InvalidInputError(f"{where} holds {min(kinds):g}: counts are never negative; correct the table")
    if kinds and max(map(abs, kinds)) > 2.0**20:
        raise InvalidInputError(f"{where} goes up to {max(map(abs, kinds)):g}: divide it, so that it stays below 1e6")
    return np.maximum(samples.labels, 0.0) if family.classes else samples.labels
