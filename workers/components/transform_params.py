"""Parameters of data_transform."""

from collections.abc import Mapping
from typing import Any, Final

from workers.components.frames import COLUMN_NAME

MAYBE_COLUMN: Final = {"type": "string", "maxLength": 200}
PARAMS: Final[Mapping[str, Mapping[str, Any]]] = {
    "id_column": {
        **MAYBE_COLUMN,
        "default": "id",
        "description": "Column that names each sample; kept as text. Empty means the one that an earlier step marked, else "
        "the first; with a `model`, the model's where the table has it.",
    },
    "label_column": {
        **MAYBE_COLUMN,
        "default": "y",
        "description": "Column of the label; a party whose table has none goes on without labels. Empty means no label: "
        "every column is a feature.",
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
        "description": "What replaces a missing feature value: a statistic of the party's own column, which the model keeps "
        "for later tables, or `fill_value`; with none, a missing value is an error; keep leaves it for a "
        "feature_imputation step.",
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
