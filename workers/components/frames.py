"""Tables of any column types with their id, label and weight columns known: what the components for tables work on."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from fedrota.component import Context, InvalidInputError
from workers.components.columns import NotNumericError, Vector, to_numbers
from workers.components.tables import (
    Marks,
    get_input,
    mark_table,
    read_ids,
    read_marks,
    read_table,
    render_names,
    write_table,
)

if TYPE_CHECKING:
    import pyarrow

Rows = np.ndarray[tuple[int, ...], np.dtype[np.int64]]
COLUMN_NAME: Final = {"type": "string", "minLength": 1, "maxLength": 200}
SELECTION: Final[Mapping[str, Mapping[str, Any]]] = {
    "columns": {
        "type": "array",
        "items": COLUMN_NAME,
        "uniqueItems": True,
        "default": [],
        "description": "Features to work on, by name; with `positions` empty too, all features.",
    },
    "positions": {
        "type": "array",
        "items": {"type": "integer", "minimum": 0},
        "uniqueItems": True,
        "default": [],
        "description": "Features to work on, by their places among the party's features, from 0; beside `columns`.",
    },
    "unknown_columns": {
        "type": "string",
        "enum": ["error", "ignore"],
        "default": "error",
        "description": "What to do with a name or place that the party's table does not have.",
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """A table; the columns that are neither id, label nor weight are its features, of whatever type."""

    table: "pyarrow.Table"
    id_name: str
    label_name: str
    """Empty where the table has no label."""
    weight_name: str
    """Empty where the samples have no weights."""

    def __len__(self) -> int:
        return int(self.table.num_rows)

    @property
    def features(self) -> list[str]:
        """The features' names, in the table's order."""
        marked = [self.id_name, *(name for name in (self.label_name, self.weight_name) if name)]
        return [name for name in self.table.column_names if name not in marked]

    @property
    def ids(self) -> list[str]:
        """The ids as text."""
        return [str(each) for each in self.table.column(self.id_name).to_pylist()]

    @property
    def columns(self) -> dict[str, Any]:
        """The columns by name, to be changed and given to `with_columns`."""
        return dict(zip(self.table.column_names, self.table.columns, strict=True))

    def with_columns(self, columns: Mapping[str, Any], *, weight_name: str | None = None) -> "Frame":
        """Another table with the same marks."""
        import pyarrow

        weight = self.weight_name if weight_name is None else weight_name
        return Frame(
            table=pyarrow.table(dict(columns)), id_name=self.id_name, label_name=self.label_name, weight_name=weight
        )

    def take(self, rows: Sequence[int] | Rows) -> "Frame":
        """Some of the rows, in the order given."""
        import pyarrow

        picked = self.table.take(pyarrow.array(rows, pyarrow.int64()))
        return Frame(table=picked, id_name=self.id_name, label_name=self.label_name, weight_name=self.weight_name)


def read_frame(context: Context, name: str) -> Frame:
    """The table of the input `name`, with the columns that data_transform marked; without marks `id` and `y`.

    InvalidInputError where there is no id column, or a row has no id.
    """
    table = read_table(get_input(context, name))
    marks = read_marks(context, name, table)
    read_ids(context, table, marks.id_name)  # a gap is no sample's name: told here, before it becomes a text
    return Frame(table=table, id_name=marks.id_name, label_name=marks.label_name, weight_name=marks.weight_name)


def write_frame(context: Context, name: str, frame: Frame) -> None:
    """Write a table as the output `name`; the file remembers its id, label and weight columns."""
    marks = Marks(id_name=frame.id_name, label_name=frame.label_name, weight_name=frame.weight_name)
    write_table(context, name, mark_table(frame.table, marks))


def select_features(context: Context, frame: Frame) -> list[str]:
    """The features that `columns` and `positions` ask for, in the table's order; all where both are empty."""
    params, features = context.params, frame.features
    if not params["columns"] and not params["positions"]:
        return features
    unknown = [repr(name) for name in params["columns"] if name not in features]
    unknown += [f"position {place}" for place in params["positions"] if place >= len(features)]
    if unknown and params["unknown_columns"] == "error":
        raise InvalidInputError(
            f"the table of party {context.me.party} has no feature {render_names(unknown)}; its {len(features)} features "
            f"are {render_names(features)}: correct `columns` or `positions`, or set `unknown_columns: ignore`"
        )
    if unknown:
        context.log(f"no feature {render_names(unknown)} at this party: left aside")
    places = {place for place in params["positions"] if place < len(features)}
    return [name for place, name in enumerate(features) if name in params["columns"] or place in places]


def read_numbers(context: Context, frame: Frame, name: str) -> Vector:
    """A column as float64, NaN where it is missing; InvalidInputError where it holds anything but numbers."""
    try:
        return to_numbers(frame.table.column(name), missing=("",), known={})
    except NotNumericError as error:
        raise InvalidInputError(
            f"column {name!r} of party {context.me.party} {error} ({error.rows} of {len(frame)} rows): step "
            f"{context.step!r} works on numbers; list the numeric columns, or encode this one before"
        ) from error


def read_labels(context: Context, frame: Frame, purpose: str) -> list[Any]:
    """The labels as they stand in the table; InvalidInputError, naming the `purpose`, where some or all are missing."""
    labels = frame.table.column(frame.label_name).to_pylist() if frame.label_name else []
    gaps = sum(label is None or (isinstance(label, float) and math.isnan(label)) for label in labels)
    if not frame.label_name or gaps:
        missing = f"is empty in {gaps} of {len(labels)} rows" if frame.label_name else "is missing"
        raise InvalidInputError(
            f"the label column of party {context.me.party} {missing}, but {purpose} needs labels: set `label_column` in "
            f"data_transform, correct the table, or change the parameters of step {context.step!r}"
        )
    return labels


def render_label(label: Any) -> str:
    """A label as a parameter names it: 1 and 1.0 are both "1"."""
    whole = isinstance(label, float) and label.is_integer()
    return str(int(label) if whole else label)


def check_rows(context: Context, frame: Frame) -> None:
    """InvalidInputError where the table has no rows."""
    if not len(frame):
        raise InvalidInputError(
            f"the table of party {context.me.party} has no rows: check the steps before {context.step!r}"
        )


def change_features(frame: Frame, names: Sequence[str], change: Callable[[str, Any], Any]) -> Frame:
    """The frame with each named column replaced by what `change` makes of its name and column."""
    columns = frame.columns
    return frame.with_columns(columns | {name: change(name, columns[name]) for name in names})


def count_classes(labels: Sequence[Any]) -> dict[str, int]:
    """How often each label occurs, by its text."""
    names, counts = np.unique([render_label(label) for label in labels], return_counts=True)
    return dict(zip(names.tolist(), counts.tolist(), strict=True))
