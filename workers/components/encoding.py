"""How one party's raw tables become numbers: what a data_transform step was told and learned, as its model keeps it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np

from fedrota.component import Context, InvalidInputError
from workers.components.columns import Vector, count_gaps, take_mean
from workers.components.raw_table import RawTable

STATISTICS: Final[Mapping[str, Callable[[Vector], float]]] = {
    "mean": take_mean,
    "min": lambda values: float(values.min()),
    "max": lambda values: float(values.max()),
}
FILLS: Final = ("none", "keep", *STATISTICS, "value")


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoding:
    """The columns of a table, what their texts mean, and what fills their gaps."""

    id_name: str
    label_name: str
    """Empty where no column is a label."""
    label_whole: bool
    label_map: Mapping[str, float]
    features: Sequence[str]
    missing: Sequence[str]
    fill: str
    """One of `FILLS`; a later table is filled with `values`, never with its own statistics."""
    values: Mapping[str, float]

    @classmethod
    def learn(cls, raw: RawTable, params: Mapping[str, Any]) -> "Encoding":
        """What the parameters ask for, with this table's features and statistics."""
        told = cls(
            id_name=raw.id_name,
            label_name=params["label_column"],
            label_whole=params["label_type"] == "int",
            label_map=params["label_map"],
            features=raw.list_features(params),
            missing=params["missing"],
            fill=params["fill"],
            values={},
        )
        found = {name: told.choose_value(raw, name, params["fill_value"]) for name in told.features}
        return cls(
            **{**_get_fields(told), "values": {name: value for name, value in found.items() if value is not None}}
        )

    @classmethod
    def parse(cls, model: Mapping[str, Any]) -> "Encoding":
        """The encoding in a model file; KeyError, TypeError or ValueError where it is damaged."""
        if model["fill"] not in FILLS:
            raise ValueError(f"fill: {model['fill']!r}")
        return cls(
            id_name=str(model["id_name"]),
            label_name=str(model["label_name"]),
            label_whole=bool(model["label_whole"]),
            label_map={text: float(value) for text, value in model["label_map"].items()},
            features=[str(name) for name in model["features"]],
            missing=[str(text) for text in model["missing"]],
            fill=model["fill"],
            values={name: float(value) for name, value in model["values"].items()},
        )

    def to_json(self) -> dict[str, Any]:
        """As the model file holds it."""
        return _get_fields(self)

    def choose_value(self, raw: RawTable, name: str, given: float) -> float | None:
        """What is to fill a feature's gaps; None where nothing is, or where it has neither gaps nor values."""
        if self.fill == "value":
            return given
        if self.fill not in STATISTICS:
            return None
        values = raw.read_column(name, missing=self.missing)
        present = values[~np.isnan(values)]
        return STATISTICS[self.fill](present) if len(present) else None

    def read_feature(self, raw: RawTable, name: str, filled: dict[str, int]) -> Vector:
        """One feature with its gaps filled; how many there were is noted in `filled`."""
        values = raw.read_column(name, missing=self.missing)
        gaps = count_gaps(values)
        if not gaps or self.fill == "keep":
            return values
        if name not in self.values:
            raise _refuse_gaps(raw.context, name, self.fill, gaps=gaps, rows=len(values))
        filled[name] = gaps
        return np.where(np.isnan(values), self.values[name], values)

    def read_labels(self, raw: RawTable, *, required: bool) -> Vector | None:
        """The labels; None where the table has none and none are `required`."""
        if not self.label_name:
            return None
        return raw.read_labels(
            self.label_name, missing=self.missing, known=self.label_map, whole=self.label_whole, required=required
        )


def _refuse_gaps(context: Context, name: str, fill: str, *, gaps: int, rows: int) -> InvalidInputError:
    place = f"column {name!r} of party {context.me.party}"
    if fill in STATISTICS:
        return InvalidInputError(
            f"{place} is empty, so it has no {fill}: leave it out with `drop`, or set `fill: value`"
            if not context.has_input("model")
            else f"{place} is missing in {gaps} of {rows} rows, and was empty where the model was made: leave it out there"
        )
    where = " where the model is made" if context.has_input("model") else ""
    return InvalidInputError(
        f"{place} is missing in {gaps} of {rows} rows: set `fill` to mean, min, max, value or keep{where}, or leave the "
        "column out with `drop`"
    )


def _get_fields(encoding: Encoding) -> dict[str, Any]:
    return {**asdict(encoding), "features": list(encoding.features), "missing": list(encoding.missing)}
