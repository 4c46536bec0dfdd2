"""The component that trains a logistic regression over parties that hold different samples of the same features."""

from collections.abc import Sequence
from typing import Final

from fedrota.component import Context, component
from workers.components.agreement import Profile, agree
from workers.components.check_params import list_metrics
from workers.components.columns import Vector
from workers.components.homo_folds import cross_validate
from workers.components.homo_lr_data import PartyData, read_party_data
from workers.components.homo_lr_params import PARAMS, SHARED_SETTINGS
from workers.components.homo_lr_results import Fit, write_model, write_predictions
from workers.components.homo_training import HomoTraining, train_once
from workers.components.scaling import Scale
from workers.components.secure_sum import SumPlan, plan_sums

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
    plan = plan_sums(context)
    context.log(plan.describe())
    list_metrics(context, classes=True)
    party = read_party_data(context) if context.me in plan.contributors else None
    settings = {name: context.params[name] for name in SHARED_SETTINGS}
    features = agree(context, plan, Profile(features=party.train.names if party else (), settings=settings))

    def train(scope: Context, mine: PartyData | None) -> tuple[PartyData | None, Vector]:
        training, fit, _ = train_once(scope, plan, mine, width=len(features))
        return training.party, fit.weights

    if context.params["cv_folds"]:
        cross_validate(context, party, train)
        return
    training, fit, scale = train_once(context, plan, party, width=len(features))
    _write_results(training, fit, plan=plan, scale=scale, features=features)


def _write_results(
    training: HomoTraining, fit: Fit, *, plan: SumPlan, scale: Scale | None, features: Sequence[str]
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
