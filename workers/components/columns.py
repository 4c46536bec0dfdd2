"""Reads one column of a table as numbers, says which value is none, and what a column is scaled by."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    import pyarrow

Vector = np.ndarray[tuple[int, ...], np.dtype[np.float64]]
SHOWN_LETTERS: Final = 40
LARGEST_WHOLE: Final = 2.0**53
"""The largest number up to which float64 tells all whole numbers apart."""
FURTHEST: Final = 1e140
"""Squares of larger values leave float64's range where there are many of them."""


class NotNumericError(ValueError):
    """A column holds what is no number, in `rows` rows; the text reads after "column 'x'"."""

    def __init__(self, message: str, *, rows: int) -> None:
        super().__init__(message)
        self.rows = rows


def to_numbers(column: "pyarrow.ChunkedArray", *, missing: Sequence[str], known: Mapping[str, float]) -> Vector:
    """The column as float64 with NaN where it is missing; NotNumericError where a value is no finite number.

    `known` maps texts to numbers; with it, every value must be in it or missing. A number is known by each way to write
    it: 1 and 1.0 by "1" and by "1.0".
    """
    import pyarrow

    kind = column.type
    plain = pyarrow.types.is_integer(kind) or pyarrow.types.is_floating(kind)
    if plain and not known:
        return _refuse_infinite(column.to_numpy().astype(np.float64))
    values = column.to_pylist()
    if known:
        return _read_known(values, missing, known)
    if not (pyarrow.types.is_boolean(kind) or pyarrow.types.is_decimal(kind) or _is_text(kind)):
        raise NotNumericError(f"is of type {kind}, not a number", rows=len(values))
    return _refuse_infinite(_read_texts(values, set(missing)))


def count_gaps(values: Vector) -> int:
    """How many values are missing."""
    return int(np.isnan(values).sum())


def take_mean(values: Vector) -> float:
    """The mean, also of values whose sum lies beyond float64."""
    with np.errstate(over="ignore", invalid="ignore"):
        mean = float(values.mean())
    return mean if math.isfinite(mean) else float((values / len(values)).sum())


def choose_divisors(mean: Vector, deviation: Vector) -> Vector:
    """What standardising divides columns by: their deviation, or where a column is constant its size, 1 at least.

    The mean of equal values may differ from them in the last bit, and of 2e16 the last bit is 4: divided by the size,
    what is left of a constant column is nothing.
    """
    constant = deviation <= 1e-12 * np.abs(mean)
    divisors: Vector = np.where(constant, np.maximum(1.0, np.abs(mean)), deviation)
    return divisors


def _is_text(kind: "pyarrow.DataType") -> bool:
    import pyarrow

    types = pyarrow.types
    inner = kind.value_type if types.is_dictionary(kind) else kind
    tests = (types.is_string, types.is_large_string, types.is_string_view, types.is_null)
    return any(test(inner) for test in tests)


def _read_texts(values: Sequence[object], missing: set[str]) -> Vector:
    numbers = np.full(len(values), np.nan)
    wrong: list[object] = []
    for row, value in enumerate(values):
        if value is None or (isinstance(value, str) and value.strip() in missing):
            continue
        try:
            numbers[row] = _parse(value)
        except ValueError:
            wrong.append(value)
    if wrong:
        raise NotNumericError(f"holds text such as {_show(wrong[0])}", rows=len(wrong))
    return numbers


def _parse(value: object) -> float:
    text = str(value) if not isinstance(value, bool) else str(int(value))
    if "_" in text:  # Python reads 1_000 as a number; no data format does
        raise ValueError(text)
    return float(text)


def _read_known(values: Sequence[object], missing: Sequence[str], known: Mapping[str, float]) -> Vector:
    gaps, numbers = set(missing) - set(known), np.full(len(values), np.nan)
    wrong: list[object] = []
    for row, value in enumerate(values):
        name = next((text for text in _list_texts(value) if text in known), None)
        if name is not None:
            numbers[row] = known[name]
        elif not (value is None or value in gaps or (isinstance(value, float) and math.isnan(value))):
            wrong.append(value)
    if wrong:
        raise NotNumericError(f"holds {_show(wrong[0])}, which the given map lacks", rows=len(wrong))
    return numbers


def _list_texts(value: object) -> list[str]:
    """The texts that stand for a value: a whole number has two."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not float(value).is_integer():
        return [str(value)]
    return [str(value), str(int(value)), f"{int(value)}.0"]


def _refuse_infinite(numbers: Vector) -> Vector:
    rows = int(np.isinf(numbers).sum())
    if rows:
        raise NotNumericError("holds infinite values", rows=rows)
    return numbers


def _show(value: object) -> str:
    text = str(value)
    return repr(text if len(text) <= SHOWN_LETTERS else f"{text[:SHOWN_LETTERS]}...")
