"""Metrics in FATE's words: namespace -> name -> points and what they are, as FATE's clients and its board read them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from scheduler.store.queries.tracking import MetricView

SPLITS: Final = ("train", "validate", "test", "predict")
TRAIN: Final = "train"
SINGLE: Final = -1
"""The `x` of a figure that is no point of a curve."""
FEDERATED: Final = "federated_loss"
FIGURES: Final[Mapping[str, str]] = {
    "f1": "f1_score",
    "rmse": "root_mean_squared_error",
    "mae": "mean_absolute_error",
    "r2": "r2_score",
}
"""FATE's names of figures that we name otherwise."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric: [key, value] pairs, and what FATE calls its meta."""

    data: Sequence[Sequence[Any]]
    meta: Mapping[str, Any]

    def render(self) -> dict[str, Any]:
        """As `metric/all` shows it, sorted by key."""
        return {"data": sorted(([key, value] for key, value in self.data), key=_order), "meta": dict(self.meta)}


Metrics = dict[str, dict[str, Metric]]
"""Namespace -> name -> metric."""


def _order(pair: Sequence[Any]) -> tuple[bool, Any]:
    return isinstance(pair[0], str), pair[0]


def make_metrics(
    points: Iterable[MetricView], summary: Mapping[str, Any], *, component: str, source: str, threshold: float = 0.5
) -> Metrics:
    """The metrics of one task.

    `component` is what ran, `source` the name of the component whose output it measured; `threshold` is the one of
    a confusion matrix.
    """
    if component == "evaluation":
        return make_evaluation(summary, source, threshold)
    found: Metrics = {}
    curves: dict[tuple[str, str], dict[int, float]] = {}
    for point in points:
        curves.setdefault(split_name(point.name), {})[point.x] = point.value
    for (namespace, name), values in curves.items():
        shown = "loss" if name == FEDERATED and (namespace, "loss") not in curves else name
        found.setdefault(namespace, {})[shown] = _make_curve(shown, values)
    if component == "intersection" and "common" in summary:
        found[TRAIN] = {"intersection": _make_intersection(summary)}
    return found


def split_name(name: str) -> tuple[str, str]:
    """Namespace and name of a metric: `validate_auc` is `auc` of `validate`; without a split, of `train`."""
    head, _, rest = name.partition("_")
    return (head, rest) if head in SPLITS and rest else (TRAIN, name)


def _make_curve(name: str, values: Mapping[int, float]) -> Metric:
    meta = {"name": name, "metric_type": name.upper(), "curve_name": name}
    if set(values) == {SINGLE}:
        return Metric([[name, values[SINGLE]]], meta)
    return Metric([[x, value] for x, value in values.items() if x != SINGLE], {**meta, "unit_name": "iters"})


def _make_intersection(summary: Mapping[str, Any]) -> Metric:
    figures = [["intersect_count", summary["common"]], ["intersect_rate", summary.get("rate")]]
    return Metric(figures, {"name": "intersection", "metric_type": "INTERSECTION"})


def make_evaluation(summary: Mapping[str, Any], source: str, threshold: float) -> Metrics:
    """The figures and curves that `evaluation` leaves, by the split they are of."""
    found: Metrics = {}
    for split, measured in summary.items():
        if isinstance(measured, Mapping):
            namespace = split if split in SPLITS else TRAIN
            found[namespace] = {
                source: _make_figures(source, measured),
                **_make_curves(source, measured),
                **_make_confusion(source, measured, threshold),
            }
    return found


def list_figures(measured: Mapping[str, Any]) -> dict[str, float]:
    """The single figures of one split, under FATE's names."""
    plain = {name: value for name, value in measured.items() if name != "rows" and not isinstance(value, (dict, list))}
    return {FIGURES.get(name, name): value for name, value in plain.items()}


def _make_figures(source: str, measured: Mapping[str, Any]) -> Metric:
    figures = [[name, value] for name, value in list_figures(measured).items()]
    return Metric(figures, {"name": source, "metric_type": "EVALUATION_SUMMARY"})


def _make_curves(source: str, measured: Mapping[str, Any]) -> dict[str, Metric]:
    roc, balance = measured.get("roc") or {}, measured.get("precision_recall") or {}
    thresholds = roc.get("threshold", [])
    # FATE draws these over the cuts of the sorted scores, from 0 to 1.
    cuts = [place / max(1, len(thresholds) - 1) for place in range(len(thresholds))]
    gain = measured.get("gain") or {}
    curves: tuple[tuple[str, str, list[float] | None, list[float] | None, list[float]], ...] = (
        ("roc", "ROC_EVALUATION", roc.get("fpr"), roc.get("tpr"), thresholds),
        ("ks_fpr", "KS_EVALUATION", cuts, roc.get("fpr"), thresholds),
        ("ks_tpr", "KS_EVALUATION", cuts, roc.get("tpr"), thresholds),
        ("precision", "PRECISION_EVALUATION", cuts, balance.get("precision"), thresholds),
        ("recall", "RECALL_EVALUATION", cuts, balance.get("recall"), thresholds),
        ("gain", "GAIN_EVALUATION", gain.get("share"), gain.get("gain"), []),
        ("lift", "LIFT_EVALUATION", gain.get("share"), gain.get("lift"), []),
    )
    found = {}
    for kind, metric_type, keys, values, marks in curves:
        if keys and values:
            name = f"{source}_{kind}"
            meta = {"name": name, "metric_type": metric_type, "curve_name": source, "unit_name": ""}
            if kind.startswith("ks_"):
                meta |= {"curve_name": name, "pair_type": source}
            points = [[key, value] for key, value in zip(keys, values, strict=False)]
            found[name] = Metric(points, {**meta, "thresholds": marks})
    return found


def _make_confusion(source: str, measured: Mapping[str, Any], threshold: float) -> dict[str, Metric]:
    counts = measured.get("confusion")
    if not counts:
        return {}
    name = f"{source}_confusion_mat"
    meta = {
        "name": name,
        "metric_type": "CONFUSION_MAT",
        "thresholds": [threshold],
        **{each: [counts.get(each, 0)] for each in ("tp", "fp", "tn", "fn")},
    }
    return {name: Metric([], meta)}
