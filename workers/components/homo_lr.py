"""The component that trains a logistic regression over parties that hold different samples of the same features."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from fedrota.component import Context, InvalidInputError, Member, component
from workers.components.agreement import Profile, agree
from workers.components.check_params import CHECK_PARAMS, CHECK_SETTINGS, list_metrics
from workers.components.homo_folds import cross_validate
from workers.components.homo_lr_data import PartyData, make_scaled, read_party_data
from workers.components.homo_lr_results import Fit, log_round, write_model, write_predictions
from workers.components.homo_watch import make_watch
from workers.components.logistic import OPTIMIZERS, LocalTraining, penalty
from workers.components.scaling import Scale, measure_scale
from workers.components.secure_sum import SecureSum, SumPlan

Vector = np.ndarray[tuple[int, ...], np.dtype[np.float64]]
DIVERGED: Final = 1e12
SHARED_SETTINGS: Final = ("rounds", "l2", "early_stop", "tol", "scale", *CHECK_SETTINGS)

DISCLOSURE: Final = (
    (
        "the aggregator (arbiter, otherwise guest)",
        "feature names and settings of each party; over all parties together: number and weight of rows, number of rows "
        "with label 1, mean and deviation of each feature, weights and loss of each round",
        "at least two other data parties send vectors, so that pairwise masks hide each one's; the aggregator "
        "follows the protocol and does not join forces with all but one of the data parties",
    ),
    (
        "each other data party",
        "the same sums over all parties, from which it can take its own part away",
        "three or more data parties; otherwise see the next row",
    ),
    (
        "either of two data parties",
        "the other's local weights of each round, number and weight of rows, number of labels 1, mean and deviation of each "
        "feature",
        "two data parties: a sum of two minus one's own is the other's, so no masks can help. Without an arbiter "
        "the guest gets the host's vectors as they are",
    ),
    (
        "every party, with `early_stopping_rounds`",
        "the mean of each metric over all parties' rows, in each measurement",
        "as for the other sums",
    ),
    (
        "the centre",
        "each party's losses and metrics, the loss and the number of rows over all parties; where the step fails, names "
        "of columns and which labels occur; no weights and no rows",
        "messages between parties are encrypted end to end",
    ),
    (
        "who holds the model",
        "coefficients, intercept, means and deviations over all parties",
        "a model can tell something about single samples; this component adds no noise (no differential privacy)",
    ),
)

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


@component(
    "homo_lr",
    params=PARAMS,
    inputs={"train": "table", "validate": "table"},
    outputs={"model": "model", "data": "table"},
    roles=("guest", "host", "arbiter"),
    exchange=True,
)
def homo_lr(context: Context) -> None:
    """Train a logistic regression by federated averaging over parties with the same features.

    One guest, one or more hosts, perhaps an arbiter. Each round every data party trains on its own samples;
    the aggregator (the arbiter, or the guest where there is none) averages the weights by numbers of samples, or by what
    these weigh where a sample_weight step gave them weights. Means and deviations of features count all rows alike.
    Weights, counts and statistics travel under pairwise masks wherever at least two data parties send them,
    so the aggregator learns sums only. `train` needs 0/1 labels; `validate` is optional. Outputs are the
    `model` (JSON) and `data`, the predictions for both inputs. A party that drops out ends the attempt: a
    new attempt starts from the beginning with new masks.
    """
    plan = _make_plan(context)
    context.log(plan.describe())
    list_metrics(context, classes=True)
    party = read_party_data(context) if context.me in plan.contributors else None
    settings = {name: context.params[name] for name in SHARED_SETTINGS}
    features = agree(context, plan, Profile(features=party.train.names if party else (), settings=settings))

    def train(scope: Context, mine: PartyData | None) -> tuple[PartyData | None, Vector]:
        training, fit, _ = _train(scope, plan, mine, width=len(features))
        return training.party, fit.weights

    if context.params["cv_folds"]:
        cross_validate(context, party, train)
        return
    training, fit, scale = _train(context, plan, party, width=len(features))
    _write_results(training, fit, plan=plan, scale=scale, features=features)


def _train(
    context: Context, plan: SumPlan, party: PartyData | None, *, width: int
) -> tuple["_Training", Fit, Scale | None]:
    sums = SecureSum(context, plan)
    rows, mass = _count_rows(sums, party)
    scaled = context.params["scale"]
    scale = measure_scale(sums, party.train.features if party else None, rows=rows) if scaled else None
    own = make_scaled(party, scale) if party else None
    training = _Training(context=context, sums=sums, party=own, rows=rows, mass=mass, width=width)
    return training, training.run(), scale


def _make_plan(context: Context) -> SumPlan:
    def list_role(role: str) -> list[Member]:
        return [member for member in context.members if member.role == role]

    guests, hosts, arbiters = (list_role(role) for role in ("guest", "host", "arbiter"))
    if len(guests) != 1 or not hosts or len(arbiters) > 1:
        raise InvalidInputError(
            "homo_lr needs exactly 1 guest, at least 1 host and at most 1 arbiter; this step has "
            f"{len(guests)} guest, {len(hosts)} host and {len(arbiters)} arbiter members: correct `parties` or `roles`"
        )
    return SumPlan(contributors=[*guests, *hosts], aggregator=(arbiters or guests)[0])


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
class _Training:
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
                raise InvalidInputError(
                    f"training at party {self.context.me.party} has diverged: lower `learning_rate` "
                    f"({self.context.params['learning_rate']:g}) or set `scale: true`"
                )
            part = party.mass * np.append(improved, party.measure_loss(weights))
        mean = self.sums.add_up(part) / self.mass
        return mean[:-1], float(mean[-1]) + penalty(weights, l2=self.context.params["l2"])

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


def _write_results(
    training: _Training, fit: Fit, *, plan: SumPlan, scale: Scale | None, features: Sequence[str]
) -> None:
    context = training.context
    write_model(context, fit, features=features, scale=scale)
    if training.party is not None:
        write_predictions(context, training.party, fit.weights)
    context.log(f"{fit.rounds} rounds, ended by {fit.stopped_by}; loss over all parties {fit.loss:.6f}")
    context.summary(
        rounds=fit.rounds,
        **({} if fit.best_round is None else {"best_round": fit.best_round}),
        stopped_by=fit.stopped_by,
        federated_loss=fit.loss,
        rows=fit.rows,
        features=len(features),
        aggregator=plan.aggregator.address,
        masked=plan.masked,
        disclosure=plan.describe(),
    )
