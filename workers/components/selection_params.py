"""Parameters of feature selection: the filters and what each of them needs."""

from collections.abc import Mapping
from typing import Any, Final

from workers.components.fitted import RUN
from workers.components.frames import COLUMN_NAME, SELECTION

THRESHOLDS: Final[Mapping[str, float]] = {
    "manual": 0.0,
    "unique": 1e-5,
    "iv": 0.0,
    "statistic": 1.0,
    "variation": 1.0,
    "percentage": 1.0,
    "outlier": 1.0,
    "vif": 5.0,
    "importance": 1.0,
}
"""The kinds of filters and their thresholds where a job gives none."""
LOW_IS_GOOD: Final = ("outlier", "percentage", "vif")
"""Filters that keep columns up to their threshold; the others keep those from it on."""

_NAMES: Final = {"type": "array", "items": COLUMN_NAME, "uniqueItems": True}
_PLACES: Final = {"type": "array", "items": {"type": "integer", "minimum": 0}, "uniqueItems": True}
FILTER: Final[Mapping[str, Any]] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["kind"],
    "properties": {
        "kind": {"type": "string", "enum": list(THRESHOLDS)},
        "metric": {"type": "string", "minLength": 1, "maxLength": 100},
        "how": {"type": "string", "enum": ["threshold", "top_k", "top_share"]},
        "threshold": {"type": "number"},
        "host_thresholds": {"type": "array", "items": {"type": "number"}},
        "take_high": {"type": "boolean"},
        "federated": {"type": "boolean"},
        "percentile": {"type": "number", "minimum": 0, "maximum": 1},
        "drop": _NAMES,
        "keep": _NAMES,
        "restore": _NAMES,
        "drop_positions": _PLACES,
        "keep_positions": _PLACES,
    },
}
PARAMS: Final[Mapping[str, Mapping[str, Any]]] = {
    **SELECTION,
    "filters": {
        "type": "array",
        "items": FILTER,
        "default": [],
        "description": "Filters, one after the other, e.g. `[{kind: iv, how: top_k, threshold: 5}]`; each works on what "
        "the ones before have left. See the text above.",
    },
    "run": RUN,
}
