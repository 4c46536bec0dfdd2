"""The component that puts columns into common bins, over parties that hold different samples of the same features."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from fedrota.component import Context, InvalidInputError, component
from workers.components.agreement import Profile, agree
from workers.components.bin_columns import FORMAT, ColumnBins, Fitted, list_named, list_replaced
from workers.components.bin_params import CATEGORIES, SHARED
from workers.components.bins import Places, choose_part, list_ranks
from workers.components.columns import Vector
from workers.components.fitted import parse_fit, read_fit, write_fit
from workers.components.frames import Frame, check_rows, read_frame, read_numbers, select_features, write_frame
from workers.components.secure_sum import SecureSum, plan_sums
from workers.components.shared_quantiles import SharedColumns

SETTINGS: Final = ("method", "bins", "sample_points", "columns", "positions", "run")

DISCLOSURE: Final = (
    (
        "every party",
        "the ends of the bins; how many values of all parties together lie below the numbers that the search tries: with "
        "`method: recursive_query` around each end, with `virtual_summary` at `sample_points` places; names of columns",
        "three or more data parties, of which no all but one join forces; every party follows the protocol",
    ),
    (
        "every party",
        "with `recursive_query` each end is a value that occurs at some party; with `virtual_summary` only the smallest "
        "and the largest value of each column are",
        "this is the result that was asked for",
    ),
    (
        "either of two data parties",
        "the other's counts, since a sum of two minus one's own is the other's",
        "two data parties: no masks can help",
    ),
    ("the centre", "numbers of rows, names of columns and the ends of their bins, as the task's summary", "none"),
    ("who holds the model", "the ends of the bins", "none"),
)

PARAMS: Final[Mapping[str, Mapping[str, Any]]] = {
    "method": {
        "type": "string",
        "enum": ["virtual_summary", "recursive_query"],
        "default": "virtual_summary",
        "description": "Quantiles interpolated between counts at evenly spaced points, or searched for until exact.",
    },
    **SHARED,
    "category_columns": CATEGORIES["category_columns"],
    "category_positions": CATEGORIES["category_positions"],
    "sample_points": {
        "type": "integer",
        "minimum": 2,
        "maximum": 100_000,
        "default": 100,
        "description": "Points between a column's smallest and largest value at which values are counted "
        "(virtual_summary only).",
    },
    "transform": {
        "type": "string",
        "enum": ["none", "bins"],
        "default": "none",
        "description": "Replace values by the number of their bin, from 0.",
    },
}


@component(
    "homo_feature_binning",
    params=PARAMS,
    inputs={"data": "table", "model": "model"},
    outputs={"data": "table", "model": "model"},
    roles=("guest", "host", "arbiter"),
    exchange=True,
)
def homo_feature_binning(context: Context) -> None:
    """Put columns into bins that are the same at all parties, with as many of all parties' rows in each as can be.

    Parties hold different samples of the same features; values may be missing. Quantiles are found from counts over all
    parties, which travel under pairwise masks wherever at least two data parties send them. Columns of categories are
    left as they are. Output `model` has the bins, `data` is the table, with values replaced if `transform` says so. With
    an input `model` the bins are taken from it, and nothing is exchanged.
    """
    plan = plan_sums(context)
    is_data_party = context.me in plan.contributors
    if context.has_input("model"):
        if is_data_party:
            _finish(context, read_frame(context, "data"), parse_fit(context, Fitted.parse, read_fit(context, FORMAT)))
        return
    frame = read_frame(context, "data") if is_data_party else None
    names = _list_columns(context, frame) if frame is not None else []
    settings = {name: context.params[name] for name in SETTINGS}
    names = list(agree(context, plan, Profile(features=names, settings=settings)))
    if not context.params["run"]:
        context.log("left out: the table passes on as it is")
        points: list[list[float]] = []
        names = []
    else:
        context.log(plan.describe())
        columns = None if frame is None else [read_numbers(context, frame, name) for name in names]
        points = _find_points(context, SharedColumns(SecureSum(context, plan), columns, width=len(names)), names)
    if frame is not None:
        positions = {name: place for place, name in enumerate(frame.features)}
        found = [
            ColumnBins(name=name, position=positions[name], points=ends)
            for name, ends in zip(names, points, strict=True)
        ]
        replaced = list_replaced(context, frame, found) if context.params["run"] else []
        _finish(context, frame, Fitted(columns=found, transform=context.params["transform"], replaced=replaced))


def _list_columns(context: Context, frame: Frame) -> list[str]:
    check_rows(context, frame)
    params = context.params
    categories = list_named(
        context, frame, params["category_columns"], params["category_positions"], where="`category_columns`"
    )
    return [name for name in select_features(context, frame) if name not in categories]


def _find_points(context: Context, shared: SharedColumns, names: Sequence[str]) -> list[list[float]]:
    empty = [name for name, rows in zip(names, shared.rows, strict=True) if not rows]
    if empty:
        raise InvalidInputError(f"column {empty[0]!r} is empty at all parties: fill it, or leave it out of `columns`")
    rows, bins = [int(each) for each in shared.rows], context.params["bins"]
    if not names:
        return []
    context.progress(0.1)
    if context.params["method"] == "recursive_query":
        return [np.unique(each).tolist() for each in shared.find([list_ranks(each, bins) for each in rows])]
    ends = shared.find([[1, each] for each in rows])
    context.progress(0.6)
    points = [_spread(low, high, context.params["sample_points"]) for low, high in ends]
    counts = shared.count_up_to(points)
    return [
        interpolate(each, ranks, [place * total // bins for place in range(1, bins + 1)])
        for each, ranks, total in zip(points, counts, rows, strict=True)
    ]


def _spread(low: float, high: float, count: int) -> Vector:
    """Points at equal distances from `low` to `high`."""
    part = choose_part(low, high)
    points: Vector = np.linspace(low * part, high * part, count) / part
    return points


def interpolate(points: Vector, counts: Places, wanted: Sequence[int]) -> list[float]:
    """The values at ranks, each once, on the line between a point whose count is below the rank and the next one.

    FATE 1.11 (federatedml/feature/homo_feature_binning/virtual_summary_binning.py) follows the line of the points after
    these two back to the rank instead; where a column has a long tail, that ends far below its smallest value.
    """
    found = []
    for rank in wanted:
        place = int(np.searchsorted(counts, rank, side="left"))
        if not place:
            found.append(float(points[0]))
        else:
            share = (rank - counts[place - 1]) / (counts[place] - counts[place - 1])
            low, high = points[place - 1], points[place]
            part = choose_part(low, high)
            found.append(float((low * part + (high * part - low * part) * share) / part))
    return sorted(set(found))


def _finish(context: Context, frame: Frame, fitted: Fitted) -> None:
    write_frame(context, "data", fitted.apply(context, frame))
    write_fit(context, FORMAT, fitted.to_json())
    context.progress(1.0)
    context.log(f"{len(fitted.columns)} columns with {sum(len(each.points) for each in fitted.columns)} bins")
    context.summary(rows=len(frame), split_points={each.name: list(each.points) for each in fitted.columns})
