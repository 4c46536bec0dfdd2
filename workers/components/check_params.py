"""Parameters of how models in training are measured, stopped early and cross-validated."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from fedrota.component import Context, InvalidInputError
from workers.components.metrics import CLASS_METRICS, REAL_METRICS

CHECK_PARAMS: Final[Mapping[str, Mapping[str, Any]]] = {
    "validate_every": {
        "type": "integer",
        "minimum": 0,
        "maximum": 10000,
        "default": 0,
        "description": "Measure the model on `train` and `validate` every so many epochs (rounds); 0: never, unless an "
        "early stop by metrics needs it.",
    },
    "early_stopping_rounds": {
        "type": "integer",
        "minimum": 0,
        "maximum": 10000,
        "default": 0,
        "description": "Stop once a metric has not improved in so many measurements, on `validate` where it is connected, "
        "and keep the weights that were best by the first metric; 0: never.",
    },
    "metrics": {
        "type": "array",
        "items": {"type": "string", "enum": [*CLASS_METRICS, *REAL_METRICS]},
        "uniqueItems": True,
        "default": [],
        "description": "What to measure; empty means auc and ks for classes, rmse and mae for numbers.",
    },
    "use_first_metric_only": {
        "type": "boolean",
        "default": False,
        "description": "Whether only the first of `metrics` decides about the early stop.",
    },
    "cv_folds": {
        "type": "integer",
        "minimum": 0,
        "maximum": 100,
        "default": 0,
        "description": "Cross-validation: train so many models, each without one part of the rows, and measure it on that "
        "part. Writes no model; `data` has every row's prediction by the model that did not know it. 0: none.",
    },
    "cv_shuffle": {
        "type": "boolean",
        "default": True,
        "description": "Whether the parts are drawn at random instead of cut in the rows' order.",
    },
    "cv_seed": {
        "type": "integer",
        "minimum": 0,
        "maximum": 2**32 - 1,
        "default": 1,
        "description": "Where drawing the parts starts.",
    },
}
CHECK_SETTINGS: Final = tuple(CHECK_PARAMS)
"""All parties of a step need the same values of these."""


def list_metrics(context: Context, *, classes: bool) -> tuple[str, ...]:
    """The metrics of a model of two classes or of numbers; else as `choose_metrics`."""
    offered = CLASS_METRICS if classes else REAL_METRICS
    check_folds(context)
    return choose_metrics(context, offered, usual=offered[:2])


def choose_metrics(context: Context, offered: Sequence[str], *, usual: Sequence[str]) -> tuple[str, ...]:
    """The metrics asked for, or the usual ones; InvalidInputError where one is for another kind of model."""
    asked = context.params["metrics"]
    wrong = [name for name in asked if name not in offered]
    if wrong:
        raise InvalidInputError(
            f"`metrics` holds {wrong[0]!r}, which step {context.step!r} cannot measure here: use {', '.join(offered)}"
        )
    return tuple(asked or usual)


def check_folds(context: Context) -> None:
    """InvalidInputError where there is one fold only."""
    if context.params["cv_folds"] == 1:
        raise InvalidInputError(
            "`cv_folds` is 1, which leaves nothing to train with: set it to 2 or more, or to 0 for none"
        )
