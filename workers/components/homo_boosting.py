"""The rounds of horizontal boosting at each member: gradients of its own samples, trees from sums, the end."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fedrota.component import Context
from workers.components.boosting_data import Targets
from workers.components.boosting_watch import make_watch
from workers.components.columns import Vector
from workers.components.homo_trees import HomoTrees
from workers.components.tree_model import Tree


@dataclass(frozen=True, slots=True, kw_only=True)
class HomoBoosted:
    """What training found, and how it ended; scores are those of this party's samples."""

    rounds: Sequence[Sequence[Tree]]
    stopped_by: str
    loss: float
    scores: Vector
    validate_scores: Vector


@dataclass(frozen=True, slots=True, kw_only=True)
class HomoBoosting:
    """One training; at a member without samples the targets are empty."""

    context: Context
    trees: HomoTrees
    targets: Targets
    start: float

    def run(self) -> HomoBoosted:
        """Boost until the rounds are over or the loss over all parties settles; the same at every member."""
        params, outputs = self.context.params, self.targets.objective.outputs
        scores = np.full((len(self.trees.codes), outputs), self.start)
        validate_scores = np.full((len(self.trees.validate_codes), outputs), self.start)
        watch = make_watch(self.context, self.targets.objective)
        rounds: list[Sequence[Tree]] = []
        stopped_by = ""
        while not stopped_by:
            rounds.append(self._grow_round(scores, validate_scores, number=len(rounds)))
            settled = watch.note_loss(self._measure_loss(scores))
            if self.targets.validate is not None and watch.is_due():
                watch.look("validate", self.targets.validate, validate_scores)
            self.context.progress(len(rounds) / params["trees"])
            stopped_by = "loss" if settled else "trees" if len(rounds) == params["trees"] else ""
        return HomoBoosted(
            rounds=rounds,
            stopped_by=stopped_by,
            loss=watch.losses[-1],
            scores=scores,
            validate_scores=validate_scores,
        )

    def _grow_round(self, scores: Vector, validate_scores: Vector, *, number: int) -> Sequence[Tree]:
        """A tree for each output; both scores are moved on in place."""
        gradients, hessians = self.targets.objective.slopes(self.targets.train, scores)
        weights, rate, outputs = self.targets.weights, self.context.params["learning_rate"], scores.shape[1]
        moved = [
            self.trees.grow(
                gradients[:, output] * weights, hessians[:, output] * weights, number=number * outputs + output
            )
            for output in range(outputs)
        ]
        for output, draft in enumerate(moved):
            mine, outside = draft.list_weights()
            scores[:, output] += rate * mine
            validate_scores[:, output] += rate * outside
        return [draft.nodes for draft in moved]

    def _measure_loss(self, scores: Vector) -> float:
        weights = self.targets.weights
        losses = self.targets.objective.loss(self.targets.train, scores) * weights
        total, weight = self.trees.add_up(np.array([losses.sum(), weights.sum()]))
        return float(total / weight)
