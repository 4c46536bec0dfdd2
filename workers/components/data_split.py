"""What the two data splits have in common: parameters, sizes, strata, and the three tables."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from fedrota.component import Context, InvalidInputError
from workers.components.drawing import split_rows
from workers.components.frames import Frame, Rows, count_classes, read_labels, render_label, write_frame

PARTS: Final = ("train", "validate", "test")
REST: Final = -1
SIZE: Final = {"type": "number", "minimum": REST, "maximum": 10**12}
PARAMS: Final[Mapping[str, Mapping[str, Any]]] = {
    "train_size": {
        **SIZE,
        "default": 0.8,
        "description": "Rows to train with: a share up to 1, or a number of rows above 1; -1 means all that are left.",
    },
    "validate_size": {**SIZE, "default": REST, "description": "Rows to validate with; as `train_size`."},
    "test_size": {**SIZE, "default": 0, "description": "Rows to test with; as `train_size`."},
    "stratified": {
        "type": "boolean",
        "default": False,
        "description": "Give each table the same share of every label.",
    },
    "split_points": {
        "type": "array",
        "items": {"type": "number"},
        "default": [],
        "description": "Bounds of ranges that count as one label each where labels are real numbers; each bound belongs to "
        "the range below it.",
    },
    "shuffle": {
        "type": "boolean",
        "default": True,
        "description": "Draw the rows at random; false takes them in the table's order.",
    },
    "seed": {
        "type": "integer",
        "minimum": 0,
        "maximum": 2**53,
        "default": 0,
        "description": "Start of the random numbers: the same seed splits the same table alike.",
    },
}
OUTPUTS: Final = {f"{part}_data": "table" for part in PARTS}


def draw_split(context: Context, frame: Frame) -> list[Rows]:
    """The rows to train, to validate and to test with, as the parameters ask for."""
    params = context.params
    counts = find_counts(context, len(frame))
    strata = _find_strata(context, frame) if params["stratified"] else np.zeros(len(frame), dtype=np.int64)
    return split_rows(strata, counts, chance=np.random.default_rng(params["seed"]) if params["shuffle"] else None)


def write_split(context: Context, frame: Frame, parts: Sequence[Rows]) -> None:
    """Write the three tables, and say how many rows, and of which labels, each has."""
    counts = dict(zip(PARTS, (len(rows) for rows in parts), strict=True))
    for part, rows in zip(PARTS, parts, strict=True):
        chosen = frame.take(rows)
        write_frame(context, f"{part}_data", chosen)
        if context.params["stratified"] and frame.label_name and not context.params["split_points"]:
            context.summary(**{f"{part}_labels": count_classes(read_labels(context, chosen, "a stratified split"))})
    context.log(", ".join(f"{part}: {count} rows" for part, count in counts.items()))
    context.summary(rows=len(frame), **counts)


def find_counts(context: Context, total: int) -> tuple[int, int, int]:
    """The rows of each part; InvalidInputError where the sizes do not fit together or do not fit the table."""
    sizes = {part: float(context.params[f"{part}_size"]) for part in PARTS}
    given = {part: size for part, size in sizes.items() if size != REST}
    if len(given) < len(sizes) - 1:
        _refuse(context, sizes, "only one of them may be -1")
    if any(size < 0 for size in given.values()):
        _refuse(context, sizes, "a size is -1, a share from 0 to 1, or a number of rows")
    counted = any(size > 1 for size in given.values())
    if counted and any(not size.is_integer() for size in given.values()):
        _refuse(context, sizes, "give shares up to 1 for all, or whole numbers of rows for all")
    whole = float(total) if counted else 1.0
    left = whole - sum(given.values())
    if left < -1e-9 or (len(given) == len(sizes) and left > 1e-9):
        _refuse(context, sizes, f"together they must make {total} rows" if counted else "together they must make 1")
    train, validate, test = (given.get(part, max(left, 0.0)) for part in PARTS)
    return _round(train, validate, test, rows=total, whole=whole)


def _round(train: float, validate: float, test: float, *, rows: int, whole: float) -> tuple[int, int, int]:
    """Numbers of rows from parts of `whole`; rounding is made up for by the parts that are not empty."""
    others = validate + test
    first = rows if others < 1e-9 else round(rows * train / whole)
    second = 0 if others < 1e-9 else round((rows - first) * validate / others)
    return first, second, rows - first - second


def _refuse(context: Context, sizes: Mapping[str, float], remedy: str) -> None:
    shown = ", ".join(f"`{part}_size` {size:g}" for part, size in sizes.items())
    raise InvalidInputError(f"the sizes of the split do not fit at party {context.me.party} ({shown}): {remedy}")


def _find_strata(context: Context, frame: Frame) -> Rows:
    labels = read_labels(context, frame, "a stratified split")
    points = sorted(context.params["split_points"])
    if not points:
        return np.unique([render_label(label) for label in labels], return_inverse=True)[1].astype(np.int64)
    if any(isinstance(label, str) for label in labels):
        raise InvalidInputError(
            f"label column {frame.label_name!r} of party {context.me.party} holds texts, which `split_points` cannot part: "
            "leave them empty"
        )
    return np.searchsorted(points, np.array(labels, dtype=np.float64), side="left").astype(np.int64)
