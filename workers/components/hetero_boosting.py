"""The rounds of vertical boosting at the guest: gradients, trees, scores, and when to stop."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from fedrota.component import Context, Member
from workers.components.boosting_data import Targets
from workers.components.boosting_results import Ensemble
from workers.components.boosting_sampling import sample
from workers.components.boosting_watch import Watch, make_watch
from workers.components.columns import Vector
from workers.components.forks import Report
from workers.components.tree_guest import TreeGuest
from workers.components.tree_host_link import HostLink
from workers.components.tree_model import Tree

ENCRYPTED: Final = 0.3
"""The share of a tree's time by when its gradients are encrypted, for the progress bar."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Boosted:
    """What training found, and how it ended; scores are those of the trees that were kept."""

    ensemble: Ensemble
    stopped_by: str
    loss: float
    scores: Vector
    validate_scores: Vector


@dataclass(slots=True, kw_only=True)
class HeteroBoosting:
    """One training at the guest."""

    context: Context
    guest: TreeGuest
    links: Mapping[Member, HostLink]
    targets: Targets
    history: list[tuple[Vector, Vector]] = field(default_factory=list)
    """Training and validation scores before the first round and after each."""

    def run(self) -> Boosted:
        """Boost until the rounds are over or a reason to stop comes up; then tell the hosts."""
        outputs, start = self.targets.objective.outputs, self.targets.start
        rows = len(self.guest.codes), len(self.guest.validate_codes)
        self.history.append((np.full((rows[0], outputs), start), np.full((rows[1], outputs), start)))
        watch = make_watch(self.context, self.targets.objective)
        rounds: list[Sequence[Tree]] = []
        stopped_by, keep = "", 0
        while not stopped_by:
            rounds.append(self._grow_round(len(rounds) + 1))
            stopped_by, keep = self._look(watch)
        for link in self.links.values():
            link.order("end", rounds=keep, stopped_by=stopped_by)
        scores, validate_scores = self.history[keep]
        return Boosted(
            ensemble=self._make_ensemble(rounds[:keep]),
            stopped_by=stopped_by,
            loss=watch.losses[keep - 1],
            scores=scores,
            validate_scores=validate_scores,
        )

    def _grow_round(self, number: int) -> Sequence[Tree]:
        """A tree for each output; the scores after them go into the history."""
        params = self.context.params
        scores, validate_scores = (each.copy() for each in self.history[-1])
        gradients, hessians = self.targets.objective.slopes(self.targets.train, self.history[-1][0])
        trees, outputs = [], scores.shape[1]
        for output in range(outputs):
            count = (number - 1) * outputs + output
            report = self._tell_progress(number, count, total=params["trees"] * outputs)
            weights = self.targets.weights
            drawn = sample(gradients[:, output] * weights, hessians[:, output] * weights, params, number=count)
            draft = self.guest.grow(drawn, number=count, round=number, report=report)
            mine, outside = draft.list_weights()
            scores[:, output] += params["learning_rate"] * mine
            validate_scores[:, output] += params["learning_rate"] * outside
            trees.append(draft.nodes)
        self.history.append((scores, validate_scores))
        if not params["early_stopping_rounds"]:
            # Only an early stop goes back to an earlier round.
            self.history[-2] = (np.empty(0), np.empty(0))
        return trees

    def _tell_progress(self, number: int, count: int, *, total: int) -> Report:
        """Tell everybody how far the training is; what encryption reports to."""
        self.context.progress(count / total)
        for link in self.links.values():
            link.order("progress", round=number, share=count / total)
        return lambda share: self.context.progress((count + ENCRYPTED * share) / total)

    def _look(self, watch: Watch) -> tuple[str, int]:
        """After a round: why to stop (empty: go on), and how many rounds to keep."""
        number, targets = len(self.history) - 1, self.targets
        losses = targets.objective.loss(targets.train, self.history[-1][0])
        settled = watch.note_loss(float(np.average(losses, weights=targets.weights)))
        scores, validate_scores = self.history[-1]
        if targets.validate is not None and watch.is_due():
            watch.look("validate", targets.validate, validate_scores)
        elif self.context.params["early_stopping_rounds"] and watch.is_due():
            watch.look("train", targets.train, scores)
        ends = {"metrics": watch.is_stale, "loss": settled, "trees": number == self.context.params["trees"]}
        return next((why for why, so in ends.items() if so), ""), watch.best or number

    def _make_ensemble(self, rounds: Sequence[Sequence[Tree]]) -> Ensemble:
        params = self.context.params
        return Ensemble(
            objective=self.targets.objective,
            parameter=float(params["objective_parameter"]),
            classes=self.targets.classes,
            start=self.targets.start,
            learning_rate=float(params["learning_rate"]),
            threshold=float(params["threshold"]),
            rounds=rounds,
        )
