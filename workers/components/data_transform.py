"""The component that turns a raw table into a numeric one: ids as text, a label, features without gaps."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from fedrota.component import Context, InvalidInputError, component
from workers.components.columns import NotNumericError, Vector, count_gaps, to_numbers
from workers.components.tables import Samples, get_input, read_table, render_names, write_samples

if TYPE_CHECKING:
    import pyarrow

DISCLOSURE: Final = (
    ("the centre", "numbers of rows, features, filled values and of each label, as the task's summary", "none"),
    ("the centre, where the task fails", "names of columns, and one value that is no number; no ids", "none"),
    ("other parties", "nothing: rows and statistics stay at the party", "none"),
)
COLUMN_NAME: Final = {"type": "string", "minLength": 1, "maxLength": 200}
SHOWN_IDS: Final = 10
STATISTICS: Final[Mapping[str, Callable[[Vector], float]]] = {
    "mean": lambda values: float(values.mean()),
    "min": lambda values: float(values.min()),
    "max": lambda values: float(values.max()),
}

PARAMS: Final[Mapping[str, Mapping[str, Any]]] = {
    "id_column": {**COLUMN_NAME, "default": "id", "description": "Column that names each sample; kept as text."},
    "label_column": {
        **COLUMN_NAME,
        "default": "y",
        "description": "Column of the label; a party whose table has none goes on without labels.",
    },
    "label_required": {
        "type": "boolean",
        "default": False,
        "description": "Fail where the table has no label column.",
    },
    "label_type": {
        "type": "string",
        "enum": ["int", "float"],
        "default": "int",
        "description": "How labels are stored: whole numbers (classes) or real numbers.",
    },
    "label_map": {
        "type": "object",
        "additionalProperties": {"type": "number"},
        "default": {},
        "description": 'Number for each label text, e.g. {"B": 0, "M": 1}; empty means labels are numbers already.',
    },
    "columns": {
        "type": "array",
        "items": COLUMN_NAME,
        "uniqueItems": True,
        "default": [],
        "description": "Features to keep, in this order; empty means all, in the table's order.",
    },
    "drop": {
        "type": "array",
        "items": COLUMN_NAME,
        "uniqueItems": True,
        "default": [],
        "description": "Columns to leave out.",
    },
    "fill": {
        "type": "string",
        "enum": ["none", "keep", "mean", "min", "max", "value"],
        "default": "none",
        "description": "What replaces a missing feature value: a statistic of the party's own column, or `fill_value`; "
        "with none, a missing value is an error; keep leaves it for a feature_imputation step.",
    },
    "fill_value": {"type": "number", "default": 0, "description": "The value for `fill: value`."},
    "missing": {
        "type": "array",
        "items": {"type": "string", "maxLength": 100},
        "default": ["", "NA", "N/A", "NaN", "nan", "null", "NULL", "None", "?"],
        "description": "Texts that count as missing, beside true gaps.",
    },
    "duplicate_ids": {
        "type": "string",
        "enum": ["error", "first", "keep"],
        "default": "error",
        "description": "What to do with an id that occurs again: fail, keep its first row only, or keep all rows.",
    },
}


@component("data_transform", params=PARAMS, inputs={"data": "table"}, outputs={"data": "table"})
def data_transform(context: Context) -> None:
    """Turn a table into a numeric one: an id, perhaps a label, and features without missing values.

    Text that holds numbers is read as numbers, booleans become 0 and 1. The output remembers which columns
    are id and label, so later steps need not be told.
    """
    table = _keep_rows(context, read_table(get_input(context, "data")))
    if not table.num_rows:
        raise InvalidInputError(f"the table of party {context.me.party} has no rows: upload one with data in it")
    labels = _read_labels(context, table)
    names = _list_features(context, table)
    filled: dict[str, int] = {}
    features = [_read_feature(context, table, name, filled) for name in names]
    samples = Samples(
        ids=_read_ids(context, table),
        features=np.column_stack(features) if features else np.empty((table.num_rows, 0)),
        names=tuple(names),
        labels=labels,
        id_name=context.params["id_column"],
        label_name=context.params["label_column"],
        label_whole=context.params["label_type"] == "int",
    )
    write_samples(context, "data", samples)
    _say_what_was_done(context, samples, filled)


def _say_what_was_done(context: Context, samples: Samples, filled: Mapping[str, int]) -> None:
    context.log(f"{len(samples)} rows, {len(samples.names)} features")
    for name, count in filled.items():
        context.log(f"filled {count} missing values of {name!r} with {context.params['fill']}")
    if samples.labels is None:
        context.log(f"no column {samples.label_name!r}: going on without labels")
    counts = Counter() if samples.labels is None else Counter(samples.labels.tolist())
    classes = {f"{label:g}": count for label, count in sorted(counts.items())} if len(counts) <= 20 else {}
    context.summary(rows=len(samples), features=len(samples.names), filled=sum(filled.values()), labels=classes)


def _keep_rows(context: Context, table: "pyarrow.Table") -> "pyarrow.Table":
    """The table without rows whose id came before, where the parameters ask for that."""
    ids = _read_ids(context, table)
    repeated = [name for name, count in Counter(ids).items() if count > 1]
    how = context.params["duplicate_ids"]
    if not repeated or how == "keep":
        return table
    if how == "error":
        # The reason of a failure is kept at the centre; ids must not leave the party, so they go to the log.
        context.log(f"repeated ids: {', '.join(map(repr, repeated[:SHOWN_IDS]))}")
        raise InvalidInputError(
            f"column {context.params['id_column']!r} of party {context.me.party} holds {len(repeated)} ids more than "
            "once (the task's log names some): correct the table, or set `duplicate_ids` to first or keep"
        )
    first = {name: row for row, name in reversed(list(enumerate(ids)))}
    context.log(f"kept the first row of {len(repeated)} repeated ids")
    return table.take(sorted(first.values()))


def _read_ids(context: Context, table: "pyarrow.Table") -> Sequence[str]:
    name = context.params["id_column"]
    if name not in table.column_names:
        raise InvalidInputError(
            f"the table of party {context.me.party} has no id column {name!r}; it has "
            f"{render_names(table.column_names)}: set `id_column` to the one that names the samples"
        )
    values = table.column(name).to_pylist()
    missing = sum(value is None or value == "" for value in values)
    if missing:
        raise InvalidInputError(
            f"id column {name!r} of party {context.me.party} is empty in {missing} of {len(values)} rows: give each "
            "row an id"
        )
    return [str(value) for value in values]


def _list_features(context: Context, table: "pyarrow.Table") -> list[str]:
    kept = list(context.params["columns"])
    dropped = {context.params["id_column"], context.params["label_column"], *context.params["drop"]}
    unknown = sorted((set(kept) | set(context.params["drop"])) - set(table.column_names))
    if unknown:
        raise InvalidInputError(
            f"the table of party {context.me.party} has no column {render_names([*map(repr, unknown)])}; it has "
            f"{render_names(table.column_names)}: correct `columns` or `drop`"
        )
    return [name for name in kept or table.column_names if name not in dropped]


def _read_labels(context: Context, table: "pyarrow.Table") -> Vector | None:
    name = context.params["label_column"]
    if name not in table.column_names:
        if context.params["label_required"]:
            raise InvalidInputError(
                f"the table of party {context.me.party} has no label column {name!r}; it has "
                f"{render_names(table.column_names)}: set `label_column`, or `label_required: false`"
            )
        return None
    labels = _read_column(context, table, name, context.params["label_map"])
    gaps = count_gaps(labels)
    if gaps:
        raise InvalidInputError(
            f"label column {name!r} of party {context.me.party} is empty in {gaps} of {len(labels)} rows: "
            "remove these rows, since a label cannot be filled"
        )
    if context.params["label_type"] == "int" and (labels != np.round(labels)).any():
        odd = labels[labels != np.round(labels)][0]
        raise InvalidInputError(
            f"label column {name!r} of party {context.me.party} holds {odd:g}, which is no whole number: "
            "set `label_type: float`, or correct the table"
        )
    return labels


def _read_feature(context: Context, table: "pyarrow.Table", name: str, filled: dict[str, int]) -> Vector:
    """One feature with its gaps filled; how many there were is noted in `filled`."""
    values = _read_column(context, table, name, {})
    gaps = count_gaps(values)
    if not gaps or context.params["fill"] == "keep":
        return values
    how = context.params["fill"]
    place = f"column {name!r} of party {context.me.party}"
    if how == "none":
        raise InvalidInputError(
            f"{place} is missing in {gaps} of {len(values)} rows: set `fill` to mean, min, max, value or keep, or "
            "leave the column out with `drop`"
        )
    if how != "value" and gaps == len(values):
        raise InvalidInputError(f"{place} is empty, so it has no {how}: leave it out with `drop`, or set `fill: value`")
    filled[name] = gaps
    value = context.params["fill_value"] if how == "value" else STATISTICS[how](values[~np.isnan(values)])
    return np.where(np.isnan(values), value, values)


def _read_column(context: Context, table: "pyarrow.Table", name: str, known: Mapping[str, float]) -> Vector:
    try:
        return to_numbers(table.column(name), missing=context.params["missing"], known=known)
    except NotNumericError as error:
        remedy = (
            f"map them to numbers with `label_map`, or set `label_column` to another than {name!r}"
            if name == context.params["label_column"]
            else f"correct the table, list its numeric columns in `columns`, or add {name!r} to `drop`"
        )
        raise InvalidInputError(
            f"column {name!r} of party {context.me.party} {error} ({error.rows} of {table.num_rows} rows): {remedy}"
        ) from error
