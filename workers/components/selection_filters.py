"""The filters that a party applies to its own columns, and how any filter picks from figures."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np

from workers.components.frames import read_numbers
from workers.components.selection_params import LOW_IS_GOOD, THRESHOLDS
from workers.components.selection_sources import Sources

Filter = Mapping[str, Any]
Figures = Mapping[str, float]


def is_federated(rule: Filter) -> bool:
    """Whether the guest decides about the hosts' columns too."""
    return rule["kind"] == "iv" and bool(rule.get("federated", True))


def get_threshold(rule: Filter) -> float:
    """The filter's threshold, or the usual one of its kind."""
    return float(rule.get("threshold", THRESHOLDS[rule["kind"]]))


def takes_high(rule: Filter) -> bool:
    """Whether high figures are the good ones."""
    return bool(rule.get("take_high", rule["kind"] not in LOW_IS_GOOD))


def pick(rule: Filter, figures: Sequence[float], thresholds: Sequence[float]) -> list[int]:
    """The places of the figures that the filter keeps; of equal figures the first ones come first."""
    sign = 1.0 if takes_high(rule) else -1.0
    how = rule.get("how", "threshold")
    if how == "threshold":
        return [
            place
            for place, (figure, limit) in enumerate(zip(figures, thresholds, strict=True))
            if sign * figure >= sign * limit
        ]
    count = get_threshold(rule) * (1 if how == "top_k" else len(figures))
    # A share of a number of columns is rounded up, and a hair above a whole number is no reason for one more.
    wanted = int(np.ceil(count - 1e-9))
    ranked = sorted(range(len(figures)), key=lambda place: (-sign * figures[place], place))
    return sorted(ranked[:wanted])


def keep_one(rule: Filter, kept: Sequence[int], figures: Sequence[float]) -> list[int]:
    """What is kept, at least the best one."""
    if kept or not len(figures):
        return list(kept)
    ranked = np.argmax(figures) if takes_high(rule) else np.argmin(figures)
    return [int(ranked)]


def filter_locally(sources: Sources, rule: Filter, names: Sequence[str]) -> tuple[list[str], Figures]:
    """The columns that a filter keeps at one party, and the figures that it went by."""
    if rule["kind"] == "manual":
        return _pick_by_hand(sources, rule, names), {}
    figures = MEASURES[rule["kind"]](sources, rule, names)
    judged = [name for name in names if name in figures]
    values = [figures[name] for name in judged]
    places = keep_one(rule, pick(rule, values, [get_threshold(rule)] * len(values)), values)
    if len(judged) < len(names):
        sources.context.log(f"filter {rule['kind']}: {len(names) - len(judged)} columns without figures stay")
    dropped = set(judged) - {judged[place] for place in places}
    return [name for name in names if name not in dropped], figures


def _pick_by_hand(sources: Sources, rule: Filter, names: Sequence[str]) -> list[str]:
    features = sources.frame.features

    def find(kind: str) -> set[str]:
        places = [place for place in rule.get(f"{kind}_positions", ()) if place < len(features)]
        return {*rule.get(kind, ()), *(features[place] for place in places)}

    drop, keep, restore = find("drop"), find("keep"), find("restore")
    unknown = sorted((drop | keep | restore) - set(features))
    if unknown:
        sources.context.log(f"filter manual: this party has no column {', '.join(map(repr, unknown))}")
    left = {name for name in names if name not in drop and (not keep or name in keep)}
    return [name for name in features if name in left | restore]


def _measure_statistic(metric: str) -> Callable[[Sources, Filter, Sequence[str]], Figures]:
    return lambda sources, _rule, names: sources.find_figures(metric, names)


def _measure_share(sources: Sources, _rule: Filter, names: Sequence[str]) -> Figures:
    """The share of rows that hold a column's most frequent value, missing ones being a value too."""
    rows = max(1, len(sources.frame))
    figures = {}
    for name in names:
        values = np.round(read_numbers(sources.context, sources.frame, name), 8)
        figures[name] = float(np.unique(values, return_counts=True)[1].max(initial=0)) / rows
    return figures


def _measure_iv(sources: Sources, _rule: Filter, names: Sequence[str]) -> Figures:
    columns = [each for each in sources.get("binning", "iv")["columns"] if each["name"] in names]
    return dict(zip([each["name"] for each in columns], sources.list_iv(columns), strict=True))


MEASURES: Final[Mapping[str, Callable[[Sources, Filter, Sequence[str]], Figures]]] = {
    "unique": _measure_statistic("stddev"),
    "variation": _measure_statistic("coefficient_of_variance"),
    "iv": _measure_iv,
    "statistic": lambda sources, rule, names: sources.read_figures(rule.get("metric", "mean"), names),
    "outlier": lambda sources, rule, names: sources.find_figures(f"{100 * rule.get('percentile', 1.0):g}%", names),
    "percentage": _measure_share,
    "vif": lambda sources, _rule, names: sources.find_vif(names),
    "importance": lambda sources, _rule, names: sources.find_importance(names),
}
