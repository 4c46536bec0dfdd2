"""From scores to probabilities, without overflow."""

import numpy as np

from workers.components.columns import Vector


def sigmoid(scores: Vector) -> Vector:
    """1 / (1 + e^-x)."""
    # exp of a negative number only: no overflow for any score.
    small = np.exp(-np.abs(scores))
    return np.where(scores >= 0, 1.0, small) / (1.0 + small)


def softmax(scores: Vector) -> Vector:
    """Each row's share of e^x among its columns."""
    grown = np.exp(scores - scores.max(axis=1, keepdims=True))
    found: Vector = grown / grown.sum(axis=1, keepdims=True)
    return found


def log_sum(scores: Vector) -> Vector:
    """The logarithm of each row's sum of e^x."""
    top = scores.max(axis=1)
    found: Vector = top + np.log(np.exp(scores - top[:, None]).sum(axis=1))
    return found
