"""Boosted trees done plainly on pooled columns, and sample tables, for the tests of both kinds of boosting."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from fedrota.simulate import Simulation

DEFAULTS = {
    "trees": 3, "max_depth": 3, "learning_rate": 0.3, "bins": 32, "l1": 0.0, "l2": 0.1, "min_gain": 1e-3,
    "min_leaf_node": 1, "min_sample_split": 2, "min_child_weight": 0.0,
}  # fmt: skip


def sigmoid(scores: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-scores))


def slope_binary(labels: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return sigmoid(scores) - labels, sigmoid(scores) * (1 - sigmoid(scores))


def slope_squares(labels: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return 2 * (scores - labels), np.full(len(labels), 2.0)


def quantiles(column: np.ndarray, bins: int) -> list[float]:
    known = sorted(column[~np.isnan(column)].tolist())
    return sorted({known[max(1, -(-place * len(known) // bins)) - 1] for place in range(1, bins + 1)}) if known else []


def list_cuts(features: np.ndarray, bins: int) -> list[tuple[int, float, bool]]:
    """Column, cut, missing values left: every split of pooled columns, in the order in which ties are broken."""
    found: list[tuple[int, float, bool]] = []
    for place in range(features.shape[1]):
        ends = quantiles(features[:, place], bins)
        gaps = bool(np.isnan(features[:, place]).any())
        found += [(place, end, False) for end in (ends if gaps else ends[:-1])]
        found += [(place, end, True) for end in ends[:-1] if gaps]
    return found


def goes_left(features: np.ndarray, cut: tuple[int, float, bool]) -> np.ndarray:
    column = features[:, cut[0]]
    return np.where(np.isnan(column), cut[2], column <= cut[1])


def weigh(gradient: float, hessian: float, params: Mapping[str, Any]) -> float:
    return -np.sign(gradient) * max(abs(gradient) - params["l1"], 0) / (hessian + params["l2"])


def score(gradient: float, hessian: float, params: Mapping[str, Any]) -> float:
    return max(abs(gradient) - params["l1"], 0) ** 2 / (hessian + params["l2"])


def steps(values: np.ndarray) -> float:
    """The grid on which the real protocol puts gradients: 32 bits for the largest of them."""
    top = np.abs(values).max()
    return 2.0 ** (32 - (int(np.floor(np.log2(top))) + 1 if top else 0))


def grow_plainly(
    features: np.ndarray, pair: tuple[np.ndarray, np.ndarray], params: Mapping[str, Any], *, exact: bool
) -> dict[str, Any]:
    """One tree as nested dicts; with `exact`, gradients keep all their bits."""
    cuts = list_cuts(features, params["bins"])
    sides = [goes_left(features, cut) for cut in cuts]
    rounded = pair if exact else tuple(np.rint(each * steps(each)) / steps(each) for each in pair)

    def split(rows: np.ndarray, depth: int) -> dict[str, Any]:
        leaf = {"weight": weigh(pair[0][rows].sum(), pair[1][rows].sum(), params), "rows": np.flatnonzero(rows)}
        if depth == params["max_depth"] or rows.sum() < params["min_sample_split"]:
            return leaf
        best, chosen = params["min_gain"], None
        whole = score(rounded[0][rows].sum(), rounded[1][rows].sum(), params)
        for place, side in enumerate(sides):
            parts = [rows & side, rows & ~side]
            if min(part.sum() for part in parts) < params["min_leaf_node"]:
                continue
            sums = [(rounded[0][part].sum(), rounded[1][part].sum()) for part in parts]
            if min(each[1] for each in sums) < params["min_child_weight"]:
                continue
            gain = score(*sums[0], params) + score(*sums[1], params) - whole
            if gain > best:
                best, chosen = gain, place
        if chosen is None:
            return leaf
        return {
            "cut": cuts[chosen],
            "gain": best,
            "left": split(rows & sides[chosen], depth + 1),
            "right": split(rows & ~sides[chosen], depth + 1),
        }

    return split(np.ones(len(features), dtype=bool), 0)


def list_leaves(tree: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [tree] if "weight" in tree else list_leaves(tree["left"]) + list_leaves(tree["right"])


def boost_plainly(
    features: np.ndarray,
    labels: np.ndarray,
    slope: Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]] = slope_binary,
    *,
    start: float = 0.0,
    exact: bool = False,
    **params: Any,
) -> tuple[list[dict[str, Any]], np.ndarray]:
    """Trees, and the scores after the last one."""
    full = {**DEFAULTS, **params}
    scores, trees = np.full(len(labels), start), []
    for _number in range(full["trees"]):
        trees.append(grow_plainly(features, slope(labels, scores), full, exact=exact))
        for leaf in list_leaves(trees[-1]):
            scores[leaf["rows"]] += full["learning_rate"] * leaf["weight"]
    return trees, scores


def make_tables(
    widths: Sequence[int], *, rows: int = 60, seed: int = 0, kind: str = "binary", gaps: float = 0.0
) -> dict[str, dict[str, dict[str, list[Any]]]]:
    """Input `train` of the guest (with label y) and of each host."""
    chance = np.random.default_rng(seed)
    plain = chance.normal(size=(rows, sum(widths)))
    signal = plain @ np.linspace(1, -1, sum(widths)) + 0.5 * np.sin(3 * plain).sum(axis=1)
    labels = {
        "binary": (signal + chance.normal(size=rows) * 0.3 > 0).astype(int),
        "multi": np.digitize(signal, np.quantile(signal, [0.33, 0.66])),
        "real": signal * 5 + 100 + chance.normal(size=rows),
    }[kind]
    holes = chance.random(plain.shape) < gaps
    names = [f"患者-{row}" for row in range(rows)]
    inputs, start = {}, 0
    for owner, width in zip(("guest.0", "host.0", "host.1"), widths, strict=False):
        table: dict[str, list[Any]] = {"id": names, **({"y": labels.tolist()} if not inputs else {})}
        for place in range(start, start + width):
            table[f"x{place}"] = [None if holes[row, place] else float(plain[row, place]) for row in range(rows)]
        inputs[owner] = {"train": table}
        start += width
    return inputs


def pool(inputs: Mapping[str, Any], port: str = "train") -> tuple[np.ndarray, np.ndarray]:
    """All parties' features side by side, missing values as NaN, and the labels."""
    columns = [ports[port][name] for ports in inputs.values() for name in ports[port] if name[0] == "x"]
    return np.array(columns, dtype=float).T, np.array(inputs["guest.0"][port]["y"], dtype=float)


