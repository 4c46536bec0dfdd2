"""The categories of columns, and tables with a column of 0 and 1 for each of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from fedrota.component import Context, InvalidInputError
from workers.components.fitted import check_known
from workers.components.frames import Frame
from workers.components.tables import render_names

LIMIT: Final = 1024
"""The most categories of one column; more mean that it is no category."""

Category = int | str


@dataclass(frozen=True, slots=True, kw_only=True)
class OneHot:
    """The categories of each column that is encoded, in the order of the new columns."""

    categories: Mapping[str, Sequence[Category]]

    @classmethod
    def parse(cls, model: Mapping[str, Any]) -> "OneHot":
        """The categories in a model file."""
        return cls(categories={name: list(values) for name, values in model["categories"].items()})

    def apply(self, context: Context, frame: Frame) -> Frame:
        """The table with a column for each category in the place of each encoded one; an unknown value gives zeros."""
        check_known(context, frame, list(self.categories))
        encoded: dict[str, Any] = {}
        for name, column in frame.columns.items():
            for new, values in self._encode(context, frame, name, column).items():
                if new in encoded:
                    raise InvalidInputError(
                        f"one-hot encoding gives party {context.me.party} two columns {new!r}: rename one of its columns"
                    )
                encoded[new] = values
        context.summary(features_before=len(frame.features))
        return frame.with_columns(encoded)

    def _encode(self, context: Context, frame: Frame, name: str, column: Any) -> dict[str, Any]:
        if name not in self.categories:
            return {name: column}
        places = {each: place for place, each in enumerate(self.categories[name])}
        found = read_categories(context, frame, name)
        _check_kind(context, name, self.categories[name], found)
        cells = np.array([places.get(cell, -1) for cell in found], dtype=np.int64)
        return {f"{name}_{each}": (cells == place).astype(np.int64) for each, place in places.items()}

    def to_json(self) -> dict[str, Any]:
        """As the model file holds it."""
        return {"categories": {name: list(values) for name, values in self.categories.items()}}


def find_categories(context: Context, frame: Frame, names: Sequence[str]) -> dict[str, list[Category]]:
    """The distinct values of each column, sorted; InvalidInputError where there are too many."""
    found = {name: sort_categories(read_categories(context, frame, name)) for name in names}
    for name, values in found.items():
        if len(values) > LIMIT:
            raise InvalidInputError(
                f"column {name!r} of party {context.me.party} has {len(values)} different values, more than the {LIMIT} that "
                "are encoded: leave it out with `columns`, or bin it before"
            )
    return found


def sort_categories(values: Sequence[Category]) -> list[Category]:
    """The distinct values in order: numbers first, then texts."""
    return sorted(set(values), key=lambda each: (isinstance(each, str), each))


def read_categories(context: Context, frame: Frame, name: str) -> list[Category]:
    """A column's values as whole numbers or texts; InvalidInputError for gaps, fractions and other types."""
    cells = frame.table.column(name).to_pylist()
    gaps = sum(cell is None for cell in cells)
    if gaps:
        raise InvalidInputError(
            f"column {name!r} of party {context.me.party} is missing in {gaps} of {len(cells)} rows: fill it before, e.g. "
            "with a feature_imputation step"
        )
    wrong = [cell for cell in cells if not _is_category(cell)]
    if wrong:
        raise InvalidInputError(
            f"column {name!r} of party {context.me.party} holds {len(wrong)} values that are neither whole numbers nor "
            f"texts: encode whole numbers and texts only; its features are {render_names(frame.features)}, choose among "
            "them with `columns`"
        )
    return [cell if isinstance(cell, str) else int(cell) for cell in cells]


def _check_kind(context: Context, name: str, known: Sequence[Category], found: Sequence[Category]) -> None:
    """InvalidInputError where a column holds texts and the model knows numbers, or the other way round: none would match."""
    wanted, given = ({isinstance(each, str) for each in values} for values in (known, found))
    if wanted and given and wanted != given:
        kinds = ("texts", "whole numbers") if True in given else ("whole numbers", "texts")
        raise InvalidInputError(
            f"column {name!r} of party {context.me.party} holds {kinds[0]}, but the model knows it by {kinds[1]}: prepare it "
            "as the table that the model was made from"
        )


def _is_category(cell: object) -> bool:
    return isinstance(cell, int | str) or (isinstance(cell, float) and cell.is_integer())
