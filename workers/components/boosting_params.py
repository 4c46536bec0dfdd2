"""Parameters and ports that the gradient boosted trees share."""

from collections.abc import Mapping
from typing import Any, Final

from workers.components.boosting_objective import OBJECTIVES
from workers.components.check_params import CHECK_PARAMS
from workers.components.metrics import CLASS_METRICS, REAL_METRICS
from workers.components.pair_link import KEY_BITS

GROWTH: Final = (
    "objective",
    "objective_parameter",
    "trees",
    "max_depth",
    "learning_rate",
    "bins",
    "l1",
    "l2",
    "min_sample_split",
    "min_gain",
    "min_leaf_node",
    "min_child_weight",
    "feature_rate",
    "early_stop",
    "tol",
    "use_missing",
    "seed",
    "cv_folds",
)
"""What all parties must agree on where each of them grows the trees."""
FOLDS: Final = ("cv_folds", "cv_shuffle", "cv_seed")
METRICS: Final = (*CLASS_METRICS, *REAL_METRICS, "loss")
PORTS: Final[Mapping[str, Any]] = {
    "inputs": {"train": "table", "validate": "table"},
    "outputs": {"model": "model", "data": "table"},
}
PARAMS: Final[Mapping[str, Mapping[str, Any]]] = {
    "objective": {
        "type": "string",
        "enum": list(OBJECTIVES),
        "default": "cross_entropy",
        "description": "What the trees minimise: cross_entropy for classes (two or more), the others for real labels.",
    },
    "objective_parameter": {
        "type": "number",
        "exclusiveMinimum": 0,
        "maximum": 1e6,
        "default": 1.5,
        "description": "The bend of huber and fair, or the power of tweedie (from 1 to below 2).",
    },
    "trees": {
        "type": "integer",
        "minimum": 1,
        "maximum": 10000,
        "default": 5,
        "description": "Rounds of boosting, at most; with three or more classes each has a tree for each class.",
    },
    "max_depth": {
        "type": "integer",
        "minimum": 1,
        "maximum": 16,
        "default": 3,
        "description": "Splits between a tree's root and its deepest leaf, at most.",
    },
    "learning_rate": {
        "type": "number",
        "exclusiveMinimum": 0,
        "maximum": 100,
        "default": 0.3,
        "description": "What each tree's leaf weights are multiplied by.",
    },
    "bins": {
        "type": "integer",
        "minimum": 2,
        "maximum": 1024,
        "default": 32,
        "description": "Bins that each feature is cut into at its quantiles.",
    },
    "l2": {
        "type": "number",
        "minimum": 0,
        "maximum": 1e6,
        "default": 0.1,
        "description": "Penalty on squared leaf weights.",
    },
    "l1": {
        "type": "number",
        "minimum": 0,
        "maximum": 1e6,
        "default": 0,
        "description": "Penalty on magnitudes of leaf weights.",
    },
    "min_sample_split": {
        "type": "integer",
        "minimum": 2,
        "maximum": 10_000_000,
        "default": 2,
        "description": "A node with fewer samples becomes a leaf.",
    },
    "min_gain": {
        "type": "number",
        "minimum": 0,
        "maximum": 1e9,
        "default": 1e-3,
        "description": "What a split must gain more than.",
    },
    "min_leaf_node": {
        "type": "integer",
        "minimum": 1,
        "maximum": 10_000_000,
        "default": 1,
        "description": "Samples on each side of a split, at least.",
    },
    "min_child_weight": {
        "type": "number",
        "minimum": 0,
        "maximum": 1e9,
        "default": 0,
        "description": "Sum of hessians on each side of a split, at least.",
    },
    "feature_rate": {
        "type": "number",
        "exclusiveMinimum": 0,
        "maximum": 1,
        "default": 1,
        "description": "Share of each party's features that a tree may use, drawn anew for each tree.",
    },
    "early_stop": {
        "type": "boolean",
        "default": True,
        "description": "Stop once the training loss changes by less than `tol` in a round.",
    },
    "tol": {"type": "number", "minimum": 0, "maximum": 1e6, "default": 1e-4, "description": "Limit for `early_stop`."},
    "use_missing": {
        "type": "boolean",
        "default": False,
        "description": "Allow missing values: each split learns which side they go to. Else they are an error.",
    },
    "zero_as_missing": {
        "type": "boolean",
        "default": False,
        "description": "With `use_missing`, take 0 for a missing value.",
    },
    "threshold": {
        "type": "number",
        "minimum": 0,
        "maximum": 1,
        "default": 0.5,
        "description": "Score from which on `predict_result` is 1 (two classes only).",
    },
    "metrics": {
        "type": "array",
        "items": {"type": "string", "enum": list(METRICS)},
        "uniqueItems": True,
        "default": [],
        "description": "Figures of the validation samples; empty means auc and ks for two classes, accuracy, precision and "
        "recall for more, rmse and mae for reals.",
    },
    "validate_every": {
        "type": "integer",
        "minimum": 0,
        "maximum": 10000,
        "default": 1,
        "description": "Rounds from one look at the validation samples to the next; 0 means never.",
    },
    "importance": {
        "type": "string",
        "enum": ["split", "gain"],
        "default": "split",
        "description": "What a feature's importance is: how often it splits, or the gain of its splits.",
    },
    "seed": {
        "type": "integer",
        "minimum": 0,
        "maximum": 2**32 - 1,
        "default": 100,
        "description": "Where the drawing of features and samples starts.",
    },
    **{name: CHECK_PARAMS[name] for name in FOLDS},
}
HETERO_PARAMS: Final[Mapping[str, Mapping[str, Any]]] = {
    **PARAMS,
    "early_stopping_rounds": {
        "type": "integer",
        "minimum": 0,
        "maximum": 10000,
        "default": 0,
        "description": "Stop once a metric of the validation samples (the training samples, if there are none) has not "
        "improved in so many looks, and keep the trees up to the best look by the first metric; 0 means never.",
    },
    "use_first_metric_only": {
        "type": "boolean",
        "default": False,
        "description": "Let only the first metric stop the training; else any may.",
    },
    "complete_secure": {
        "type": "boolean",
        "default": False,
        "description": "Build the first round's trees from the guest's features alone, since the way these divide the "
        "samples tells most about labels.",
    },
    "strategy": {
        "type": "string",
        "enum": ["std", "mix", "layered"],
        "default": "std",
        "description": "Whose features split: everybody's (std), one party's per tree in turn (mix), or the hosts' in the "
        "upper levels and the guest's below (layered).",
    },
    "trees_per_party": {
        "type": "integer",
        "minimum": 1,
        "maximum": 10000,
        "default": 1,
        "description": "With `mix`, rounds that each party has before the next one's turn.",
    },
    "host_depth": {
        "type": "integer",
        "minimum": 1,
        "maximum": 16,
        "default": 3,
        "description": "With `layered`, levels that the hosts split; the guest splits the next `guest_depth`.",
    },
    "guest_depth": {
        "type": "integer",
        "minimum": 1,
        "maximum": 16,
        "default": 2,
        "description": "With `layered`, levels that the guest splits; `max_depth` counts as their sum.",
    },
    "goss": {
        "type": "boolean",
        "default": False,
        "description": "Build each tree from the samples with the largest gradients and some of the others.",
    },
    "top_rate": {
        "type": "number",
        "exclusiveMinimum": 0,
        "exclusiveMaximum": 1,
        "default": 0.2,
        "description": "With `goss`, share of samples with the largest gradients.",
    },
    "other_rate": {
        "type": "number",
        "exclusiveMinimum": 0,
        "exclusiveMaximum": 1,
        "default": 0.1,
        "description": "With `goss`, share of samples drawn from the rest, which count for all of the rest.",
    },
    "max_split_nodes": {
        "type": "integer",
        "minimum": 2,
        "maximum": 65536,
        "default": 65536,
        "description": "Nodes whose sums are in memory and on their way at a time.",
    },
    "key_bits": KEY_BITS,
}
