"""Parameters that the components for binning share."""

from collections.abc import Mapping
from typing import Any, Final

from workers.components.fitted import RUN
from workers.components.frames import COLUMN_NAME, SELECTION

_PLACES: Final = {"type": "array", "items": {"type": "integer", "minimum": 0}, "uniqueItems": True, "default": []}
_NAMES: Final = {"type": "array", "items": COLUMN_NAME, "uniqueItems": True, "default": []}
_POINTS: Final = {"type": "array", "items": {"type": "number"}, "minItems": 1, "maxItems": 10000}

SHARED: Final[Mapping[str, Mapping[str, Any]]] = {
    "bins": {
        "type": "integer",
        "minimum": 1,
        "maximum": 10000,
        "default": 10,
        "description": "Bins of a column, at most.",
    },
    **SELECTION,
    "transform_columns": {
        **_NAMES,
        "description": "Features to replace, by name; with `transform_positions` empty too, all that are binned.",
    },
    "transform_positions": {**_PLACES, "description": "Features to replace, by their places, from 0."},
    "run": RUN,
}
CATEGORIES: Final[Mapping[str, Mapping[str, Any]]] = {
    "category_columns": {**_NAMES, "description": "Features whose values are bins of their own, by name."},
    "category_positions": {**_PLACES, "description": "Features whose values are bins of their own, by their places."},
    "split_points": {
        "type": "object",
        "additionalProperties": _POINTS,
        "default": {},
        "description": "Upper ends of the bins of a feature by its name, instead of ends that are computed.",
    },
    "split_points_by_position": {
        "type": "object",
        "additionalProperties": _POINTS,
        "default": {},
        "description": 'The same by the feature\'s place, e.g. {"0": [1.5, 3]}.',
    },
}
