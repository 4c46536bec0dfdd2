"""Reads and writes tables of samples: Parquet files with an id column, perhaps a label, and features.

pyarrow is loaded inside the functions, so that a process that never touches a table starts without it.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from fedrota.component import Context, InvalidInputError
from workers.components.columns import LARGEST_WHOLE, Vector

if TYPE_CHECKING:
    import pyarrow


ID_KEY: Final = b"fedrota.id"
LABEL_KEY: Final = b"fedrota.label"
WEIGHT_KEY: Final = b"fedrota.weight"
SHOWN_COLUMNS: Final = 12
HEAVIEST: Final = 1e20
"""No sample weighs more: sums of weights, and of gradients that they multiply, must stay within float64 and under masks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """Which columns of a table name its samples, label them and weigh them; empty where there is none."""

    id_name: str
    label_name: str
    weight_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Samples:
    """A numeric table: `features` is a float64 matrix of samples x features; NaN occurs only where gaps are asked for."""

    ids: Sequence[str]
    features: Vector
    names: tuple[str, ...]
    """The features' column names, in the order of the matrix."""
    labels: Vector | None = None
    id_name: str = "id"
    label_name: str = "y"
    label_whole: bool = field(default=True)
    """Whether labels are written as integers."""
    weights: Vector | None = None
    weight_name: str = "sample_weight"

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, rows: Sequence[int]) -> "Samples":
        """Some of the samples, in the order given."""
        return replace(
            self,
            ids=[self.ids[row] for row in rows],
            features=self.features[rows],
            labels=None if self.labels is None else self.labels[rows],
            weights=None if self.weights is None else self.weights[rows],
        )


def get_input(context: Context, name: str) -> Path:
    """The file of an input that the component cannot do without; InvalidInputError where none is connected."""
    if context.has_input(name):
        return context.input(name)
    raise InvalidInputError(
        f"step {context.step!r} needs the input {name!r} at party {context.me.party}: "
        f"connect it in the job document, e.g. `inputs: {{{name}: earlier_step.data}}`"
    )


def read_table(path: Path) -> "pyarrow.Table":
    """The whole Parquet file; InvalidInputError where it is none, or two of its columns have one name."""
    import pyarrow
    import pyarrow.parquet

    try:
        # Not `read_table`: that loads pyarrow's dataset layer. Small tables gain nothing from threads.
        table = pyarrow.parquet.ParquetFile(path).read(use_threads=False)
    except pyarrow.ArrowInvalid as error:
        raise InvalidInputError(f"{path.name} is no Parquet table ({error}); upload it as CSV or Parquet") from error
    twice = next((name for name, count in Counter(table.column_names).items() if count > 1), None)
    if twice is not None:
        # No upload has such columns, but what a component of somebody's own writes may.
        raise InvalidInputError(f"{path.name} has more than one column {twice!r}: give each column a name of its own")
    return table


def read_marks(context: Context, name: str, table: "pyarrow.Table") -> Marks:
    """The marks of the input `name`; without any, `id` and `y`. InvalidInputError where there is no id column."""
    marked = table.schema.metadata or {}
    id_name = marked.get(ID_KEY, b"id").decode()
    if id_name not in table.column_names:
        raise InvalidInputError(
            f"input {name!r} of party {context.me.party} has no column {id_name!r} (it has "
            f"{render_names(table.column_names)}): name the column that identifies the samples `id`, or put a "
            f"data_transform step with `id_column` before {context.step!r}"
        )
    label, weight = marked.get(LABEL_KEY, b"y").decode(), marked.get(WEIGHT_KEY, b"").decode()
    return Marks(
        id_name=id_name,
        label_name=label if label in table.column_names else "",
        weight_name=weight if weight in table.column_names else "",
    )


def read_ids(context: Context, table: "pyarrow.Table", name: str) -> list[str]:
    """The ids in the column `name`, as text; InvalidInputError where a row has none."""
    values = table.column(name).to_pylist()
    missing = sum(value is None or value == "" or (isinstance(value, float) and math.isnan(value)) for value in values)
    if missing:
        raise InvalidInputError(
            f"id column {name!r} of party {context.me.party} is empty in {missing} of {len(values)} rows: give each row an id"
        )
    return [str(value) for value in values]


def mark_table(table: "pyarrow.Table", marks: Marks) -> "pyarrow.Table":
    """The table with the marks; an empty one of the label says that a column called `y` is a feature."""
    known = {ID_KEY: marks.id_name, LABEL_KEY: marks.label_name}
    if marks.weight_name:
        known[WEIGHT_KEY] = marks.weight_name
    if not marks.label_name and "y" not in table.column_names:
        del known[LABEL_KEY]
    return table.replace_schema_metadata({key: column.encode() for key, column in known.items()})


def write_table(context: Context, name: str, table: "pyarrow.Table") -> None:
    """Write a table as the output `name`, with its rows and columns as facts."""
    import pyarrow.parquet

    with context.output(name, "table") as output:
        pyarrow.parquet.write_table(table, output.path)
        output.facts.update(rows=table.num_rows, columns=table.num_columns)


