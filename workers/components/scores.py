"""How good predictions are: figures and curves from labels and scores, in plain numpy."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from workers.components.columns import Vector

GAIN_BINS: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """Counts of true and false positives at each distinct score, from the highest down.

    The first entry is the threshold above all scores, where nothing is positive. Needs both labels.
    """

    thresholds: Vector
    hits: Vector
    false_alarms: Vector

    @property
    def recall(self) -> Vector:
        """Share of the positives found (true positive rate)."""
        return self.hits / float(self.hits[-1])

    @property
    def fall_out(self) -> Vector:
        """Share of the negatives taken for positives (false positive rate)."""
        return self.false_alarms / float(self.false_alarms[-1])

    @property
    def precision(self) -> Vector:
        """Share of true positives among those found; 1 where nothing is found."""
        found = self.hits + self.false_alarms
        return np.where(found > 0, self.hits / np.maximum(found, 1), 1.0)


def rank(labels: Vector, scores: Vector) -> Ranking:
    """The ranking of samples by score; `labels` are 0 and 1."""
    order = np.argsort(-scores, kind="stable")
    scores, labels = scores[order], labels[order]
    last_of_score = np.append(np.flatnonzero(np.diff(scores)), len(scores) - 1)
    hits = np.cumsum(labels)[last_of_score]
    return Ranking(
        thresholds=np.append(np.nextafter(scores[0], np.inf), scores[last_of_score]),
        hits=np.append(0.0, hits),
        false_alarms=np.append(0.0, last_of_score + 1 - hits),
    )


def area(ranking: Ranking) -> float:
    """Area under the ROC curve: the chance that a positive scores above a negative, ties counting half."""
    return float(np.trapezoid(ranking.recall, ranking.fall_out))


def separation(ranking: Ranking) -> float:
    """Kolmogorov-Smirnov statistic: the largest gap between recall and fall-out."""
    return float((ranking.recall - ranking.fall_out).max())


def count_confusion(labels: Vector, predicted: Vector) -> dict[str, int]:
    """True and false positives and negatives; both arrays hold 0 and 1."""
    return {
        "tp": int(((labels == 1) & (predicted == 1)).sum()),
        "fp": int(((labels == 0) & (predicted == 1)).sum()),
        "tn": int(((labels == 0) & (predicted == 0)).sum()),
        "fn": int(((labels == 1) & (predicted == 0)).sum()),
    }


def score_confusion(counts: Mapping[str, int]) -> dict[str, float]:
    """Accuracy, precision, recall and F1; a ratio of nothing is 0, as scikit-learn has it."""
    tp, fp, fn = counts["tp"], counts["fp"], counts["fn"]
    return {
        "accuracy": (tp + counts["tn"]) / max(1, sum(counts.values())),
        "precision": tp / max(1, tp + fp),
        "recall": tp / max(1, tp + fn),
        "f1": 2 * tp / max(1, 2 * tp + fp + fn),
    }


def score_classes(labels: Vector, predicted: Vector) -> dict[str, float]:
    """Accuracy, and precision, recall and F1 as plain means over the classes."""
    classes = np.unique(np.concatenate([labels, predicted]))
    each = [
        score_confusion(count_confusion((labels == name).astype(float), (predicted == name).astype(float)))
        for name in classes
    ]
    means = {name: float(np.mean([figures[name] for figures in each])) for name in ("precision", "recall", "f1")}
    return {"accuracy": float((labels == predicted).mean()), **means}


def score_regression(labels: Vector, predicted: Vector) -> dict[str, float]:
    """Root mean square error, mean absolute error, and R2 where the labels vary."""
    error = predicted - labels
    spread = float(((labels - labels.mean()) ** 2).sum())
    figures = {"rmse": float(np.sqrt((error**2).mean())), "mae": float(np.abs(error).mean())}
    # The mean of equal labels may differ from them in the last bit: what is left of it is no spread to divide by.
    varies = labels.min() < labels.max() and spread > 0
    return figures | ({"r2": 1 - float((error**2).sum()) / spread} if varies else {})


def draw_curves(ranking: Ranking, *, points: int) -> dict[str, Any]:
    """ROC, precision-recall and gain curves as lists, with at most `points` points each."""
    total = ranking.hits[-1] + ranking.false_alarms[-1]
    share = (ranking.hits + ranking.false_alarms) / total
    bins = np.linspace(0, 1, GAIN_BINS + 1)[1:]
    gain = np.interp(bins, share, ranking.recall)
    keep = np.unique(np.linspace(0, len(share) - 1, min(points, len(share))).round().astype(int))
    return {
        "roc": {
            "fpr": _render(ranking.fall_out[keep]),
            "tpr": _render(ranking.recall[keep]),
            "threshold": _render(ranking.thresholds[keep]),
        },
        "precision_recall": {"recall": _render(ranking.recall[keep]), "precision": _render(ranking.precision[keep])},
        "gain": {"share": _render(bins), "gain": _render(gain), "lift": _render(gain / bins)},
    }


def _render(values: Vector) -> list[float]:
    return [round(float(value), 6) for value in values]
