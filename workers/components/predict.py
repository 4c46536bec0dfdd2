"""The component that applies a model of an earlier step to new samples."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

import numpy as np

from fedrota.component import Context, InvalidInputError, component
from workers.components import baseline_model, homo_lr_results
from workers.components.alignment import align
from workers.components.fitted import parse_fit
from workers.components.glm_family import LOGISTIC
from workers.components.glm_model import (
    FORMAT,
    ModelPart,
    parse_model,
    predict_splits,
    write_predictions,
)
from workers.components.group_masks import GroupMasks
from workers.components.local_baseline import parse_baseline
from workers.components.local_baseline import write_predictions as write_baseline_predictions
from workers.components.model_files import read_model_file, read_origin
from workers.components.step_roles import Roles, find_roles
from workers.components.tables import Samples, get_input, read_samples
from workers.components.tree_predict import HETERO_FORMAT, HOMO_FORMAT, predict_hetero, predict_homo
from workers.components.vertical_data import ColumnScale, check_ids, check_same_features

DISCLOSURE: Final = (
    (
        "the guest, with a vertical model",
        "each sample's score, hence the host's part of it; with several hosts their parts' sum; numbers of features of "
        "each host",
        "every party follows the protocol (honest but curious). A host with a single feature tells it by its part of "
        "the scores, up to a factor",
    ),
    ("each host, with a vertical model", "numbers of features of the other parties; no score and no label", "the same"),
    (
        "the guest, with vertical trees",
        "which samples go left at each rule of each host, whether they come by it or not; neither columns nor thresholds",
        "the same. Samples that all rules send the same way have similar values",
    ),
    (
        "each host, with vertical trees",
        "nothing of paths, scores or labels: it answers all its rules at once",
        "the same",
    ),
    ("other parties, with any other model", "nothing: each party predicts its own samples", "none"),
    ("the centre", "numbers of rows, and where the step fails names of columns; no rows, scores or ids", "none"),
)


@component(
    "predict",
    inputs={"model": "model", "data": "table"},
    outputs={"data": "table"},
    roles=("guest", "host", "arbiter"),
    exchange=True,
)
def predict(context: Context) -> None:
    """Predict new samples with the `model` of a training step, of whatever kind: the file says which.

    Each party gives its own part of the model and its own columns in `data`, prepared as for training. For vertical
    models the samples must be the same ids in the same order at all parties, as intersection leaves them, and the
    predictions come out at the guest; for homogeneous models and local baselines each party predicts by itself. Output
    `data` has id, label (where there is one), predict_score and predict_result, as training writes them.
    """
    if context.me.role == "arbiter":
        context.log("an arbiter has no part in predictions")
        return
    model = read_model_file(context, get_input(context, "model"))
    known = PREDICTORS.get(model["format"])
    if known is None:
        raise InvalidInputError(
            f"the model of party {context.me.party} has the format {model['format']!r}; this version predicts with "
            f"{', '.join(PREDICTORS)}"
        )
    samples = read_samples(context, "data", gaps=bool(model.get("use_missing")))
    check_ids(context, samples, "data")
    if not len(samples):
        raise InvalidInputError(f"the table of party {context.me.party} has no rows: there is nothing to predict")
    known(context, model, samples)
    context.summary(rows=len(samples), format=model["format"])


def _predict_vertical(context: Context, model: Mapping[str, Any], samples: Samples) -> None:
    part, origin = parse_model(context, model), read_origin(context, model)
    check_same_features(context, part.features, samples)
    scaled = replace(samples, features=part.scale.apply(samples.features))
    roles = replace(find_roles(context), arbiter=None)
    _check_owners(context, model, roles)
    align(context, roles, [("data", scaled)], {"training": origin})
    predict_splits(context, roles, part, [("predict", scaled)], masks=GroupMasks(context, roles.owners))


def _check_owners(context: Context, model: Mapping[str, Any], roles: Roles) -> None:
    """InvalidInputError where a party is absent whose part of each score would be missing without a word."""
    trained = model["training"].get("parties")  # models of before do not tell
    if trained is not None and len(trained) != len(roles.owners):
        raise InvalidInputError(
            f"step {context.step!r} has the parties {', '.join(owner.party for owner in roles.owners)}, but the model of party "
            f"{context.me.party} was trained by {', '.join(trained.values())}: let the same parties take part, each with its "
            "own part of the model"
        )


def _predict_homogeneous(context: Context, model: Mapping[str, Any], samples: Samples) -> None:
    part = parse_fit(context, _parse_homogeneous, model)
    check_same_features(context, part.features, samples)
    scores = part.score(part.scale.apply(samples.features))
    write_predictions(context, part, [("predict", samples, scores)])


def _parse_homogeneous(model: Mapping[str, Any]) -> ModelPart:
    features, scale = tuple(model["features"]), model["scale"]
    return ModelPart(
        family=LOGISTIC,
        features=features,
        coefficients=np.array(model["coefficients"], dtype=np.float64),
        intercept=float(model["intercept"]),
        scale=ColumnScale(
            mean=np.array(scale["mean"], dtype=np.float64), deviation=np.array(scale["deviation"], dtype=np.float64)
        )
        if scale
        else ColumnScale.keep(len(features)),
        threshold=float(model["threshold"]),
    )


def _predict_alone(context: Context, model: Mapping[str, Any], samples: Samples) -> None:
    baseline = parse_baseline(context, model)
    check_same_features(context, baseline.features, samples)
    write_baseline_predictions(context, baseline, [("predict", samples)])


PREDICTORS: Final[Mapping[str, Callable[[Context, Mapping[str, Any], Samples], None]]] = {
    FORMAT: _predict_vertical,
    homo_lr_results.FORMAT: _predict_homogeneous,
    HETERO_FORMAT: predict_hetero,
    HOMO_FORMAT: predict_homo,
    baseline_model.FORMAT: _predict_alone,
}
"""What to do with a model file, by its `format`; a new kind of model adds a line."""
