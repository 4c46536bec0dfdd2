"""The component that draws some of the rows, the same ones at every party where their samples are aligned."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from fedrota.component import Context, InvalidInputError, component
from workers.components.aligned_rows import align_frames
from workers.components.drawing import count_repeats, draw_rows, repeat_rows
from workers.components.frames import (
    Frame,
    Rows,
    check_rows,
    count_classes,
    read_frame,
    read_labels,
    read_numbers,
    render_label,
    write_frame,
)
from workers.components.step_roles import find_roles
from workers.components.tables import render_names

DISCLOSURE: Final = (
    (
        "each host, with `aligned`",
        "which rows are kept and how often; where labels are drawn at very different rates, that hints at a row's label, and "
        "with exact_by_weight it tells each row's weight, rounded up",
        "every party follows the protocol (honest but curious)",
    ),
    (
        "the guest, with `aligned`",
        "whether each host has the same samples in the same order, by one digest of all ids",
        "the same",
    ),
    ("other parties, without `aligned`", "nothing: each party draws its own rows by itself", "none"),
    ("the centre", "numbers of rows before and after; with stratified of each label", "none"),
)
MOST_REPEATED: Final = 10_000_000
"""Rows of an output in which rows may come again: what a party host holds in memory with its new ids."""
PARAMS: Final[Mapping[str, Mapping[str, Any]]] = {
    "mode": {
        "type": "string",
        "enum": ["random", "stratified", "exact_by_weight"],
        "default": "random",
        "description": "Draw from all rows alike, by a rate for each label, or repeat each row as often as its weight.",
    },
    "method": {
        "type": "string",
        "enum": ["downsample", "upsample"],
        "default": "downsample",
        "description": "downsample draws each row at most once; upsample puts drawn rows back, so they may come again.",
    },
    "fraction": {
        "type": "number",
        "exclusiveMinimum": 0,
        "maximum": 1000,
        "default": 0.1,
        "description": "random: rows to draw, as a share of all; at most 1 for downsample.",
    },
    "fractions": {
        "type": "object",
        "additionalProperties": {"type": "number", "exclusiveMinimum": 0, "maximum": 1000},
        "default": {},
        "description": 'stratified: the same for each label, e.g. {"0": 0.1, "1": 1}; every label needs one.',
    },
    "seed": {
        "type": "integer",
        "minimum": 0,
        "maximum": 2**53,
        "default": 0,
        "description": "Start of the random numbers: the same seed draws the same rows of the same table.",
    },
    "aligned": {
        "type": "boolean",
        "default": True,
        "description": "The parties have the same samples in the same order and keep the same rows, which the guest draws; "
        "false lets each party draw by itself.",
    },
}


@component(
    "federated_sample",
    params=PARAMS,
    inputs={"data": "table"},
    outputs={"data": "table"},
    roles=("guest", "host", "arbiter"),
    exchange=True,
)
def federated_sample(context: Context) -> None:
    """Draw some of the rows: at random, at a rate for each label, or as often as their weights say.

    With `aligned` the guest draws by its parameters and labels, and tells the hosts the places of the rows. At least one
    row is drawn, of each label too. Rows that may come again get new ids, 0, 1 and so on, the same at all parties, and are
    at most ten million. After exact_by_weight the weights are gone, since the repeats stand for them.
    """
    if context.me.role == "arbiter":
        context.log("an arbiter has no part in a sample")
        return
    frame = read_frame(context, "data")
    check_rows(context, frame)
    rows, new_ids = _agree(context, frame) if context.params["aligned"] else _draw(context, frame)
    chosen = _drop_weights(frame.take(rows)) if context.params["mode"] == "exact_by_weight" else frame.take(rows)
    if new_ids:
        chosen = chosen.with_columns(chosen.columns | {frame.id_name: [str(place) for place in range(len(rows))]})
    write_frame(context, "data", chosen)
    context.log(f"{len(rows)} of {len(frame)} rows")
    context.summary(rows=len(frame), drawn=len(rows))


def _drop_weights(frame: Frame) -> Frame:
    """The frame without its weights, which the repeats stand for now: nothing is to count them twice."""
    columns = {name: column for name, column in frame.columns.items() if name != frame.weight_name}
    return frame.with_columns(columns, weight_name="")


def _agree(context: Context, frame: Frame) -> tuple[Rows, bool]:
    """The rows that the guest draws, and whether they get new ids."""
    roles = find_roles(context)
    align_frames(context, roles, frame)
    if context.me != roles.guest:
        told = context.exchange.recv(roles.guest, "rows")
        return np.asarray(told["rows"], dtype=np.int64), bool(told["new_ids"])
    rows, new_ids = _draw(context, frame)
    for host in roles.hosts:
        context.exchange.send(host, "rows", {"rows": rows.tolist(), "new_ids": new_ids})
    return rows, new_ids


def _draw(context: Context, frame: Frame) -> tuple[Rows, bool]:
    """The rows, and whether some may come again."""
    mode, method = context.params["mode"], context.params["method"]
    if mode == "exact_by_weight":
        return _repeat(context, frame), True
    rates = [context.params["fraction"]] if mode == "random" else list(context.params["fractions"].values())
    if method == "downsample" and max(rates, default=0) > 1:
        raise InvalidInputError(
            f"`method: downsample` draws at most all rows, but the rate is {max(rates):g} at party {context.me.party}: give "
            "rates up to 1, or set `method: upsample`"
        )
    repeat, chance = method == "upsample", np.random.default_rng(context.params["seed"])
    if mode == "random":
        if repeat:
            _check_repeats(context, rates[0] * len(frame), remedy="lower `fraction`")
        return draw_rows(np.arange(len(frame)), rates[0], repeat=repeat, chance=chance), repeat
    return _draw_by_label(context, frame, chance), repeat


def _draw_by_label(context: Context, frame: Frame, chance: np.random.Generator) -> Rows:
    fractions = context.params["fractions"]
    labels = np.array([render_label(each) for each in read_labels(context, frame, "`mode: stratified`")])
    missing = sorted(set(labels.tolist()) - set(fractions))
    if missing:
        raise InvalidInputError(
            f"`fractions` has no rate for {render_names([*map(repr, missing)])}, which label column {frame.label_name!r} of "
            f"party {context.me.party} holds: give every label a rate"
        )
    repeat = context.params["method"] == "upsample"
    if repeat:
        counts = count_classes(labels.tolist())
        count = sum(counts.get(label, 0) * rate for label, rate in fractions.items())
        _check_repeats(context, count, remedy="lower the rates in `fractions`")
    drawn = [
        draw_rows(np.flatnonzero(labels == label), rate, repeat=repeat, chance=chance)
        for label, rate in fractions.items()
    ]
    rows: Rows = np.sort(np.concatenate(drawn))
    context.summary(labels_before=count_classes(labels.tolist()), labels_drawn=count_classes(labels[rows].tolist()))
    return rows


def _repeat(context: Context, frame: Frame) -> Rows:
    if not frame.weight_name:
        raise InvalidInputError(
            f"the samples of party {context.me.party} have no weights: put a sample_weight step before, or set another `mode`"
        )
    weights = read_numbers(context, frame, frame.weight_name)
    remedy = f"correct column {frame.weight_name!r}, or set `normalize` in its sample_weight step"
    _check_repeats(context, count_repeats(weights), remedy=remedy)
    rows = repeat_rows(weights)
    if not len(rows):
        raise InvalidInputError(
            f"all weights of party {context.me.party} are 0, so no row is left: correct the weights"
        )
    return rows


def _check_repeats(context: Context, count: float, *, remedy: str) -> None:
    """InvalidInputError where so many rows would be drawn, some of them again and again, that no memory holds them."""
    if count > MOST_REPEATED:
        raise InvalidInputError(
            f"{count:.3g} rows would be drawn at party {context.me.party}, and at most {MOST_REPEATED} may be where rows come "
            f"again: {remedy}"
        )
