"""The component that trains a logistic regression on a party's own samples, to compare federated models with."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from fedrota.component import Context, InvalidInputError, component
from workers.components.baseline_model import FORMAT, Baseline, Fitting, fit_baseline
from workers.components.columns import Vector
from workers.components.fitted import LEFT_OUT, RUN, parse_fit, read_fit, write_fit
from workers.components.frames import render_label
from workers.components.predictions import Predicted, make_predictions
from workers.components.tables import Samples, read_samples, write_table
from workers.components.vertical_data import check_same_features

if TYPE_CHECKING:
    import pyarrow

DISCLOSURE: Final = (
    ("the centre", "numbers of rows, the classes, and the coefficients as the task's summary", "none"),
    ("other parties", "nothing: each party trains with its own columns and labels by itself", "none"),
)
SPLITS: Final = ("train", "validate", "test")
PARAMS: Final[Mapping[str, Mapping[str, Any]]] = {
    "penalty": {
        "type": "string",
        "enum": ["l2", "none"],
        "default": "l2",
        "description": "l2 keeps coefficients small; none fits the samples alone.",
    },
    "c": {
        "type": "number",
        "exclusiveMinimum": 0,
        "maximum": 1e12,
        "default": 1.0,
        "description": "How little the penalty counts: C of scikit-learn, the weight of the summed loss beside it.",
    },
    "fit_intercept": {"type": "boolean", "default": True, "description": "Fit an intercept, which is not penalised."},
    "max_iter": {
        "type": "integer",
        "minimum": 1,
        "maximum": 100000,
        "default": 100,
        "description": "Most steps of the optimizer (limited-memory BFGS).",
    },
    "tol": {
        "type": "number",
        "exclusiveMinimum": 0,
        "maximum": 1,
        "default": 1e-4,
        "description": "Stop where no element of the gradient of the mean loss is larger.",
    },
    "multi_class": {
        "type": "string",
        "enum": ["multinomial", "ovr"],
        "default": "multinomial",
        "description": "With three or more classes: one model of all, or one of each class against the others.",
    },
    "balanced": {
        "type": "boolean",
        "default": False,
        "description": "Weigh each label by rows / (labels x rows of that label).",
    },
    "class_weights": {
        "type": "object",
        "additionalProperties": {"type": "number", "minimum": 0},
        "default": {},
        "description": 'Weight of each label, e.g. {"0": 1, "1": 2}; a label that is not named weighs 1.',
    },
    "threshold": {
        "type": "number",
        "exclusiveMinimum": 0,
        "exclusiveMaximum": 1,
        "default": 0.5,
        "description": "With two classes: the probability from which the second one is predicted.",
    },
    "run": {**RUN, "description": "False leaves the party out: it trains nothing and has no predictions."},
}


@component(
    "local_baseline",
    params=PARAMS,
    inputs={**dict.fromkeys(SPLITS, "table"), "model": "model"},
    outputs={"data": "table", "model": "model"},
)
def local_baseline(context: Context) -> None:
    """Train a logistic regression on the party's own features and labels, as scikit-learn's LogisticRegression does.

    Weights of samples count where a sample_weight step gave them. With the input `model` of an earlier step nothing is
    trained. Output `data` has the predictions of all inputs: id, label, predict_score, predict_result, split.
    """
    model = read_fit(context, FORMAT) if context.has_input("model") else {}
    if not context.params["run"] or model.get(LEFT_OUT):
        context.log("left out: nothing to train or predict at this party")
        write_fit(context, FORMAT, {LEFT_OUT: True})
        return
    splits = {name: read_samples(context, name) for name in SPLITS if context.has_input(name)}
    if not splits:
        raise InvalidInputError(
            f"step {context.step!r} has no samples at party {context.me.party}: connect the input `train`, or `model` and "
            "`test`"
        )
    baseline = parse_baseline(context, model) if model else _train(context, splits)
    for samples in splits.values():
        check_same_features(context, baseline.features, samples)
    write_fit(context, FORMAT, baseline.to_json())
    write_predictions(context, baseline, list(splits.items()))
    _say(context, baseline)


def parse_baseline(context: Context, model: Mapping[str, Any]) -> Baseline:
    """The model in a file; InvalidInputError where there is none or it is damaged."""
    if model.get(LEFT_OUT):
        raise InvalidInputError(
            f"party {context.me.party} was left out where the model was trained: it has nothing to predict with"
        )
    return parse_fit(context, Baseline.parse, model)


def write_predictions(context: Context, baseline: Baseline, splits: Sequence[tuple[str, Samples]]) -> None:
    """Write the output `data`: label and prediction of each sample, split by split."""
    import pyarrow

    write_table(context, "data", pyarrow.concat_tables([_predict(baseline, name, samples) for name, samples in splits]))


def _predict(baseline: Baseline, name: str, samples: Samples) -> "pyarrow.Table":
    scores, results = baseline.decide(baseline.score(samples.features))
    shown = baseline.classes if samples.labels is None else np.concatenate([baseline.classes, samples.labels])
    predicted = Predicted(split=name, samples=samples, labels=samples.labels, scores=scores, results=results)
    return make_predictions(predicted, whole=bool((shown == np.round(shown)).all()))


def _train(context: Context, splits: Mapping[str, Samples]) -> Baseline:
    train, params = splits.get("train"), context.params
    if train is None:
        raise InvalidInputError(
            f"step {context.step!r} has no samples to train with at party {context.me.party}: connect the input `train`"
        )
    labels = _read_labels(context, train)
    weights = _weigh(context, train, labels)
    total = float(weights.sum())
    fitting = Fitting(
        penalty=0.0 if params["penalty"] == "none" else 1.0 / (params["c"] * total),
        fit_intercept=params["fit_intercept"],
        one_vs_rest=params["multi_class"] == "ovr",
        max_steps=params["max_iter"],
        tol=params["tol"],
    )
    threshold = params["threshold"]
    return fit_baseline(train.features, labels, weights, fitting=fitting, features=train.names, threshold=threshold)


def _read_labels(context: Context, train: Samples) -> Vector:
    party = context.me.party
    if not train.names or not len(train):
        what = "rows" if train.names else "features"
        raise InvalidInputError(
            f"the training table of party {party} has no {what}: give it some, or set `run: false` for party {party}"
        )
    if train.labels is None:
        raise InvalidInputError(
            f"the training table of party {party} has no label column {train.label_name!r}: set `label_column` in "
            f"data_transform, or `run: false` for party {party}"
        )
    if len(np.unique(train.labels)) < 2:
        raise InvalidInputError(
            f"all {len(train)} training rows of party {party} have the label {train.labels[0]:g}: a classifier needs rows of "
            f"two classes; check `label_column`, or set `run: false` for party {party}"
        )
    return train.labels


def _weigh(context: Context, train: Samples, labels: Vector) -> Vector:
    """The weight of each sample: its own times that of its label."""
    classes, places, counts = np.unique(labels, return_inverse=True, return_counts=True)
    given = context.params["class_weights"]
    each = [given.get(render_label(float(name)), 1.0) for name in classes]
    if context.params["balanced"]:
        each = (len(labels) / (len(classes) * counts)).tolist()
    weights: Vector = np.array(each, dtype=np.float64)[places] * (1.0 if train.weights is None else train.weights)
    if not weights.sum() > 0:
        raise InvalidInputError(
            f"all training rows of party {context.me.party} weigh 0: correct the weights or `class_weights`"
        )
    return weights


def _say(context: Context, baseline: Baseline) -> None:
    state = "converged" if baseline.converged else "not converged: raise `max_iter`, or scale the features before"
    context.log(f"{len(baseline.classes)} classes, {len(baseline.features)} features, {baseline.steps} steps, {state}")
    context.summary(
        classes=baseline.classes.tolist(),
        features=list(baseline.features),
        coefficients=baseline.coefficients.tolist(),
        intercepts=baseline.intercepts.tolist(),
        steps=baseline.steps,
        converged=baseline.converged,
    )
