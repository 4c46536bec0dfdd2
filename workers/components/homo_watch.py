"""Measures a homogeneous model at each party in each round, and ends training where the mean gets no better."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from fedrota.component import Context
from workers.components.check_params import list_metrics
from workers.components.columns import Vector
from workers.components.early_stop import Tracker, Verdict, get_pace, make_tracker
from workers.components.homo_folds import measure_party
from workers.components.homo_lr_data import PartyData
from workers.components.secure_sum import SecureSum

SPLITS: Final = ("validate", "train")
"""What decides about an early stop: the first one that any party has figures of."""


@dataclass(slots=True, kw_only=True)
class HomoWatch:
    """One member's part in measuring; an arbiter adds up only."""

    context: Context
    sums: SecureSum
    party: PartyData | None
    metrics: Sequence[str]
    tracker: Tracker | None

    def after(self, number: int, weights: Vector) -> Verdict:
        """Measure where it is the round's turn, and say whether to go on; the same at every member."""
        pace = get_pace(self.context.params)
        if not pace or number % pace:
            return Verdict()
        found = {} if self.party is None else measure_party(self.context, self.party, weights, self.metrics)
        for split, figures in found.items():
            for name, value in figures.items():
                self.context.log_metric(f"{split}_{name}", value, number)
        return Verdict() if self.tracker is None else self.tracker.hear(self._average(found))

    def _average(self, found: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
        """The mean of each metric over the parties, weighted by their rows."""
        part = None
        if self.party is not None:
            rows = {"train": len(self.party.train), "validate": len(self.party.validate or ())}
            part = np.array(
                [
                    each
                    for split in SPLITS
                    for name in self.metrics
                    for each in self._weigh(found.get(split, {}).get(name), rows[split])
                ]
            )
        sums = self.sums.add_up(part).reshape(len(SPLITS), len(self.metrics), 2)
        for split in sums:
            known = {
                name: float(total / rows) for name, (total, rows) in zip(self.metrics, split, strict=True) if rows > 0.5
            }
            if known:
                return known
        return {}

    @staticmethod
    def _weigh(value: float | None, rows: int) -> tuple[float, float]:
        return (0.0, 0.0) if value is None else (value * rows, float(rows))


def make_watch(context: Context, sums: SecureSum, party: PartyData | None) -> HomoWatch:
    """A watch as the parameters ask for."""
    metrics = list_metrics(context, classes=True)
    return HomoWatch(
        context=context, sums=sums, party=party, metrics=metrics, tracker=make_tracker(context.params, metrics)
    )
