"""The component that scales a party's own features, and later tables in the same way."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from fedrota.component import Context, InvalidInputError, component
from workers.components.columns import FURTHEST, Vector
from workers.components.fitted import RUN, Kind, check_known, run_transform
from workers.components.frames import SELECTION, Frame, change_features, read_numbers, select_features

DISCLOSURE: Final = (
    ("the centre", "numbers of rows and features; where the task fails names of columns", "none"),
    ("other parties", "nothing: each party scales its own columns by itself", "none"),
)
LIMITS: Final = {"type": "array", "items": {"type": "number"}, "default": []}


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnRange:
    """How one column is scaled: cut off at `lower` and `upper`, then less `shift`, then divided by `divisor`."""

    lower: float
    upper: float
    shift: float
    divisor: float

    def apply(self, values: Vector) -> Vector:
        """The scaled values; gaps stay gaps."""
        scaled: Vector = (np.clip(values, self.lower, self.upper) - self.shift) / self.divisor
        return scaled


@dataclass(frozen=True, slots=True, kw_only=True)
class Scaling:
    """The ranges of the columns that are scaled."""

    method: str
    ranges: Mapping[str, ColumnRange]

    @classmethod
    def fit(cls, context: Context, frame: Frame) -> "Scaling":
        """The scaling that the parameters ask for."""
        places = {name: place for place, name in enumerate(frame.features)}
        chosen = select_features(context, frame)
        ranges = {name: _measure(context, frame, name, places[name]) for name in chosen}
        return cls(method=context.params["method"], ranges=ranges)

    @classmethod
    def parse(cls, model: Mapping[str, Any]) -> "Scaling":
        """The scaling in a model file."""
        ranges = {
            name: ColumnRange(**{part: float(each[part]) for part in ("lower", "upper", "shift", "divisor")})
            for name, each in model["ranges"].items()
        }
        return cls(method=model["method"], ranges=ranges)

    def apply(self, context: Context, frame: Frame) -> Frame:
        """The table with its columns scaled."""
        check_known(context, frame, list(self.ranges))
        return change_features(
            frame,
            list(self.ranges),
            lambda name, _column: self.ranges[name].apply(read_numbers(context, frame, name)),
        )

    def to_json(self) -> dict[str, Any]:
        """As the model file holds it."""
        ranges = {
            name: {"lower": each.lower, "upper": each.upper, "shift": each.shift, "divisor": each.divisor}
            for name, each in self.ranges.items()
        }
        return {"method": self.method, "ranges": ranges}


KIND: Final = Kind(format="fedrota.feature_scale/1", fit=Scaling.fit, parse=Scaling.parse)


@component(
    "feature_scale",
    params={
        "method": {
            "type": "string",
            "enum": ["standard_scale", "min_max_scale"],
            "default": "standard_scale",
            "description": "standard_scale: mean 0, deviation 1 (over n); min_max_scale: from 0 to 1.",
        },
        **SELECTION,
        "mode": {
            "type": "string",
            "enum": ["normal", "cap"],
            "default": "normal",
            "description": "Whether `lower` and `upper` are values (normal) or shares of the column's sorted values (cap).",
        },
        "lower": {
            **LIMITS,
            "description": "Values below are raised to this before scaling: one for all features, or one for each feature "
            "of the party's table; empty means none.",
        },
        "upper": {**LIMITS, "description": "Values above are cut to this before scaling; as `lower`."},
        "with_mean": {
            "type": "boolean",
            "default": True,
            "description": "standard_scale: take the mean off.",
        },
        "with_std": {
            "type": "boolean",
            "default": True,
            "description": "standard_scale: divide by the standard deviation.",
        },
        "run": RUN,
    },
    inputs={"data": "table", "model": "model"},
    outputs={"data": "table", "model": "model"},
)
def feature_scale(context: Context) -> None:
    """Scale features by the party's own columns: to mean 0 and deviation 1, or from 0 to 1.

    With the input `model` of an earlier step, the table is scaled as that step's was: values beyond what was seen then
    are cut off at it. A constant column is not divided. Missing values stay missing.
    """
    run_transform(context, KIND)


def _measure(context: Context, frame: Frame, name: str, place: int) -> ColumnRange:
    values = read_numbers(context, frame, name)
    present = values[~np.isnan(values)]
    if not len(present):
        raise InvalidInputError(
            f"column {name!r} of party {context.me.party} has no values to scale by: leave it out of `columns`"
        )
    lower, upper = _find_limits(context, present, name, (place, len(frame.features)))
    if max(abs(lower), abs(upper)) > FURTHEST:
        raise InvalidInputError(
            f"column {name!r} of party {context.me.party} has values from {lower:.3g} to {upper:.3g}, whose squares are too "
            "large to add up: set `lower` and `upper`, or leave it out of `columns`"
        )
    if context.params["method"] == "min_max_scale":
        return ColumnRange(lower=lower, upper=upper, shift=lower, divisor=(upper - lower) or 1.0)
    seen = np.clip(present, lower, upper)
    # The mean of equal values may differ from them in the last bit; that is no mean to take off, no deviation to divide by.
    mean, deviation = (lower, 0.0) if lower == upper else (float(seen.mean()), float(seen.std()))
    shift = mean if context.params["with_mean"] else 0.0
    divisor = deviation if context.params["with_std"] and deviation else 1.0
    return ColumnRange(lower=lower, upper=upper, shift=shift, divisor=divisor)


def _find_limits(context: Context, present: Vector, name: str, place: tuple[int, int]) -> tuple[float, float]:
    """The least and the greatest value that is kept."""
    least, most = (_read_limit(context, limit, place) for limit in ("lower", "upper"))
    if least is not None and most is not None and least > most:
        raise InvalidInputError(
            f"`lower` is {least:g} and `upper` is {most:g} for column {name!r} of party {context.me.party}: give a `lower` "
            "that is not above `upper`"
        )
    if context.params["mode"] == "cap":
        return _find_quantiles(context, present, 0.0 if least is None else least, 1.0 if most is None else most)
    found = np.array([present.min(), present.max()])
    low, high = np.clip(found, least, most) if least is not None or most is not None else found
    return float(low), float(high)


def _find_quantiles(context: Context, present: Vector, least: float, most: float) -> tuple[float, float]:
    if least < 0 or most > 1:
        raise InvalidInputError(
            f"`mode: cap` reads `lower` and `upper` as shares, but they are {least:g} and {most:g} at party "
            f"{context.me.party}: give numbers from 0 to 1, or set `mode: normal`"
        )
    low, high = np.quantile(present, [least, most], method="inverted_cdf")
    return float(low), float(high)


def _read_limit(context: Context, limit: str, place: tuple[int, int]) -> float | None:
    """One feature's limit, by its place among all of the party's."""
    given, (own, width) = context.params[limit], place
    if len(given) not in (0, 1, width):
        raise InvalidInputError(
            f"`{limit}` has {len(given)} numbers, but the table of party {context.me.party} has {width} features: give "
            "one number for all, or one for each"
        )
    return None if not given else float(given[0] if len(given) == 1 else given[own])
