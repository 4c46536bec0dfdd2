"""The component that puts columns into bins and tells what each party's bins say about the guest's labels."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import numpy as np

from fedrota.component import Context, InvalidInputError, component
from workers.components.alignment import align
from workers.components.bin_columns import FORMAT, TRANSFORMS, Fitted, fit_columns, list_replaced
from workers.components.bin_guest import judge_all
from workers.components.bin_host import let_judge
from workers.components.bin_params import CATEGORIES, SHARED
from workers.components.bins import METHODS
from workers.components.fitted import parse_fit, read_fit, write_fit
from workers.components.frames import Frame, check_rows, read_frame, write_frame
from workers.components.optimal_bins import METRICS
from workers.components.pair_link import KEY_BITS
from workers.components.step_roles import Roles, find_roles
from workers.components.tables import Samples
from workers.components.vertical_data import check_ids

SETTINGS: Final = ("run", "statistics", "local_only", "key_bits")

DISCLOSURE: Final = (
    (
        "the guest",
        "of each binned column of a host: its place among the host's features, no name; the size of each bin and how "
        "often it holds each label, in no order (with `method: optimal` in the bins' order, for the fine bins too); "
        "number of features",
        "every party follows the protocol and keeps what it may keep (honest but curious). Bins of few rows can tell "
        "which rows they hold: choose fewer `bins`",
    ),
    (
        "each host",
        "the number of rows and of different labels; no label, no count of labels, no information value. With "
        "`method: optimal` also which of its bins were joined, which hints at where labels change",
        "Paillier's cryptosystem with the chosen key is not broken",
    ),
    ("a host about another host", "nothing", "none"),
    (
        "the centre",
        "numbers of rows and columns; the names and information values of the guest's columns and those of the hosts' "
        "columns by place, as the task's summary; where the step fails, names of columns",
        "messages between parties are encrypted end to end",
    ),
    (
        "who holds a party's model",
        "the bins of its own columns; at the guest also what it learns from the hosts",
        "ends of quantile bins are values that occur in the column",
    ),
)

PARAMS: Final[Mapping[str, Mapping[str, Any]]] = {
    "method": {
        "type": "string",
        "enum": [*METHODS, "optimal"],
        "default": "quantile",
        "description": "Bins with equally many rows, of equal width, or joined from fine ones so that they tell labels.",
    },
    **SHARED,
    **CATEGORIES,
    "transform": {
        "type": "string",
        "enum": list(TRANSFORMS),
        "default": "none",
        "description": "Replace values by the number of their bin, from 0, or (guest only) by its weight of evidence.",
    },
    "adjustment": {
        "type": "number",
        "exclusiveMinimum": 0,
        "maximum": 1,
        "default": 0.5,
        "description": "Added to the counts of a bin that lacks one of the labels.",
    },
    "statistics": {
        "type": "boolean",
        "default": True,
        "description": "Compute weights of evidence and information values.",
    },
    "local_only": {
        "type": "boolean",
        "default": False,
        "description": "Only the guest bins its columns; the hosts' tables pass on as they are.",
    },
    "metric": {
        "type": "string",
        "enum": list(METRICS),
        "default": "iv",
        "description": "What joined bins keep as much of as they can (optimal only).",
    },
    "min_share": {
        "type": "number",
        "minimum": 0,
        "maximum": 1,
        "default": 0.05,
        "description": "Share of the rows that a bin should have at least (optimal only).",
    },
    "max_share": {
        "type": "number",
        "exclusiveMinimum": 0,
        "maximum": 1,
        "default": 1,
        "description": "Share of the rows that a bin should have at most (optimal only).",
    },
    "mixed": {
        "type": "boolean",
        "default": True,
        "description": "Whether each bin should hold both labels (optimal only).",
    },
    "start_bins": {
        "type": "integer",
        "minimum": 2,
        "maximum": 10000,
        "default": 1000,
        "description": "Fine bins to begin with (optimal only).",
    },
    "start_method": {
        "type": "string",
        "enum": list(METHODS),
        "default": "quantile",
        "description": "How fine bins are made (optimal only).",
    },
    "key_bits": {**KEY_BITS, "description": "Bits of the guest's Paillier key; 1024 is for trials only."},
}


@component(
    "hetero_feature_binning",
    params=PARAMS,
    inputs={"data": "table", "model": "model"},
    outputs={"data": "table", "model": "model"},
    roles=("guest", "host"),
    exchange=True,
)
def hetero_feature_binning(context: Context) -> None:
    """Put columns into bins, and tell what each party's bins say about the guest's labels.

    Parties hold different columns of the same samples: the same ids in the same order, as intersection leaves them.
    Each party makes bins of its own columns; values may be missing. The guest's labels are counted in the hosts' bins
    under encryption, and the guest computes weight of evidence and information value of every bin. Output `model` has
    each party's own bins and, at the guest, the counts; `data` is the table, with values replaced if `transform` says
    so. With an input `model` the bins are taken from it, and nothing is exchanged.
    """
    frame = read_frame(context, "data")
    if context.has_input("model"):
        _finish(context, frame, _read_model(context))
        return
    check_rows(context, frame)
    _check_params(context)
    roles = find_roles(context, arbiter=False)
    samples = Samples(ids=frame.ids, features=np.empty((len(frame), 0)), names=tuple(frame.features))
    check_ids(context, samples, "data")
    align(context, roles, [("data", samples)], {name: context.params[name] for name in SETTINGS})
    if not context.params["run"] or (context.params["local_only"] and context.me != roles.guest):
        context.log("left out: the table passes on as it is")
        _finish(context, frame, Fitted(columns=(), transform="none", replaced=()))
        return
    _finish(context, frame, _fit(context, roles, frame))


def _read_model(context: Context) -> Fitted:
    return parse_fit(context, Fitted.parse, read_fit(context, FORMAT))


def _check_params(context: Context) -> None:
    params = context.params
    if params["method"] == "optimal" and not params["statistics"]:
        raise InvalidInputError("`method: optimal` needs counts of labels: set `statistics: true`, or another `method`")
    if params["transform"] == "woe" and not params["statistics"]:
        raise InvalidInputError(
            "`transform: woe` needs weights of evidence: set `statistics: true`, or another `transform`"
        )
    if params["method"] == "optimal" and params["max_share"] * params["bins"] < 1:
        raise InvalidInputError(
            f"{params['bins']} bins of at most {params['max_share']:g} of the rows cannot hold all rows: raise `max_share` "
            "or `bins`"
        )
    if params["min_share"] > params["max_share"]:
        raise InvalidInputError("`min_share` is larger than `max_share`: lower it")


def _fit(context: Context, roles: Roles, frame: Frame) -> Fitted:
    params = context.params
    is_optimal = params["method"] == "optimal"
    columns, values = fit_columns(
        context,
        frame,
        method=params["start_method"] if is_optimal else params["method"],
        bins=params["start_bins"] if is_optimal else params["bins"],
    )
    more: dict[str, Any] = {}
    if params["statistics"] and context.me == roles.guest:
        columns, more = judge_all(context, roles, frame, columns, values=values)
    elif params["statistics"]:
        columns = let_judge(context, roles, columns, values, rows=len(frame))
    fitted = Fitted(columns=columns, transform=params["transform"], replaced=(), more=more)
    return replace(fitted, replaced=list_replaced(context, frame, columns))


def _finish(context: Context, frame: Frame, fitted: Fitted) -> None:
    changed = fitted.apply(context, frame)
    write_frame(context, "data", changed)
    write_fit(context, FORMAT, fitted.to_json())
    context.progress(1.0)
    values = {each.name: each.results[0]["total_iv"] for each in fitted.columns if each.results}
    for host in fitted.more.get("hosts", {}).values():
        values |= {each["name"]: each["results"][0]["total_iv"] for each in host["columns"]}
    context.log(f"{len(fitted.columns)} columns with {sum(len(each.points) for each in fitted.columns)} bins")
    context.summary(rows=len(frame), columns=len(fitted.columns), **({"iv": values} if values else {}))