def write_samples(context: Context, name: str, samples: Samples) -> None:
    """Write samples as the output `name`; the file remembers which columns are id, label and weight."""
    import pyarrow

    columns: dict[str, Any] = {samples.id_name: pyarrow.array(samples.ids, pyarrow.string())}
    if samples.labels is not None:
        columns[samples.label_name] = samples.labels.astype(np.int64) if samples.label_whole else samples.labels
    if samples.weights is not None:
        columns[samples.weight_name] = samples.weights
    for position, feature in enumerate(samples.names):
        columns[feature] = np.ascontiguousarray(samples.features[:, position])
    marks = Marks(
        id_name=samples.id_name,
        label_name="" if samples.labels is None else samples.label_name,
        weight_name="" if samples.weights is None else samples.weight_name,
    )
    write_table(context, name, mark_table(pyarrow.table(columns), marks))


def read_samples(context: Context, name: str, *, gaps: bool = False) -> Samples:
    """The samples of the input `name`, as `data_transform` writes them.

    A table without its marks counts too where its columns are called `id` and `y`. InvalidInputError names
    the party and the columns where an id is missing, or a feature is not numeric or not finite; with `gaps`, features
    may be NaN.
    """
    table = read_table(get_input(context, name))
    marks = read_marks(context, name, table)
    names = tuple(
        each for each in table.column_names if each not in (marks.id_name, marks.label_name, marks.weight_name)
    )
    features = [_read_numbers(context, table, each, gaps=gaps) for each in names]
    return Samples(
        ids=read_ids(context, table, marks.id_name),
        features=np.column_stack(features) if names else np.empty((table.num_rows, 0)),
        names=names,
        labels=_read_marked(context, table, marks.label_name, what="label") if marks.label_name else None,
        id_name=marks.id_name,
        label_name=marks.label_name or "y",
        weights=_read_marked(context, table, marks.weight_name, what="weight") if marks.weight_name else None,
        weight_name=marks.weight_name or "sample_weight",
    )


def refuse_weights(context: Context, samples: Samples) -> None:
    """InvalidInputError where the samples have weights, for a component that would leave them out of account."""
    if samples.weights is not None:
        raise InvalidInputError(
            f"the samples of party {context.me.party} have weights in column {samples.weight_name!r}, but step "
            f"{context.step!r} cannot weigh samples: leave out the sample_weight step, or let a federated_sample step with "
            "`mode: exact_by_weight` repeat the rows instead"
        )


def _read_marked(context: Context, table: "pyarrow.Table", name: str, *, what: str) -> Vector:
    """The labels or weights, as `what` says: no step fills their gaps, and whole numbers must stay what they are."""
    import pyarrow

    values = _to_floats(context, table, name, empty=False)
    where = f"{what} column {name!r} of party {context.me.party}"
    wrong = int((~np.isfinite(values)).sum())
    if wrong:
        raise InvalidInputError(
            f"{where} is missing or infinite in {wrong} of {len(values)} rows: correct the table, or remove these rows"
        )
    largest = np.abs(values).max(initial=0.0)
    if what == "weight" and largest > HEAVIEST:
        raise InvalidInputError(
            f"{where} goes up to {largest:g}, and a weight may be {HEAVIEST:g}: set `normalize` in the sample_weight step"
        )
    if pyarrow.types.is_integer(table.schema.field(name).type) and largest > LARGEST_WHOLE:
        raise InvalidInputError(
            f"{where} goes up to {largest:g}, where whole numbers are not exact any more: divide it, or map it to smaller numbers"
        )
    return values


def _read_numbers(context: Context, table: "pyarrow.Table", name: str, *, gaps: bool) -> Vector:
    values = _to_floats(context, table, name, empty=gaps)
    wrong = np.isinf(values) if gaps else ~np.isfinite(values)
    if wrong.any():
        raise InvalidInputError(
            f"column {name!r} of party {context.me.party} has {int(wrong.sum())} missing or "
            "infinite values: set `fill` in a data_transform step"
        )
    return values


def _to_floats(context: Context, table: "pyarrow.Table", name: str, *, empty: bool) -> Vector:
    """The column as it stands; with `empty` one without any value, whose type is null, too."""
    import pyarrow

    kind = table.schema.field(name).type
    is_empty = empty and pyarrow.types.is_null(kind)
    if not (pyarrow.types.is_integer(kind) or pyarrow.types.is_floating(kind) or is_empty):
        raise InvalidInputError(
            f"column {name!r} of party {context.me.party} is of type {kind}, not a number: "
            f"put a data_transform step before {context.step!r}"
        )
    values: Vector = table.column(name).to_numpy().astype(np.float64)
    return values


def render_names(names: Sequence[str]) -> str:
    """Column names for an error's text: the first dozen, and how many more there are."""
    shown = ", ".join(map(str, names[:SHOWN_COLUMNS])) or "no columns"
    more = len(names) - SHOWN_COLUMNS
    return f"{shown} and {more} more" if more > 0 else shown


def tell_apart(wanted: Sequence[str], found: Sequence[str]) -> str:
    """What one list of features has and the other lacks, or where their order parts: of many, the lists show the first."""
    lacks = [name for name in wanted if name not in set(found)]
    extra = [name for name in found if name not in set(wanted)]
    differences = [f"they lack {render_names(lacks)}"] if lacks else []
    differences += [f"they have {render_names(extra)} in addition"] if extra else []
    if not differences:
        place = next(place for place, pair in enumerate(zip(wanted, found, strict=True)) if pair[0] != pair[1])
        differences = [f"their order differs from feature {place + 1} on, {found[place]} instead of {wanted[place]}"]
    text = " and ".join(differences)
    return text[0].upper() + text[1:]
