"""The component that fills the gaps in a party's own features, and in later tables with the same values."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from fedrota.component import Context, InvalidInputError, component
from workers.components.columns import Vector, count_gaps, take_mean
from workers.components.fitted import RUN, Kind, check_known, run_transform
from workers.components.frames import Frame, change_features, read_numbers
from workers.components.tables import render_names

DISCLOSURE: Final = (
    (
        "the centre",
        "numbers of rows and features; how often each feature was filled, and with what where it was",
        "none",
    ),
    ("other parties", "nothing: rows and statistics stay at the party", "none"),
)
STATISTICS: Final[Mapping[str, Callable[[Vector], float]]] = {
    "mean": take_mean,
    "median": lambda values: float(np.median(values)),
    "min": lambda values: float(values.min()),
    "max": lambda values: float(values.max()),
}
METHODS: Final = ("none", *STATISTICS, "value")


@dataclass(frozen=True, slots=True, kw_only=True)
class Imputation:
    """What fills the gaps of each feature, and which numbers count as gaps."""

    fill: Mapping[str, float]
    missing: Sequence[float]

    @classmethod
    def fit(cls, context: Context, frame: Frame) -> "Imputation":
        """The values that the parameters ask for."""
        params, features = context.params, frame.features
        unknown = [repr(name) for name in params["methods"] if name not in features]
        if unknown:
            raise InvalidInputError(
                f"the table of party {context.me.party} has no feature {render_names(unknown)}; it has "
                f"{render_names(features)}: correct `methods`"
            )
        if len(params["fill_values"]) not in (0, len(features)):
            raise InvalidInputError(
                f"`fill_values` has {len(params['fill_values'])} numbers, but the table of party {context.me.party} has "
                f"{len(features)} features: give one for each, or one for all as `fill_value`"
            )
        fill = {
            name: _choose(context, frame, name, place)
            for place, name in enumerate(features)
            if params["methods"].get(name, params["method"]) != "none"
        }
        return cls(fill=fill, missing=params["also_missing"])

    @classmethod
    def parse(cls, model: Mapping[str, Any]) -> "Imputation":
        """The values in a model file."""
        fill = {name: float(value) for name, value in model["fill"].items()}
        return cls(fill=fill, missing=[float(each) for each in model["missing"]])

    def apply(self, context: Context, frame: Frame) -> Frame:
        """The table without gaps in these features."""
        check_known(context, frame, list(self.fill))
        rates = {}

        def change(name: str, _column: Any) -> Vector:
            values = _mark_gaps(read_numbers(context, frame, name), self.missing)
            rates[name] = count_gaps(values) / len(values) if len(values) else 0.0
            return np.where(np.isnan(values), self.fill[name], values)

        filled = change_features(frame, list(self.fill), change)
        # Of a column without gaps, its minimum or mean is nobody else's business.
        shown = {name: value for name, value in self.fill.items() if rates[name]}
        context.summary(fill=shown, filled_share=rates)
        return filled

    def to_json(self) -> dict[str, Any]:
        """As the model file holds it."""
        return {"fill": dict(self.fill), "missing": list(self.missing)}


KIND: Final = Kind(format="fedrota.feature_imputation/1", fit=Imputation.fit, parse=Imputation.parse)


@component(
    "feature_imputation",
    params={
        "method": {
            "type": "string",
            "enum": list(METHODS),
            "default": "mean",
            "description": "What fills a gap: a statistic of the feature's other values, or a given value; none leaves "
            "gaps as they are.",
        },
        "methods": {
            "type": "object",
            "additionalProperties": {"type": "string", "enum": list(METHODS)},
            "default": {},
            "description": "Another method for some features, by name.",
        },
        "fill_value": {"type": "number", "default": 0, "description": "The value for the method value."},
        "fill_values": {
            "type": "array",
            "items": {"type": "number"},
            "default": [],
            "description": "A value for each feature of the party's table, in its order, in place of `fill_value`.",
        },
        "also_missing": {
            "type": "array",
            "items": {"type": "number"},
            "default": [],
            "description": "Numbers that count as gaps, such as -1 or 999.",
        },
        "run": RUN,
    },
    inputs={"data": "table", "model": "model"},
    outputs={"data": "table", "model": "model"},
)
def feature_imputation(context: Context) -> None:
    """Fill gaps in the party's features with the mean, median, minimum or maximum of the feature, or a given value.

    With the input `model` of an earlier step, gaps are filled with that step's values. Let data_transform pass gaps on
    with `fill: keep`.
    """
    run_transform(context, KIND)


def _choose(context: Context, frame: Frame, name: str, place: int) -> float:
    params = context.params
    how = params["methods"].get(name, params["method"])
    values = _mark_gaps(read_numbers(context, frame, name), params["also_missing"])
    if how == "value":
        return float(params["fill_values"][place] if params["fill_values"] else params["fill_value"])
    present = values[~np.isnan(values)]
    if not len(present):
        raise InvalidInputError(
            f"column {name!r} of party {context.me.party} is empty, so it has no {how}: give it the method value in "
            "`methods`, or leave the column out before"
        )
    return STATISTICS[how](present)


def _mark_gaps(values: Vector, missing: Sequence[float]) -> Vector:
    return np.where(np.isin(values, missing), np.nan, values)
