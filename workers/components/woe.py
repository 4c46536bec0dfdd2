"""What bins tell about a label: weight of evidence of each bin, information value of the column."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from workers.components.columns import Vector


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One column's bins against one label; arrays have an entry for each bin."""

    events: Vector
    others: Vector
    woe: Vector
    iv: Vector

    @property
    def total_iv(self) -> float:
        """The column's information value."""
        return float(self.iv.sum())

    @property
    def is_monotonic(self) -> bool:
        """Whether the weights only rise, or only fall, from bin to bin."""
        steps = np.diff(self.woe)
        return bool((steps >= 0).all() or (steps <= 0).all())

    def to_json(self, *, ordered: bool = True) -> dict[str, Any]:
        """As the model file holds it; the bins of a column may stand in no order."""
        return {
            "events": self.events.astype(int).tolist(),
            "others": self.others.astype(int).tolist(),
            "woe": self.woe.tolist(),
            "iv": self.iv.tolist(),
            "total_iv": self.total_iv,
            "monotonic": self.is_monotonic if ordered else None,
        }


def weigh(events: Sequence[float] | Vector, others: Sequence[float] | Vector, *, adjustment: float) -> Evidence:
    """Weigh bins by how often they hold the label (`events`) and any other one.

    WOE is ln of (share of the events / share of the others); where a bin lacks one of both, `adjustment` is added to
    its two counts, as FATE 1.11 does (federatedml/feature/binning/iv_calculator.py).
    """
    hits, misses = np.asarray(events, dtype=np.float64), np.asarray(others, dtype=np.float64)
    lift = np.where((hits == 0) | (misses == 0), adjustment, 0.0)
    hit_rate = (hits + lift) / max(hits.sum(), 1.0)
    miss_rate = (misses + lift) / max(misses.sum(), 1.0)
    woe = np.log(hit_rate / miss_rate)
    return Evidence(events=hits, others=misses, woe=woe, iv=(hit_rate - miss_rate) * woe)
