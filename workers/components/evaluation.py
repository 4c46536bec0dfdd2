"""The component that says how good predictions are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from fedrota.component import Context, InvalidInputError, component
from workers.components.columns import NotNumericError, Vector, to_numbers
from workers.components.scores import (
    area,
    count_confusion,
    draw_curves,
    rank,
    score_classes,
    score_confusion,
    score_regression,
    separation,
)
from workers.components.tables import read_table, render_names

if TYPE_CHECKING:
    import pyarrow

REQUIRED: Final = ("label", "predict_score", "predict_result")
CLASSES: Final = ("label", "predict_result")

DISCLOSURE: Final = (
    (
        "the centre",
        "each party's figures and curves, as metrics and summary; a curve's thresholds are scores of single samples, to six "
        "digits; no rows or ids",
        "tables are not tiny: a curve with as many points as rows tells every score and its label (fewer `curve_points` tell "
        "less, `curves: false` leaves curves out)",
    ),
    ("other parties", "nothing: each party evaluates its own predictions", "none"),
)


@component(
    "evaluation",
    params={
        "eval_type": {
            "type": "string",
            "enum": ["binary", "multi", "regression"],
            "default": "binary",
            "description": "Kind of prediction: 0/1 labels with scores, classes, or real numbers.",
        },
        "threshold": {
            "type": "number",
            "minimum": 0,
            "maximum": 1,
            "default": 0.5,
            "description": "Score from which on a sample counts as 1 (binary only).",
        },
        "curves": {
            "type": "boolean",
            "default": True,
            "description": "Add ROC, precision-recall and gain curves to the summary (binary only).",
        },
        "curve_points": {
            "type": "integer",
            "minimum": 2,
            "maximum": 1000,
            "default": 200,
            "description": "Points of a curve, at most.",
        },
    },
    inputs={"data": "table"},
)
def evaluation(context: Context) -> None:
    """Measure predictions: AUC, KS, accuracy, precision, recall, F1, confusion matrix and curves.

    `data` is a table with label, predict_score and predict_result, such as homo_lr writes. With a column
    `split`, each split is measured by itself and its name stands before the metric's, e.g. `validate_auc`.
    A party without predictions or without labels passes with a line in its log. For classes (multi): accuracy,
    and precision, recall and F1 as means over classes; for real numbers (regression): RMSE, MAE and R2.
    """
    if not context.has_input("data"):
        context.log("no predictions at this party: nothing to evaluate")
        return
    table = read_table(context.input("data"))
    missing = [name for name in REQUIRED if name not in table.column_names]
    if missing:
        raise InvalidInputError(
            f"the input of party {context.me.party} has no column {render_names(missing)}; it has "
            f"{render_names(table.column_names)}: connect the predictions of a training step"
        )
    for split, predictions in _split(table, _read_columns(context, table)).items():
        _evaluate(context, split, predictions)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Predictions:
    """Labelled predictions of one split."""

    labels: Vector
    scores: Vector
    results: Vector


def _read_columns(context: Context, table: "pyarrow.Table") -> list[Vector]:
    """Labels, scores and results as numbers; classes that are texts are numbered in their order."""
    known: dict[str, float] = {}
    if context.params["eval_type"] == "multi":
        classes = [each for name in CLASSES for each in table.column(name).to_pylist() if isinstance(each, str)]
        known = {name: float(place) for place, name in enumerate(sorted(set(classes)))}
    return [_read_column(context, table, name, known if name in CLASSES else {}) for name in REQUIRED]


def _read_column(context: Context, table: "pyarrow.Table", name: str, known: Mapping[str, float]) -> Vector:
    try:
        return to_numbers(table.column(name), missing=("",), known=known)
    except NotNumericError as error:
        texts = "set `eval_type: multi` for classes that are texts, in both label and predict_result, or "
        raise InvalidInputError(
            f"column {name!r} of party {context.me.party} {error} ({error.rows} of {len(table)} rows): "
            f"{texts if name in CLASSES else ''}connect the predictions of a training step"
        ) from error


def _split(table: "pyarrow.Table", columns: Sequence[Vector]) -> dict[str, _Predictions]:
    """The rows with a label, by split; one nameless split where there is no such column."""
    labels, scores, results = columns
    splits = np.array(table.column("split").to_pylist() if "split" in table.column_names else [""] * len(labels))
    labelled = ~np.isnan(labels)
    found: dict[str, _Predictions] = {}
    for name in dict.fromkeys(splits.tolist()):
        rows = labelled & (splits == name)
        found[str(name)] = _Predictions(labels=labels[rows], scores=scores[rows], results=results[rows])
    return found


def _evaluate(context: Context, split: str, predictions: _Predictions) -> None:
    title = f"split {split!r}: " if split else ""
    if not len(predictions.labels):
        context.log(f"{title}no labels at this party: nothing to evaluate")
        return
    kind = context.params["eval_type"]
    figures, details = MEASURES[kind](context, predictions)
    for name, value in figures.items():
        context.log_metric(f"{split}_{name}" if split else name, value)
    context.log(title + ", ".join(f"{name} {value:.4f}" for name, value in figures.items()))
    context.summary(**{split or "all": {"rows": len(predictions.labels), **figures, **details}})


Measured = tuple[dict[str, float], dict[str, Any]]
"""Single figures, and what else goes into the summary."""


def _measure_binary(context: Context, predictions: _Predictions) -> Measured:
    labels = predictions.labels
    kinds = set(np.unique(labels).tolist())
    if not kinds <= {0.0, 1.0}:
        raise InvalidInputError(
            f"labels of party {context.me.party} are not all 0 or 1 (there is {max(kinds - {0.0, 1.0}):g}): set "
            "`eval_type` to multi or regression"
        )
    _check_finite(context, predictions.scores)
    counts = count_confusion(labels, (predictions.scores >= context.params["threshold"]).astype(float))
    figures, details = score_confusion(counts), {"confusion": counts}
    if len(kinds) < 2:
        context.log(f"all labels are {min(kinds):g}: AUC, KS and curves need both")
        return figures, details
    ranking = rank(labels, predictions.scores)
    if context.params["curves"]:
        details |= draw_curves(ranking, points=context.params["curve_points"])
    return {"auc": area(ranking), "ks": separation(ranking), **figures}, details


def _measure_classes(_context: Context, predictions: _Predictions) -> Measured:
    return score_classes(predictions.labels, predictions.results), {}


def _measure_regression(context: Context, predictions: _Predictions) -> Measured:
    _check_finite(context, predictions.scores)
    return score_regression(predictions.labels, predictions.scores), {}


def _check_finite(context: Context, scores: Vector) -> None:
    wrong = int((~np.isfinite(scores)).sum())
    if wrong:
        raise InvalidInputError(
            f"column 'predict_score' of party {context.me.party} has {wrong} missing or infinite values: "
            "the step before has to predict a number for every row"
        )


MEASURES: Final[Mapping[str, Any]] = {
    "binary": _measure_binary,
    "multi": _measure_classes,
    "regression": _measure_regression,
}
