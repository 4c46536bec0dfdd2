"""The rounds of homo_lr: local training, averages under masks, and when to stop."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from fedrota.component import Context, InvalidInputError
from workers.components.columns import Vector
from workers.components.homo_lr_data import PartyData, make_scaled
from workers.components.homo_lr_results import Fit, log_round
from workers.components.homo_watch import make_watch
from workers.components.logistic import OPTIMIZERS, LocalTraining, penalty
from workers.components.scaling import Scale, measure_scale
from workers.components.secure_sum import SecureSum, SumPlan

DIVERGED: Final = 1e12


def train_once(
    context: Context, plan: SumPlan, party: PartyData | None, *, width: int
) -> tuple["HomoTraining", Fit, Scale | None]:
    """Train on a party's samples, or add up only; the training, what it found, and how features were scaled."""
    sums = SecureSum(context, plan)
    rows, mass = _count_rows(sums, party)
    scaled = context.params["scale"]
    features, names = (party.train.features, party.train.names) if party else (None, ())
    scale = measure_scale(sums, features, names=names, rows=rows) if scaled else None
    own = make_scaled(party, scale) if party else None
    training = HomoTraining(context=context, sums=sums, party=own, rows=rows, mass=mass, width=width)
    return training, training.run(), scale


def _count_rows(sums: SecureSum, party: PartyData | None) -> tuple[float, float]:
    """The number and the weight of all parties' training rows; InvalidInputError where all that count have one label."""
    rows, mass, counted, ones = sums.add_up(party.count_samples() if party else None)
    if not counted:
        raise InvalidInputError(f"all {rows:.0f} training rows of all parties weigh 0: correct the sample_weight step")
    if ones in (0, counted):
        raise InvalidInputError(
            f"all {counted:.0f} training rows of all parties have the label {int(ones > 0)}: a classifier needs rows of "
            "both classes; check `label_column` and `label_map` in data_transform"
        )
    return float(rows), float(mass)


@dataclass(frozen=True, slots=True, kw_only=True)
class HomoTraining:
    """The rounds at one member; `party` is None at an arbiter, which only adds up."""

    context: Context
    sums: SecureSum
    party: PartyData | None
    rows: float
    mass: float
    """What all parties' rows weigh."""
    width: int

    def run(self) -> Fit:
        """Average until the rounds are over or the early stop says so; the same at every member."""
        params = self.context.params
        local = self._make_local()
        weights: Vector = np.zeros(self.width + 1)
        losses: list[float] = []
        stopped_by, number, best = "rounds", 0, None
        watch = make_watch(self.context, self.sums, self.party)
        for number in range(1, params["rounds"] + 1):
            before = weights
            weights, loss = self._average(before, local)
            losses.append(loss)
            self.context.log_metric("federated_loss", loss, number - 1)
            log_round(self.context, self.party, weights, number)
            verdict = watch.after(number, weights)
            best = (number, weights) if verdict.is_best else best
            if verdict.stop or self._is_settled(before, weights, losses):
                stopped_by = "metrics" if verdict.stop else params["early_stop"]
                break
        kept = weights if best is None else best[1]
        loss = self._sum_loss(kept)
        self.context.log_metric("federated_loss", loss, number)
        return Fit(
            weights=kept,
            rounds=number,
            stopped_by=stopped_by,
            loss=loss,
            rows=int(self.rows),
            best_round=None if best is None else best[0],
        )

    def _make_local(self) -> LocalTraining:
        params, me = self.context.params, self.context.me
        return LocalTraining(
            epochs=params["epochs"],
            batch_size=params["batch_size"],
            l2=params["l2"],
            optimizer=OPTIMIZERS[params["optimizer"]](params["learning_rate"]),
            shuffle=np.random.default_rng([params["seed"], me.role == "guest", me.position]),
        )

    def _average(self, weights: Vector, local: LocalTraining) -> tuple[Vector, float]:
        """The mean weights after local training, and the loss over all parties before it."""
        part = None
        if self.party is not None:
            party = self.party
            improved = local.improve(weights, party.train.features, party.train_labels, party.sample_weights)
            if not (np.abs(improved) < DIVERGED).all():
                raise self._tell_diverged(improved)
            part = party.mass * np.append(improved, party.measure_loss(weights))
        mean = self.sums.add_up(part) / self.mass
        return mean[:-1], float(mean[-1]) + penalty(weights, l2=self.context.params["l2"])

    def _tell_diverged(self, weights: Vector) -> InvalidInputError:
        names = ("the intercept",) if self.party is None else (*map(repr, self.party.train.names), "the intercept")
        sizes = np.abs(weights)
        worst = int(np.argmax(np.where(np.isnan(sizes), np.inf, sizes)))
        return InvalidInputError(
            f"training at party {self.context.me.party} has diverged: lower `learning_rate` "
            f"({self.context.params['learning_rate']:g}) or set `scale: true`; the largest weight is that of {names[worst]}"
        )

    def _sum_loss(self, weights: Vector) -> float:
        part = None
        if self.party is not None:
            part = np.array([self.party.mass * self.party.measure_loss(weights)])
        return float(self.sums.add_up(part)[0]) / self.mass + penalty(weights, l2=self.context.params["l2"])

    def _is_settled(self, before: Vector, weights: Vector, losses: list[float]) -> bool:
        how, tol = self.context.params["early_stop"], self.context.params["tol"]
        if how == "weights":
            return bool(np.linalg.norm(weights - before) < tol)
        return bool(how == "loss" and len(losses) > 1 and abs(losses[-1] - losses[-2]) < tol)
