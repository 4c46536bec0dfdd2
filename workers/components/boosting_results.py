"""Boosted trees as model files, and the table of their predictions."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from fedrota.component import Context, InvalidInputError
from workers.components.boosting_objective import Objective, make_objective
from workers.components.columns import Vector
from workers.components.model_files import describe_origin, make_damage, write_model_file
from workers.components.predictions import Predicted, make_predictions
from workers.components.tables import Samples, render_names, write_table
from workers.components.tree_model import Directions, Tree, parse_tree, predict_tree, render_tree

if TYPE_CHECKING:
    import pyarrow


@dataclass(frozen=True, slots=True, kw_only=True)
class Ensemble:
    """Boosted trees, complete but for rules that other parties keep: a tree for each output and round."""

    objective: Objective
    parameter: float
    classes: Sequence[float]
    start: float
    learning_rate: float
    threshold: float
    rounds: Sequence[Sequence[Tree]]

    @property
    def trees(self) -> list[Tree]:
        """All trees, round by round."""
        return [tree for trees in self.rounds for tree in trees]

    def score(self, directions: Directions, *, rows: int) -> Vector:
        """Scores, samples x outputs."""
        scores = np.full((rows, self.objective.outputs), self.start)
        for trees in self.rounds:
            for output, tree in enumerate(trees):
                scores[:, output] += self.learning_rate * predict_tree(tree, directions, rows=rows)
        return scores

    def decide(self, scores: Vector) -> tuple[Vector, Vector, dict[str, Any]]:
        """Each sample's prediction and result, and with several outputs the chance of each class, from its scores."""
        means = self.objective.mean(scores)
        if not self.objective.classes:
            return means[:, 0], means[:, 0], {}
        shown = np.array(name_classes(self.classes), dtype=np.float64)
        if self.objective.outputs == 1:
            chance = means[:, 0]
            return chance, shown[(chance >= self.threshold).astype(np.int64)], {}
        names = [str(int(each)) for each in shown]
        details = [json.dumps(dict(zip(names, row, strict=True))) for row in means.tolist()]
        return means.max(axis=1), shown[means.argmax(axis=1)], {"predict_detail": details}

    def to_json(self) -> dict[str, Any]:
        """As a model file holds it: a score is start + learning_rate x the sum of the leaf weights."""
        return {
            "objective": self.objective.name,
            "objective_parameter": self.parameter,
            "classes": list(self.classes),
            "start": self.start,
            "learning_rate": self.learning_rate,
            "threshold": self.threshold,
            "rounds": [[render_tree(tree) for tree in trees] for trees in self.rounds],
        }


def parse_ensemble(context: Context, model: Mapping[str, Any]) -> Ensemble:
    """The trees in a model file; InvalidInputError where it is damaged."""
    try:
        classes, parameter = [float(each) for each in model["classes"]], float(model["objective_parameter"])
        objective = make_objective(model["objective"], parameter=parameter, classes=len(classes))
        ensemble = Ensemble(
            objective=objective,
            parameter=parameter,
            classes=classes,
            start=float(model["start"]),
            learning_rate=float(model["learning_rate"]),
            threshold=float(model["threshold"]),
            rounds=[[parse_tree(tree) for tree in trees] for trees in model["rounds"]],
        )
    except (KeyError, TypeError, ValueError) as error:
        raise make_damage(context, error) from error
    if any(len(trees) != objective.outputs for trees in ensemble.rounds):
        raise make_damage(context, ValueError(f"a round without {objective.outputs} trees"))
    return ensemble


def write_tree_model(context: Context, model: Mapping[str, Any], training: Mapping[str, Any]) -> None:
    """Write this party's part as JSON, with where it comes from."""
    origin = {**describe_origin(context), "parties": {member.address: member.party for member in context.members}}
    missing = {name: context.params[name] for name in ("use_missing", "zero_as_missing")}
    missing["zero_as_missing"] &= missing["use_missing"]
    full = {"role": context.me.role, "party": context.me.party, **model, **missing, "training": {**origin, **training}}
    write_model_file(context, full, features=len(model["features"]))


def write_tree_predictions(context: Context, ensemble: Ensemble, scored: Sequence[tuple[str, Samples, Vector]]) -> None:
    """Write the output `data`: label, prediction and split (name, samples, scores) of each sample."""
    import pyarrow

    write_table(context, "data", pyarrow.concat_tables([_make_predictions(context, ensemble, each) for each in scored]))


def _make_predictions(context: Context, ensemble: Ensemble, split: tuple[str, Samples, Vector]) -> "pyarrow.Table":
    name, samples, scores = split
    labels = show_labels(context, ensemble.classes, samples)
    found, results, details = ensemble.decide(scores)
    predicted = Predicted(split=name, samples=samples, labels=labels, scores=found, results=results, details=details)
    return make_predictions(predicted, whole=bool(ensemble.objective.classes))


def name_classes(classes: Sequence[float]) -> list[int]:
    """The classes as tables show them: -1 and 1 as 0 and 1, as everywhere here."""
    return [0, 1] if list(classes) == [-1.0, 1.0] else [int(each) for each in classes]


def show_labels(context: Context, classes: Sequence[float], samples: Samples) -> Vector | None:
    """The samples' labels as tables show them; InvalidInputError where one is no class that the trees know."""
    if samples.labels is None:
        return None
    labels = np.maximum(samples.labels, 0.0) if list(classes) == [-1.0, 1.0] else samples.labels
    unknown = sorted(set(np.unique(labels).tolist()) - set(map(float, name_classes(classes)))) if classes else []
    if unknown:
        raise InvalidInputError(
            f"label column {samples.label_name!r} of party {context.me.party} holds {unknown[0]:g}, a class that the "
            f"trees do not know (they know {render_names([f'{each:g}' for each in classes])}): correct the table, or "
            "leave the label out"
        )
    return labels
