"""The component that computes statistics of a party's own columns."""

from typing import Any, Final

import numpy as np

from fedrota.component import Context, InvalidInputError, component
from workers.components.column_statistics import NAMES, SUMMARY, is_statistic, measure
from workers.components.fitted import RUN, write_fit
from workers.components.frames import SELECTION, check_rows, read_frame, read_numbers, select_features, write_frame

DISCLOSURE: Final = (
    (
        "the centre",
        "the statistics asked for, of every column, as the task's summary: minimum and maximum are values of single "
        "samples",
        "none; `run: false` at a party keeps its statistics from being made",
    ),
    ("other parties", "nothing: rows and statistics stay at the party", "none"),
)
FORMAT: Final = "fedrota.data_statistics/1"


@component(
    "data_statistics",
    params={
        "statistics": {
            "type": "array",
            "items": {"type": "string", "maxLength": 40},
            "uniqueItems": True,
            "default": ["summary"],
            "description": f"What to compute: {', '.join(NAMES)}; percentiles such as 25%; summary stands for "
            f"{', '.join(SUMMARY)}.",
        },
        **SELECTION,
        "ignore_values": {
            "type": "array",
            "items": {"type": "number"},
            "default": [],
            "description": "Numbers that count as missing beside true gaps.",
        },
        "bias": {
            "type": "boolean",
            "default": True,
            "description": "False corrects skewness and kurtosis for the number of values.",
        },
        "run": RUN,
    },
    inputs={"data": "table"},
    outputs={"data": "table", "model": "model"},
)
def data_statistics(context: Context) -> None:
    """Compute statistics of the party's own features: sum, mean, deviation, percentiles, missing values and more.

    The table passes on unchanged. The figures are in the task's summary by feature, and in the output `model`, from
    which feature selection can read them. A statistic of a feature without values is null,
    and so is one beyond 1.8e308.
    """
    frame = read_frame(context, "data")
    write_frame(context, "data", frame)
    names = _list_statistics(context)
    figures: dict[str, Any] = {}
    if context.params["run"]:
        check_rows(context, frame)
        for feature in select_features(context, frame):
            values = read_numbers(context, frame, feature)
            ignored = np.isin(values, context.params["ignore_values"])
            figures[feature] = measure(np.where(ignored, np.nan, values), names, bias=context.params["bias"])
    context.log(f"{len(names)} statistics of {len(figures)} features, {len(frame)} rows")
    write_fit(context, FORMAT, {"statistics": figures})
    context.summary(rows=len(frame), features=figures)


def _list_statistics(context: Context) -> list[str]:
    """The names asked for, each once."""
    names = [name for each in context.params["statistics"] for name in (SUMMARY if each == "summary" else (each,))]
    unknown = [name for name in names if not is_statistic(name)]
    if unknown:
        raise InvalidInputError(
            f"there is no statistic {unknown[0]!r} (party {context.me.party}): `statistics` may hold summary, "
            f"{', '.join(NAMES)}, and percentiles from 0% to 100%"
        )
    return list(dict.fromkeys(names))
