"""FATE's names of the columns of predictions."""

from collections.abc import Mapping
from typing import Any, Final

NAMES: Final[Mapping[str, str]] = {"split": "type"}
PREDICTIONS: Final = frozenset({"label", "predict_score", "predict_result"})


def name_columns(columns: Any) -> list[str]:
    """The columns of a table as FATE's clients know them; only those of predictions have other names there."""
    names = [str(column) for column in columns] if isinstance(columns, list) else []
    return [NAMES.get(name, name) for name in names] if PREDICTIONS.issubset(names) else names
