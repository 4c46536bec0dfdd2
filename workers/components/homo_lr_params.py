"""Parameters of homo_lr."""

from collections.abc import Mapping
from typing import Any, Final

from workers.components.check_params import CHECK_PARAMS, CHECK_SETTINGS
from workers.components.logistic import OPTIMIZERS

SHARED_SETTINGS: Final = ("rounds", "l2", "early_stop", "tol", "scale", *CHECK_SETTINGS)
"""What all parties must agree on."""
PARAMS: Final[Mapping[str, Mapping[str, Any]]] = {
    "rounds": {
        "type": "integer",
        "minimum": 1,
        "maximum": 10000,
        "default": 30,
        "description": "How often the parties average their weights, at most.",
    },
    "epochs": {
        "type": "integer",
        "minimum": 1,
        "maximum": 1000,
        "default": 1,
        "description": "Passes of each party over its own samples between two averages.",
    },
    "batch_size": {
        "type": "integer",
        "minimum": 0,
        "maximum": 10_000_000,
        "default": 0,
        "description": "Samples per step of the optimizer; 0 means all of the party's.",
    },
    "learning_rate": {
        "type": "number",
        "exclusiveMinimum": 0,
        "maximum": 100,
        "default": 0.15,
        "description": "Length of the optimizer's steps.",
    },
    "l2": {
        "type": "number",
        "minimum": 0,
        "maximum": 1000,
        "default": 0.01,
        "description": "Weight of the penalty l2/2 x sum of squared coefficients, added to the mean loss.",
    },
    "optimizer": {
        "type": "string",
        "enum": sorted(OPTIMIZERS),
        "default": "sgd",
        "description": "The party's optimizer; its state stays at the party between rounds.",
    },
    "early_stop": {
        "type": "string",
        "enum": ["none", "loss", "weights"],
        "default": "none",
        "description": "Stop once the loss over all parties, or the weights, change by less than `tol` in a round.",
    },
    "tol": {"type": "number", "minimum": 0, "maximum": 1, "default": 1e-4, "description": "Limit for `early_stop`."},
    "scale": {
        "type": "boolean",
        "default": True,
        "description": "Standardise each feature by its mean and deviation over all parties.",
    },
    "threshold": {
        "type": "number",
        "minimum": 0,
        "maximum": 1,
        "default": 0.5,
        "description": "Score from which on `predict_result` is 1.",
    },
    "seed": {
        "type": "integer",
        "minimum": 0,
        "maximum": 2**32 - 1,
        "default": 0,
        "description": "Where the shuffling of batches starts.",
    },
    **CHECK_PARAMS,
    "validate_every": {
        **CHECK_PARAMS["validate_every"],
        "default": 1,
        "description": "Measure the model at each party on its `train` and `validate` every so many rounds; 0: never.",
    },
}
