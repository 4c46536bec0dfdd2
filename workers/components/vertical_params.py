"""Parameters and ports of the vertical generalised linear models, and who learns what from them."""

from collections.abc import Mapping
from typing import Any, Final

from workers.components.check_params import CHECK_PARAMS, CHECK_SETTINGS
from workers.components.glm_optimizers import CHOICES, STARTS
from workers.components.pair_link import KEY_BITS

SHARED_SETTINGS: Final = (
    "epochs",
    "batch_size",
    "early_stop",
    "tol",
    "scale",
    "init",
    "seed",
    "key_bits",
    *CHECK_SETTINGS,
)

DISCLOSURE: Final = (
    (
        "the guest",
        "the gradient of its own coefficients in each step; the loss of each epoch; each sample's score in the end "
        "(with one host that tells the host's part of the score, with several hosts their parts' sum); numbers of "
        "features of each host",
        "every party follows the protocol and keeps what it may keep (honest but curious); Paillier's cryptosystem with "
        "the chosen key is not broken. A host with a single feature tells it by its part of the scores, up to a factor",
    ),
    (
        "each host",
        "the gradient of its own coefficients in each step, of which the first one is its columns' product with the "
        "labels; the loss of each epoch; numbers of features of the other parties",
        "the same. Many gradients over few rows say much about labels: batches with fewer rows than a party has "
        "coefficients are refused; hetero_sshe_lr and hetero_sshe_linr show no gradients at all",
    ),
    (
        "the guest, with `validate_every`, `early_stopping_rounds` or `cv_folds`",
        "each sample's score by each model that is measured. With one host these are the host's parts of the scores: as "
        "many of them as the host has features tell what its columns can express",
        "the same. All of these are off unless asked for; of several hosts only the sum of their parts is known",
    ),
    (
        "each other party, with `early_stopping_rounds`",
        "after each measurement whether it was the best so far, and whether training ends; no metrics",
        "none",
    ),
    (
        "either of two data parties",
        "the other's part of the loss, and with `early_stop: weights` how far the other's coefficients moved, since a "
        "sum of two minus one's own is the other's",
        "two data parties; with three or more only the sums over the others are known",
    ),
    (
        "an arbiter",
        "the loss of each epoch over all parties; the settings; no ciphertexts, no gradients, no keys",
        "none: each party keeps a key of its own, so nobody has to trust an arbiter. It adds up losses that are masked",
    ),
    (
        "any two parties that put together what they know",
        "with several hosts: the sums that the masks hide from each of them",
        "parties do not join forces",
    ),
    (
        "the centre",
        "the loss of each epoch, the guest's metrics of each measurement and fold, the epoch that was best, numbers of rows and "
        "features, names of columns where the step fails; no coefficients",
        "messages between parties are encrypted end to end",
    ),
)

PARAMS: Final[Mapping[str, Mapping[str, Any]]] = {
    "epochs": {
        "type": "integer",
        "minimum": 1,
        "maximum": 10000,
        "default": 20,
        "description": "Passes over the samples, at most.",
    },
    "batch_size": {
        "type": "integer",
        "minimum": 0,
        "maximum": 10_000_000,
        "default": 0,
        "description": "Samples per step of the optimizer; 0 means all. Batches are cut evenly and stay the same.",
    },
    "learning_rate": {
        "type": "number",
        "exclusiveMinimum": 0,
        "maximum": 100,
        "default": 0.15,
        "description": "Length of the optimizer's steps.",
    },
    "decay": {
        "type": "number",
        "minimum": 0,
        "maximum": 1000,
        "default": 0,
        "description": "Steps of epoch e are divided by the root of 1 + decay x (e - 1).",
    },
    "optimizer": {
        "type": "string",
        "enum": sorted(CHOICES),
        "default": "sgd",
        "description": "The optimizer of each party for its own coefficients.",
    },
    "penalty": {
        "type": "string",
        "enum": ["none", "l1", "l2"],
        "default": "l2",
        "description": "What keeps coefficients small: the sum of their squares / 2 (l2) or of their magnitudes (l1).",
    },
    "alpha": {
        "type": "number",
        "minimum": 0,
        "maximum": 1000,
        "default": 0.01,
        "description": "Weight of the penalty beside the mean loss.",
    },
    "fit_intercept": {"type": "boolean", "default": True, "description": "Whether the guest trains an intercept."},
    "init": {
        "type": "string",
        "enum": sorted(STARTS),
        "default": "zeros",
        "description": "Coefficients to start with; zeros saves the first step's encryption.",
    },
    "early_stop": {
        "type": "string",
        "enum": ["none", "loss", "weights"],
        "default": "none",
        "description": "Stop once the loss, or all parties' coefficients, change by less than `tol` in an epoch.",
    },
    "tol": {"type": "number", "minimum": 0, "maximum": 1, "default": 1e-4, "description": "Limit for `early_stop`."},
    "scale": {
        "type": "boolean",
        "default": True,
        "description": "Standardise each feature by its mean and deviation, at its own party.",
    },
    "threshold": {
        "type": "number",
        "minimum": 0,
        "maximum": 1,
        "default": 0.5,
        "description": "Score from which on `predict_result` is 1 (classes only).",
    },
    "seed": {
        "type": "integer",
        "minimum": 0,
        "maximum": 2**32 - 1,
        "default": 0,
        "description": "Where the cutting of batches, and random coefficients, start.",
    },
    **CHECK_PARAMS,
    "key_bits": KEY_BITS,
}
PORTS: Final[Mapping[str, Any]] = {
    "inputs": {"train": "table", "validate": "table"},
    "outputs": {"model": "model", "data": "table"},
}