def read_model(run: Simulation, member: str) -> dict[str, Any]:
    return json.loads(run[member].output("model").read_text())


def read_trees(run: Simulation) -> list[dict[str, Any]]:
    """The trees of all parties' models put together, nested as those of `boost_plainly`."""
    guest = read_model(run, "guest.0")
    records = {name: rule for member in run for name, rule in read_model(run, member).get("records", {}).items()}

    def nest(tree: Sequence[Mapping[str, Any]], place: int) -> dict[str, Any]:
        node = tree[place]
        if "weight" in node:
            return {"weight": node["weight"]}
        rule = node["rule"] if "rule" in node else records[node["record"]]
        children = {side: nest(tree, node[side]) for side in ("left", "right")}
        return {"rule": rule, "gain": node["gain"], **children}

    return [nest(tree, 0) for trees in guest["rounds"] for tree in trees]


def assert_same(found: Mapping[str, Any], wanted: Mapping[str, Any], features: np.ndarray, *, tolerance: float) -> None:
    """The same splits and, within the tolerance, leaf weights and gains."""
    assert ("weight" in found) == ("weight" in wanted)
    if "weight" in found:
        assert abs(found["weight"] - wanted["weight"]) <= tolerance
        return
    place, cut, _side = wanted["cut"]
    rule = found["rule"]
    known = features[:, place][~np.isnan(features[:, place])]
    assert rule["feature"] == f"x{place}"
    assert (rule["cut"] if rule["cut"] is not None else known.max()) == cut
    assert abs(found["gain"] - wanted["gain"]) <= tolerance * max(1, wanted["gain"])
    for side in ("left", "right"):
        assert_same(found[side], wanted[side], features, tolerance=tolerance)
