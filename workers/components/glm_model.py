"""A party's part of a vertical model as a file, and predictions from all parts together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from fedrota.component import Context, InvalidInputError
from workers.components.columns import Vector
from workers.components.glm_family import FAMILIES, Family, clean_labels
from workers.components.group_masks import GroupMasks
from workers.components.masking import LIMIT, decode, encode
from workers.components.model_files import describe_origin, make_damage, write_model_file
from workers.components.predictions import Predicted, make_predictions
from workers.components.step_roles import Roles
from workers.components.tables import Samples, write_table
from workers.components.vertical_data import ColumnScale

if TYPE_CHECKING:
    import pyarrow

FORMAT: Final = "fedrota.vertical_glm/1"
SCORE_TURNS: Final = 1 << 40
"""Where the masks' turns for scores start: far from those of training, since none may be used twice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelPart:
    """One party's coefficients; the guest's part has the intercept, a host's is 0."""

    family: Family
    features: Sequence[str]
    coefficients: Vector
    intercept: float
    scale: ColumnScale
    threshold: float

    def __post_init__(self) -> None:
        """ValueError where a feature lacks its coefficient or its scale."""
        shapes = {each.shape for each in (self.coefficients, self.scale.mean, self.scale.deviation)}
        if shapes != {(len(self.features),)}:
            raise ValueError(f"coefficients and scale of its {len(self.features)} features")

    def score(self, scaled: Vector) -> Vector:
        """The party's share of each sample's score, from scaled features."""
        found: Vector = scaled @ self.coefficients + self.intercept
        return found


def write_model(context: Context, part: ModelPart, training: Mapping[str, Any]) -> None:
    """Write the party's part as JSON: its share of a score is coefficients . (x - mean) / deviation + intercept."""
    model = {
        "format": FORMAT,
        "family": part.family.name,
        "role": context.me.role,
        "party": context.me.party,
        "features": list(part.features),
        "coefficients": part.coefficients.tolist(),
        "intercept": part.intercept,
        "scale": {"mean": part.scale.mean.tolist(), "deviation": part.scale.deviation.tolist()},
        "threshold": part.threshold,
        "training": {**describe_origin(context), **training},
    }
    write_model_file(context, model, family=part.family.name, features=len(part.features))


def parse_model(context: Context, model: Mapping[str, Any]) -> ModelPart:
    """The part in a model file; InvalidInputError where it is another role's or is damaged."""
    try:
        if model["role"] != context.me.role:
            raise InvalidInputError(
                f"the model of party {context.me.party} was trained as {model['role']}, but this step has the party as "
                f"{context.me.role}: give the parties the roles that they had in training"
            )
        return ModelPart(
            family=FAMILIES[model["family"]],
            features=tuple(model["features"]),
            coefficients=np.array(model["coefficients"], dtype=np.float64),
            intercept=float(model["intercept"]),
            scale=ColumnScale(
                mean=np.array(model["scale"]["mean"], dtype=np.float64),
                deviation=np.array(model["scale"]["deviation"], dtype=np.float64),
            ),
            threshold=float(model["threshold"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise make_damage(context, error) from error


def predict_splits(
    context: Context,
    roles: Roles,
    part: ModelPart,
    splits: Sequence[tuple[str, Samples]],
    *,
    masks: GroupMasks,
) -> None:
    """Put the scores of all parties together at the guest, which writes the predictions as the output `data`.

    `splits` hold scaled features. Several hosts' scores reach the guest as their sum only.
    """
    scored = share_scores(context, roles, part, splits, masks=masks)
    if scored:
        write_predictions(context, part, scored)


def share_scores(
    context: Context,
    roles: Roles,
    part: ModelPart,
    splits: Sequence[tuple[str, Samples]],
    *,
    masks: GroupMasks,
) -> list[tuple[str, Samples, Vector]]:
    """Each split with the scores of all parties together, at the guest; nothing elsewhere."""
    scored = []
    for place, (name, samples) in enumerate(splits):
        own = part.score(samples.features)
        check_reach(context, samples, part.coefficients, own)
        total = add_scores(context, roles, own, masks, turn=SCORE_TURNS + place)
        if total is not None:
            scored.append((name, samples, total))
    return scored


def add_scores(context: Context, roles: Roles, own: Vector, masks: GroupMasks, *, turn: int) -> Vector | None:
    """The sum of all parties' scores at the guest, None elsewhere; each turn once."""
    if context.me == roles.guest:
        total: Vector = own + decode(masks.receive("score", turn=turn))
        return total
    masks.send(roles.guest, "score", encode(own), turn=turn)
    return None


def check_reach(context: Context, samples: Samples, coefficients: Vector, scores: Vector) -> None:
    """InvalidInputError names the column with values so far from those of training that scores cannot be added up."""
    if (np.abs(scores) <= LIMIT).all():
        return
    with np.errstate(over="ignore", invalid="ignore"):
        largest = np.abs(samples.features * coefficients).max(axis=0)
    worst = samples.names[int(np.argmax(np.nan_to_num(largest, nan=np.inf, posinf=np.inf)))]
    raise InvalidInputError(
        f"column {worst!r} of party {context.me.party} has values so far from those of training that scores cannot be added "
        "up: correct it, or let a feature_scale step cut it off at `lower` and `upper`"
    )


def write_predictions(context: Context, part: ModelPart, scored: Sequence[tuple[str, Samples, Vector]]) -> None:
    """Write the output `data`: label, prediction and split (name, samples, their scores) of each sample."""
    write_scored(context, part.family, scored, threshold=part.threshold)


def write_scored(
    context: Context,
    family: Family,
    scored: Sequence[tuple[str, Samples, Vector]],
    *,
    threshold: float | None = None,
) -> None:
    """The same for scores of several models; the threshold is the step's where none is given."""
    import pyarrow

    limit = context.params["threshold"] if threshold is None else threshold
    tables = [_make_predictions(context, family, split, threshold=limit) for split in scored]
    write_table(context, "data", pyarrow.concat_tables(tables))


def _make_predictions(
    context: Context, family: Family, split: tuple[str, Samples, Vector], *, threshold: float
) -> "pyarrow.Table":
    name, samples, scores = split
    means = family.mean(scores)
    predicted = Predicted(
        split=name,
        samples=samples,
        labels=clean_labels(context, samples, family),
        scores=means,
        results=(means >= threshold).astype(np.float64) if family.classes else means,
    )
    return make_predictions(predicted, whole=family.classes)
