"""What boosted trees minimise: for each objective gradients, hessians, the loss, and what scores mean.

Scores are a matrix of samples x outputs: one output, or one for each of three or more classes.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np

from workers.components.chances import sigmoid, softmax
from workers.components.columns import Vector

TINY: Final = 1e-12
HIGHEST: Final = 50.0
"""The largest exponent: e^50 is far beyond any count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Objective:
    """One objective; labels are class numbers from 0, or reals. Derivatives are by the score."""

    name: str
    outputs: int
    start: Callable[[float], float]
    """The score to start with, from the labels' mean."""
    slopes: Callable[[Vector, Vector], tuple[Vector, Vector]]
    """Gradients and hessians, samples x outputs, from labels and scores."""
    mean: Callable[[Vector], Vector]
    """The prediction for scores: a probability for each class (the second one's where there are two), or a real."""
    loss: Callable[[Vector, Vector], Vector]
    """Each sample's loss."""

    @property
    def classes(self) -> bool:
        """Whether labels are classes."""
        return self.name == "cross_entropy"


def make_objective(name: str, *, parameter: float, classes: int) -> Objective:
    """The objective `name`; `classes` is the number of classes, which only cross-entropy looks at."""
    if name == "cross_entropy":
        return _make_multi(classes) if classes > 2 else BINARY
    slopes, loss = REGRESSIONS[name]
    exponential = name == "tweedie"
    return Objective(
        name=name,
        outputs=1,
        start=(lambda mean: float(np.log(max(mean, TINY)))) if exponential else float,
        slopes=lambda labels, scores: _as_columns(slopes(parameter, labels, scores[:, 0])),
        mean=(lambda scores: np.exp(np.minimum(scores, HIGHEST))) if exponential else (lambda scores: scores),
        loss=lambda labels, scores: loss(parameter, labels, scores[:, 0]),
    )


def _as_columns(pair: tuple[Vector, Vector]) -> tuple[Vector, Vector]:
    return pair[0][:, None], pair[1][:, None]


def _binary_slopes(labels: Vector, scores: Vector) -> tuple[Vector, Vector]:
    chance = sigmoid(scores[:, 0])
    return _as_columns((chance - labels, chance * (1 - chance)))


BINARY: Final = Objective(
    name="cross_entropy",
    outputs=1,
    start=lambda _mean: 0.0,
    slopes=_binary_slopes,
    mean=sigmoid,
    loss=lambda labels, scores: np.logaddexp(0.0, scores[:, 0]) - labels * scores[:, 0],
)


def _make_multi(classes: int) -> Objective:
    def slopes(labels: Vector, scores: Vector) -> tuple[Vector, Vector]:
        chance = softmax(scores)
        return chance - (labels[:, None] == np.arange(classes)), chance * (1 - chance)

    def loss(labels: Vector, scores: Vector) -> Vector:
        chance = softmax(scores)[np.arange(len(labels)), labels.astype(np.int64)]
        return -np.log(np.maximum(chance, TINY))

    return Objective(
        name="cross_entropy", outputs=classes, start=lambda _mean: 0.0, slopes=slopes, mean=softmax, loss=loss
    )


def _squared(_parameter: float, labels: Vector, scores: Vector) -> tuple[Vector, Vector]:
    return 2 * (scores - labels), np.full(len(labels), 2.0)


def _absolute(_parameter: float, labels: Vector, scores: Vector) -> tuple[Vector, Vector]:
    return np.sign(scores - labels), np.ones(len(labels))


def _huber(delta: float, labels: Vector, scores: Vector) -> tuple[Vector, Vector]:
    apart = scores - labels
    bend = 1 + (apart / delta) ** 2
    return apart / np.sqrt(bend), bend**-1.5


def _fair(scale: float, labels: Vector, scores: Vector) -> tuple[Vector, Vector]:
    apart = scores - labels
    below = np.abs(apart) + scale
    return scale * apart / below, (scale / below) ** 2


def _log_cosh(_parameter: float, labels: Vector, scores: Vector) -> tuple[Vector, Vector]:
    bent = np.tanh(scores - labels)
    return bent, 1 - bent**2


def _tweedie_powers(power: float, scores: Vector) -> tuple[Vector, Vector]:
    return np.exp(np.minimum((1 - power) * scores, HIGHEST)), np.exp(np.minimum((2 - power) * scores, HIGHEST))


def _tweedie(power: float, labels: Vector, scores: Vector) -> tuple[Vector, Vector]:
    low, high = _tweedie_powers(power, scores)
    return high - labels * low, (2 - power) * high - labels * (1 - power) * low


def _tweedie_loss(power: float, labels: Vector, scores: Vector) -> Vector:
    low, high = _tweedie_powers(power, scores)
    bent: Vector = labels * (scores if power == 1 else low / (1 - power))
    return high / (2 - power) - bent


def _apart(loss: Callable[[float, Vector], Vector], parameter: float, labels: Vector, scores: Vector) -> Vector:
    return loss(parameter, np.abs(scores - labels))


Slopes = Callable[[float, Vector, Vector], tuple[Vector, Vector]]
Loss = Callable[[float, Vector, Vector], Vector]
REGRESSIONS: Final[Mapping[str, tuple[Slopes, Loss]]] = {
    "lse": (_squared, partial(_apart, lambda _parameter, apart: apart**2)),
    "lae": (_absolute, partial(_apart, lambda _parameter, apart: apart)),
    "huber": (_huber, partial(_apart, lambda delta, apart: delta**2 * (np.sqrt(1 + (apart / delta) ** 2) - 1))),
    "fair": (_fair, partial(_apart, lambda scale, apart: scale**2 * (apart / scale - np.log1p(apart / scale)))),
    "log_cosh": (_log_cosh, partial(_apart, lambda _parameter, apart: np.logaddexp(apart, -apart) - np.log(2))),
    "tweedie": (_tweedie, _tweedie_loss),
}
"""Objectives for real labels: derivatives and loss, from the parameter, labels and scores."""
OBJECTIVES: Final = ("cross_entropy", *REGRESSIONS)
