"""When figures that get no better end a training early."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from workers.components.metrics import LOW_IS_GOOD


def get_pace(params: Mapping[str, Any]) -> int:
    """Every how many epochs (rounds, trees) to measure; 0 for never."""
    return int(params["validate_every"] or bool(params.get("early_stopping_rounds")))


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a measurement says about the training."""

    is_best: bool = False
    stop: bool = False


@dataclass(slots=True, kw_only=True)
class Tracker:
    """Remembers the best figures so far."""

    metrics: Sequence[str]
    patience: int
    first_only: bool
    best: dict[str, float] = field(default_factory=dict)
    stale: dict[str, int] = field(default_factory=dict)

    def hear(self, figures: Mapping[str, float]) -> Verdict:
        """Whether the figures are the best by the first metric, and whether one that counts has been stale too long."""
        for name, value in figures.items():
            better = (
                value < self.best.get(name, np.inf) if name in LOW_IS_GOOD else value > self.best.get(name, -np.inf)
            )
            self.stale[name] = 0 if better else self.stale.get(name, 0) + 1
            if better:
                self.best[name] = value
        counted = self.metrics[:1] if self.first_only else self.metrics
        return Verdict(
            is_best=self.stale.get(self.metrics[0], 1) == 0,
            stop=any(self.stale.get(name, 0) >= self.patience for name in counted),
        )


def make_tracker(params: Mapping[str, Any], metrics: Sequence[str]) -> Tracker | None:
    """A tracker where the parameters ask for an early stop by metrics."""
    patience = params.get("early_stopping_rounds")
    return Tracker(metrics=metrics, patience=patience, first_only=params["use_first_metric_only"]) if patience else None
