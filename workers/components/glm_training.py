"""Trains a generalised linear model over parties with different features: the rounds, the loss, the end."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from fedrota.component import Context, InvalidInputError
from workers.components.columns import Vector
from workers.components.fixed_point import LIMIT_BITS
from workers.components.glm_family import Family
from workers.components.glm_gradients import Gradients
from workers.components.glm_optimizers import CHOICES, STARTS
from workers.components.glm_watch import Watch
from workers.components.logistic import Optimizer
from workers.components.secure_sum import SecureSum

PREPARED: Final = 0.3
"""The share of the work that comes before the first epoch, for the progress bar."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """What training found: this party's weights (the guest's end with the intercept) and how it went."""

    weights: Vector
    epochs: int
    stopped_by: str
    losses: list[float]
    best_epoch: int | None = None
    """The epoch whose weights these are, where an early stop by metrics was asked for."""


def plan_batches(rows: int, batch_size: int, seed: int) -> list[list[int]]:
    """The rows of each batch, the same at every party and in every epoch; batches differ by a row at most."""
    if not batch_size or batch_size >= rows:
        return [list(range(rows))]
    order = np.random.default_rng(seed).permutation(rows)
    return [part.tolist() for part in np.array_split(order, -(-rows // batch_size))]


def check_batches(context: Context, batches: Sequence[Sequence[int]], terms: int) -> None:
    """InvalidInputError where gradients of a batch would be as many equations as there are labels to find."""
    smallest = min(map(len, batches))
    if smallest <= terms:
        raise InvalidInputError(
            f"party {context.me.party} has {terms} coefficients, but a batch has only {smallest} rows: with as many "
            "equations as rows it could work out the other parties' values. Raise `batch_size`, give more rows, or "
            "use fewer `columns`"
        )


@dataclass(slots=True, kw_only=True)
class Part:
    """What a party with features trains: its own weights, by gradients that only it learns."""

    gradients: Gradients
    batches: Sequence[Sequence[int]]
    family: Family
    params: Mapping[str, Any]
    terms: int
    is_guest: bool
    labels: Vector | None
    weights: Vector = field(default_factory=lambda: np.zeros(0))
    optimizer: Optimizer = field(init=False)
    is_untouched: bool = field(init=False)

    def __post_init__(self) -> None:
        params = self.params
        chance = np.random.default_rng([params["seed"], self.is_guest, self.terms])
        self.weights = STARTS[params["init"]](chance, self.terms)
        self.is_untouched = params["init"] == "zeros"
        self.optimizer = CHOICES[params["optimizer"]](params["learning_rate"])
        if self.is_guest and not params["fit_intercept"]:
            self.weights[-1] = 0.0

    def run_epoch(self, epoch: int) -> tuple[float, float]:
        """One pass over all batches: this party's part of the summed loss, and the squared change of its weights."""
        before, loss = self.weights, self._penalty()
        rows = sum(map(len, self.batches))
        for place, batch in enumerate(self.batches):
            gradient = self._find_gradient(place)
            loss += self._find_loss(place, gradient) / rows
            self._step(gradient / len(batch), epoch)
        return loss, float(((self.weights - before) ** 2).sum())

    def _find_gradient(self, place: int) -> Vector:
        if self.is_untouched:
            self.is_untouched = False
            return self.gradients.find_first(place)
        return self.gradients.find(place, self.weights)

    def _find_loss(self, place: int, gradient: Vector) -> float:
        """The party's part of the batch's loss with the weights before the step: all parts add up to it."""
        target = self.gradients.find_target(place)
        rest = 0.0 if self.labels is None else self.family.rest(self.labels[self.batches[place]])
        if not self.family.exponential:
            # For a loss that is quadratic in u, half of w . (gradient + target's gradient) is all but a constant.
            return rest + float(self.weights @ (gradient + target)) / 2
        rates = float(gradient[-1] - target[-1]) if self.is_guest else 0.0
        return rest + rates + float(self.weights @ target)

    def _step(self, gradient: Vector, epoch: int) -> None:
        alpha, slopes = self.params["alpha"], self.terms - int(self.is_guest)
        if self.params["penalty"] == "l2":
            gradient = gradient + alpha * np.append(self.weights[:slopes], np.zeros(self.terms - slopes))
        if self.is_guest and not self.params["fit_intercept"]:
            gradient[-1] = 0.0
        damping = 1 / np.sqrt(1 + self.params["decay"] * (epoch - 1))
        weights = self.weights + damping * self.optimizer.change(gradient)
        if self.params["penalty"] == "l1":
            shrink = damping * self.params["learning_rate"] * alpha
            weights[:slopes] = np.sign(weights[:slopes]) * np.maximum(np.abs(weights[:slopes]) - shrink, 0.0)
        self.weights = weights

    def _penalty(self) -> float:
        slopes = self.weights[: self.terms - int(self.is_guest)]
        kinds = {"none": 0.0, "l2": float((slopes**2).sum()) / 2, "l1": float(np.abs(slopes).sum())}
        return float(self.params["alpha"]) * kinds[self.params["penalty"]]


def run_epochs(context: Context, sums: SecureSum, part: Part | None, watch: Watch) -> Fit:
    """Train until the epochs are over or an early stop says so; `part` is None at an arbiter."""
    params = context.params
    losses: list[float] = []
    stopped_by, epoch, best_epoch = "epochs", 0, None
    best = part.weights if part is not None else np.zeros(0)
    for epoch in range(1, params["epochs"] + 1):
        figures = _run_epoch(context, part, epoch)
        loss, change = sums.add_up(figures)
        losses.append(float(loss))
        context.log_metric("loss", float(loss), epoch - 1)
        context.progress(PREPARED + (1 - PREPARED) * epoch / params["epochs"])
        verdict = watch.after(epoch)
        if verdict.is_best:
            best_epoch, best = epoch, part.weights if part is not None else best
        if verdict.stop or _is_settled(params, losses, float(change)):
            stopped_by = "metrics" if verdict.stop else params["early_stop"]
            break
    last = part.weights if part is not None else best
    weights = last if best_epoch is None else best
    return Fit(weights=weights, epochs=epoch, stopped_by=stopped_by, losses=losses, best_epoch=best_epoch)


def _run_epoch(context: Context, part: Part | None, epoch: int) -> Vector | None:
    """A party's part of the loss and of its weights' squared change; None at an arbiter."""
    if part is None:
        return None
    figures = np.array(part.run_epoch(epoch))
    check_weights(context, part.weights)
    # A change says more than needed where nobody asks for it.
    if context.params["early_stop"] != "weights":
        figures[1] = 0.0
    return figures


def check_weights(context: Context, weights: Vector) -> None:
    """InvalidInputError where training runs away from any solution."""
    if not (np.abs(weights) < 2.0**LIMIT_BITS).all():
        raise InvalidInputError(
            f"training at party {context.me.party} has diverged: lower `learning_rate` "
            f"({context.params['learning_rate']:g}) or set `scale: true`"
        )


def _is_settled(params: Mapping[str, Any], losses: Sequence[float], change: float) -> bool:
    how, tol = params["early_stop"], params["tol"]
    if how == "weights":
        return bool(np.sqrt(max(0.0, change)) < tol)
    return bool(how == "loss" and len(losses) > 1 and abs(losses[-1] - losses[-2]) < tol)
