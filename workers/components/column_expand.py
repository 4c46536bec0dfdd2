"""The component that adds columns with a fixed value, to the party's table and to later ones."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from fedrota.component import Context, InvalidInputError, component
from workers.components.fitted import RUN, Kind, run_transform
from workers.components.frames import COLUMN_NAME, Frame
from workers.components.tables import render_names

DISCLOSURE: Final = (
    ("the centre", "numbers of rows and features; where the task fails names of columns", "none"),
    ("other parties", "nothing: each party changes its own table by itself", "none"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expansion:
    """The value of each new column, in their order."""

    values: Mapping[str, float | str]

    @classmethod
    def fit(cls, context: Context, _frame: Frame) -> "Expansion":
        """The columns that the parameters ask for."""
        names, values = context.params["names"], context.params["values"]
        if len(values) not in (1, len(names)):
            raise InvalidInputError(
                f"`values` has {len(values)} values and `names` has {len(names)} names at party {context.me.party}: give one "
                "value for all columns, or one for each"
            )
        return cls(values=dict(zip(names, values if len(values) > 1 else list(values) * len(names), strict=True)))

    @classmethod
    def parse(cls, model: Mapping[str, Any]) -> "Expansion":
        """The columns in a model file."""
        return cls(values=dict(model["values"]))

    def apply(self, context: Context, frame: Frame) -> Frame:
        """The table with the new columns at its end."""
        import pyarrow

        taken = [repr(name) for name in self.values if name in frame.table.column_names]
        if taken:
            raise InvalidInputError(
                f"the table of party {context.me.party} already has {render_names(taken)}: choose other `names`, or take the "
                "columns out before"
            )
        new = {
            name: pyarrow.array([value] * len(frame), pyarrow.string() if isinstance(value, str) else pyarrow.float64())
            for name, value in self.values.items()
        }
        return frame.with_columns(frame.columns | new)

    def to_json(self) -> dict[str, Any]:
        """As the model file holds it."""
        return {"values": dict(self.values)}


KIND: Final = Kind(format="fedrota.column_expand/1", fit=Expansion.fit, parse=Expansion.parse)


@component(
    "column_expand",
    params={
        "names": {
            "type": "array",
            "items": COLUMN_NAME,
            "uniqueItems": True,
            "default": [],
            "description": "The new columns, in their order; empty adds none.",
        },
        "values": {
            "type": "array",
            "items": {"type": ["number", "string"]},
            "minItems": 1,
            "default": [1e-8],
            "description": "What stands in every row: one number or text for all new columns, or one for each.",
        },
        "run": RUN,
    },
    inputs={"data": "table", "model": "model"},
    outputs={"data": "table", "model": "model"},
)
def column_expand(context: Context) -> None:
    """Add columns with the same number or text in every row, e.g. so that all parties have the same features.

    With the input `model` of an earlier step, the columns are that step's.
    """
    run_transform(context, KIND)
