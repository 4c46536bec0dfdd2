"""The component that gives each sample of a party a weight."""

from typing import Final

import numpy as np

from fedrota.component import Context, InvalidInputError, component
from workers.components.columns import Vector, take_mean
from workers.components.fitted import RUN
from workers.components.frames import (
    COLUMN_NAME,
    Frame,
    check_rows,
    count_classes,
    read_frame,
    read_labels,
    read_numbers,
    render_label,
    write_frame,
)
from workers.components.tables import render_names

DISCLOSURE: Final = (
    ("the centre", "numbers of rows and the weight of each label, as the task's summary", "none"),
    ("other parties", "nothing: weights stay at the party", "none"),
)
NEW_NAME: Final = "sample_weight"


@component(
    "sample_weight",
    params={
        "balanced": {
            "type": "boolean",
            "default": False,
            "description": "Weigh each label by rows / (labels x rows of that label), so that all labels weigh the same.",
        },
        "class_weights": {
            "type": "object",
            "additionalProperties": {"type": "number", "minimum": 0},
            "default": {},
            "description": 'Weight of each label, e.g. {"0": 1, "1": 2}; a label that is not named weighs 1.',
        },
        "weight_column": {
            **COLUMN_NAME,
            "minLength": 0,
            "default": "",
            "description": "Feature that holds the weights, taken in place of label weights; it is a feature no more.",
        },
        "normalize": {
            "type": "boolean",
            "default": False,
            "description": "Divide the weights of `weight_column` by their mean.",
        },
        "run": RUN,
    },
    inputs={"data": "table"},
    outputs={"data": "table"},
)
def sample_weight(context: Context) -> None:
    """Give each sample a weight: that of its label, or the value of a feature.

    The output remembers its weight column, which is no feature. homo_lr, local_baseline and the boosted trees weigh
    samples by it, and federated_sample can repeat rows by it; the vertical linear models refuse weighted tables rather
    than pass over them, since their hosts would have to know the weights.
    """
    frame = read_frame(context, "data")
    params = context.params
    asked = params["weight_column"] or params["balanced"] or params["class_weights"]
    if not (params["run"] and asked):
        context.log("no weights asked for: the table passes on as it is")
        write_frame(context, "data", frame)
        return
    check_rows(context, frame)
    name = params["weight_column"] or NEW_NAME
    if not params["weight_column"] and name in frame.features:
        raise InvalidInputError(
            f"the table of party {context.me.party} already has a feature {name!r}: rename it, or name it as `weight_column`"
        )
    weights = _read_weights(context, frame) if params["weight_column"] else _weigh_labels(context, frame)
    columns = {each: column for each, column in frame.columns.items() if each != frame.weight_name}
    write_frame(context, "data", frame.with_columns(columns | {name: weights}, weight_name=name))
    context.log(f"weights of {len(frame)} rows in column {name!r}")
    context.summary(rows=len(frame), weight_column=name)


def _weigh_labels(context: Context, frame: Frame) -> Vector:
    labels = read_labels(context, frame, "weighing by label")
    weights: dict[str, float] = dict(context.params["class_weights"])
    if context.params["balanced"]:
        counts = count_classes(labels)
        weights = {name: len(labels) / (len(counts) * count) for name, count in counts.items()}
    context.summary(class_weights=weights)
    return np.array([weights.get(render_label(label), 1.0) for label in labels], dtype=np.float64)


def _read_weights(context: Context, frame: Frame) -> Vector:
    name = context.params["weight_column"]
    if name not in (*frame.features, frame.weight_name):
        raise InvalidInputError(
            f"the table of party {context.me.party} has no feature {name!r}; it has {render_names(frame.features)}: correct "
            "`weight_column`"
        )
    weights = read_numbers(context, frame, name)
    wrong = int((~(weights >= 0)).sum())
    if wrong:
        raise InvalidInputError(
            f"column {name!r} of party {context.me.party} is negative or missing in {wrong} of {len(weights)} rows: a weight "
            "is a number from 0 up"
        )
    if not context.params["normalize"]:
        return weights
    if not weights.any():
        raise InvalidInputError(
            f"all weights in column {name!r} of party {context.me.party} are 0: they cannot be normalised"
        )
    scaled: Vector = weights / take_mean(weights)
    return scaled
