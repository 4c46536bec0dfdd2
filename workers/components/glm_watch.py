"""Measures a vertical model while it is trained, and lets the guest end the training where it gets no better."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from fedrota.component import Context
from workers.components.check_params import list_metrics
from workers.components.columns import Vector
from workers.components.early_stop import Tracker, Verdict, get_pace, make_tracker
from workers.components.glm_family import Family, clean_labels
from workers.components.metrics import measure
from workers.components.step_roles import Roles
from workers.components.tables import Samples

WATCH_TURNS: Final = 1 << 41
"""Where the masks' turns for scores during training start: far from all others, since none may be used twice."""
Score = Callable[[Samples, int], Vector | None]
"""(samples, turn) -> all parties' scores together at the guest, None elsewhere."""


@dataclass(slots=True, kw_only=True)
class Watch:
    """One member's part in measuring; an arbiter has no splits and only hears the verdicts."""

    context: Context
    roles: Roles
    family: Family
    splits: Sequence[tuple[str, Samples]]
    score: Score
    metrics: Sequence[str]
    tracker: Tracker | None

    def after(self, epoch: int) -> Verdict:
        """Measure where it is the epoch's turn, and say whether to go on; the same at every member."""
        pace = get_pace(self.context.params)
        if not pace or epoch % pace:
            return Verdict()
        found = {}
        for place, (name, samples) in enumerate(self.splits):
            scores = self.score(samples, WATCH_TURNS + 2 * epoch + place)
            if scores is not None:
                found[name] = self._measure(samples, scores)
                for metric, value in found[name].items():
                    self.context.log_metric(f"{name}_{metric}", value, epoch)
        return self._judge(epoch, found.get("validate") or found.get("train") or {})

    def _measure(self, samples: Samples, scores: Vector) -> dict[str, float]:
        return measure_scores(self.context, self.family, samples, scores, metrics=self.metrics)

    def _judge(self, epoch: int, figures: dict[str, float]) -> Verdict:
        if self.tracker is None:
            return Verdict()
        if self.context.me != self.roles.guest:
            sent = self.context.exchange.recv(self.roles.guest, "verdict", round=epoch)
            return Verdict(is_best=sent["is_best"], stop=sent["stop"])
        verdict = self.tracker.hear(figures)
        self.context.exchange.broadcast(
            None, "verdict", {"is_best": verdict.is_best, "stop": verdict.stop}, round=epoch
        )
        return verdict


def make_watch(
    context: Context, roles: Roles, family: Family, splits: Sequence[tuple[str, Samples]], *, score: Score
) -> Watch:
    """A watch as the parameters ask for."""
    metrics = list_metrics(context, classes=family.classes)
    return Watch(
        context=context,
        roles=roles,
        family=family,
        splits=splits,
        score=score,
        metrics=metrics,
        tracker=make_tracker(context.params, metrics),
    )


def measure_scores(
    context: Context, family: Family, samples: Samples, scores: Vector, *, metrics: Sequence[str]
) -> dict[str, float]:
    """Metrics of scores against the samples' labels; none where they have no labels."""
    labels = clean_labels(context, samples, family)
    if labels is None:
        return {}
    return measure(metrics, labels, family.mean(scores), threshold=context.params["threshold"])
