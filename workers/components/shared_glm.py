"""The body that the models trained on shares have in common, their parameters, and who learns what from them."""

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from fedrota.component import Context
from workers.components.alignment import Alignment
from workers.components.columns import Vector
from workers.components.glm_family import Family
from workers.components.glm_training import Fit, plan_batches
from workers.components.glm_watch import make_watch
from workers.components.group_masks import GroupMasks
from workers.components.shared_scores import reveal_scores
from workers.components.shared_training import SharedTraining
from workers.components.step_roles import Roles, find_roles
from workers.components.tables import Samples
from workers.components.vertical_glm import make_ring, run_training
from workers.components.vertical_params import PARAMS as VERTICAL_PARAMS
from workers.components.vertical_params import SHARED_SETTINGS
from workers.components.vertical_party import Party

SETTINGS: Final = (*SHARED_SETTINGS, "learning_rate", "decay", "penalty", "alpha", "fit_intercept")

DISCLOSURE: Final = (
    (
        "either party",
        "the loss of each epoch; its own coefficients, in the end; the other's number of features. No gradient, and "
        "nothing of the other's coefficients",
        "both follow the protocol and keep what they may keep (honest but curious); Paillier's cryptosystem with the "
        "chosen key is not broken",
    ),
    (
        "the guest",
        "each sample's score in the end, hence the host's part of it",
        "the same. A host with a single feature tells it by its part of the scores, up to a factor",
    ),
    (
        "the guest, with `validate_every`, `early_stopping_rounds` or `cv_folds`",
        "each sample's score by each model that is measured, hence the host's part of it: as many of them as the host has "
        "features tell what its columns can express",
        "the same. All of these are off unless asked for",
    ),
    (
        "each other party, with `early_stopping_rounds`",
        "after each measurement whether it was the best so far, and whether training ends; no metrics",
        "none",
    ),
    (
        "the centre",
        "the loss of each epoch, the guest's metrics of each measurement and fold, the epoch that was best, numbers of rows and "
        "features, names of columns where the step fails; no coefficients",
        "messages between parties are encrypted end to end",
    ),
    (
        "who holds a party's model",
        "that party's coefficients, means and deviations",
        "a model can tell something about single samples; this component adds no noise (no differential privacy)",
    ),
)

PARAMS: Final[Mapping[str, Mapping[str, Any]]] = {
    **{name: schema for name, schema in VERTICAL_PARAMS.items() if name != "optimizer"},
    "penalty": {
        "type": "string",
        "enum": ["none", "l2"],
        "default": "l2",
        "description": "What keeps coefficients small: half the sum of their squares (l2).",
    },
    "early_stop": {
        "type": "string",
        "enum": ["none", "loss"],
        "default": "none",
        "description": "Stop once the loss changes by less than `tol` in an epoch.",
    },
}


def train_shared_glm(context: Context, family: Family) -> None:
    """Train on shares, write the model part and the predictions."""
    roles = find_roles(context, hosts=1, arbiter=False)
    run_training(context, roles, family, settings=SETTINGS, train=partial(_train, family=family))


def _train(
    context: Context, roles: Roles, party: Party | None, common: Alignment, *, family: Family
) -> tuple[Fit, GroupMasks | None]:
    if party is None:
        raise TypeError("models on shares have no arbiter")
    rows = common.rows["train"]
    terms = {owner: width + int(owner == roles.guest) for owner, width in common.widths.items()}
    ring = make_ring(context, roles, terms, rows=rows, family=family)
    training = SharedTraining(
        ring=ring,
        family=family,
        batches=plan_batches(rows, context.params["batch_size"], context.params["seed"]),
        rest=0.0 if party.labels is None else family.rest(party.labels),
    )

    def score(samples: Samples, turn: int) -> Vector | None:
        return reveal_scores(training, samples.features, turn=turn)

    training.watch = make_watch(context, roles, family, party.columns.list_splits(), score=score)
    return training.run(party.make_columns()), GroupMasks(context, roles.owners)
