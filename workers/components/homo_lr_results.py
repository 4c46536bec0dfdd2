"""What homo_lr leaves behind: metrics of each round, the model file, the table of predictions."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from fedrota.component import Context
from workers.components.columns import Vector
from workers.components.homo_lr_data import PartyData
from workers.components.logistic import mean_loss, penalty, predict
from workers.components.model_files import describe_origin, write_model_file
from workers.components.predictions import Predicted, make_predictions
from workers.components.scaling import Scale
from workers.components.tables import Samples, write_table

Split = tuple[str, Samples, Vector | None, Vector]
"""Name, samples, their labels and their scores."""
FORMAT: Final = "fedrota.homo_lr/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """What training found: weights (coefficients, then intercept) over `rows` rows of all parties."""

    weights: Vector
    rounds: int
    stopped_by: str
    loss: float
    rows: int
    best_round: int | None = None
    """The round whose weights these are, where an early stop by metrics was asked for."""


def log_round(context: Context, party: PartyData | None, weights: Vector, number: int) -> None:
    """Log this party's own losses, and AUC on its validation samples, with the averaged weights of a round."""
    context.progress(number / context.params["rounds"])
    if party is None:
        return
    l2 = context.params["l2"]
    context.log_metric("loss", party.measure_loss(weights) + penalty(weights, l2=l2), number)
    if party.validate is None or party.validate_labels is None or not len(party.validate):
        return
    features, labels = party.validate.features, party.validate_labels
    context.log_metric("validate_loss", mean_loss(weights, features, labels, l2=l2), number)


def write_model(context: Context, fit: Fit, *, features: Sequence[str], scale: Scale | None) -> None:
    """Write the model as JSON: a score is sigmoid(coefficients . (x - mean) / deviation + intercept)."""
    model = {
        "format": FORMAT,
        "features": list(features),
        "coefficients": fit.weights[:-1].tolist(),
        "intercept": float(fit.weights[-1]),
        "scale": None if scale is None else scale.to_json(),
        "threshold": context.params["threshold"],
        "training": {
            **describe_origin(context),
            "parties": {member.address: member.party for member in context.members},
            "rows": fit.rows,
            "rounds": fit.rounds,
            "stopped_by": fit.stopped_by,
            "loss": fit.loss,
            "params": dict(context.params),
        },
    }
    write_model_file(context, model, features=len(features))


def write_predictions(context: Context, party: PartyData, weights: Vector) -> None:
    """Write `data`: id, label, predict_score, predict_result and split (train or validate) of each sample."""
    splits: list[Split] = [("train", party.train, party.train_labels, predict(weights, party.train.features))]
    if party.validate is not None:
        splits.append(("validate", party.validate, party.validate_labels, predict(weights, party.validate.features)))
    write_splits(context, splits)


def write_splits(context: Context, splits: Sequence[Split]) -> None:
    """The same for any splits."""
    import pyarrow

    threshold = context.params["threshold"]
    tables = [
        Predicted(split=name, samples=samples, labels=labels, scores=scores, results=scores >= threshold)
        for name, samples, labels, scores in splits
    ]
    write_table(context, "data", pyarrow.concat_tables([make_predictions(each, whole=True) for each in tables]))
