"""The body that the vertical generalised linear models share, their parameters, and who learns what from them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from fedrota.component import Context
from workers.components.columns import Vector
from workers.components.fixed_point import Bounds
from workers.components.glm_family import Family, read_targets
from workers.components.glm_gradients import LinearGradients, PoissonGradients
from workers.components.glm_model import ModelPart, predict_splits, write_model
from workers.components.glm_optimizers import CHOICES, STARTS
from workers.components.glm_training import PREPARED, Fit, Part, check_batches, plan_batches, run_epochs
from workers.components.group_masks import GroupMasks
from workers.components.moments import Columns, Ring
from workers.components.pair_link import KEY_BITS, link_parties
from workers.components.secure_sum import SecureSum, SumPlan
from workers.components.vertical_data import PartyColumns, Roles, align, find_roles, read_columns

SHARED_SETTINGS: Final = (
    "epochs",
    "batch_size",
    "early_stop",
    "tol",
    "scale",
    "init",
    "seed",
    "key_bits",
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
        "the loss of each epoch, numbers of rows and features, names of columns where the step fails; no coefficients",
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
    "key_bits": KEY_BITS,
}
PORTS: Final[Mapping[str, Any]] = {
    "inputs": {"train": "table", "validate": "table"},
    "outputs": {"model": "model", "data": "table"},
}


def train_vertical_glm(context: Context, family: Family) -> None:
    """Train, write the model part and the predictions; at an arbiter, add up losses only."""
    roles = find_roles(context, hosts=1 if family.exponential else None)
    settings = {name: context.params[name] for name in SHARED_SETTINGS}
    if context.me == roles.arbiter:
        align(context, roles, [], settings)
        fit = run_epochs(context, _make_sums(context, roles), None)
        say_how_it_went(context, fit)
        return
    party = read_party(context, roles, family)
    common = align(context, roles, party.columns.list_splits(), settings)
    terms = {owner: width + int(owner == roles.guest) for owner, width in common.widths.items()}
    batches = plan_batches(common.rows["train"], context.params["batch_size"], context.params["seed"])
    check_batches(context, batches, terms[context.me])
    masks = GroupMasks(context, roles.owners)
    sums = _make_sums(context, roles)
    ring = make_ring(context, roles, terms, rows=common.rows["train"], family=family)
    part = _make_part(context, party, family, batches, _make_gradients(ring, masks, family))
    part.gradients.prepare(party.make_columns(), batches, lambda share: context.progress(PREPARED * share))
    fit = run_epochs(context, sums, part)
    finish(context, roles, party, fit=fit, family=family, masks=masks)


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """A data party's columns and, at the guest, labels and what gradients need of them."""

    columns: PartyColumns
    labels: Vector | None
    target: Vector | None

    def make_columns(self) -> Columns:
        """The training columns as whole numbers."""
        return Columns.make(self.columns.train.features, self.target)


def read_party(context: Context, roles: Roles, family: Family) -> Party:
    """What this party brings; a host's own label column is left out with a line in its log."""
    columns = read_columns(context, scale=context.params["scale"])
    if context.me == roles.guest:
        labels = read_targets(context, columns.train, family)
        return Party(columns=columns, labels=labels, target=family.target(labels))
    if columns.train.labels is not None:
        context.log(f"label column {columns.train.label_name!r} of this host is not used: the guest brings the labels")
    return Party(columns=columns, labels=None, target=None)


def make_ring(context: Context, roles: Roles, terms: Mapping[Any, int], *, rows: int, family: Family) -> Ring:
    """Links to all other owners, with new keys."""
    owners = roles.owners
    place, key_bits = owners.index(context.me), context.params["key_bits"]
    links = link_parties(context, [owner for owner in owners if owner != context.me], key_bits=key_bits)
    return Ring(
        context=context,
        earlier=links[:place],
        later=links[place:],
        terms=terms,
        bounds=Bounds(
            rows=rows,
            terms=sum(terms.values()),
            scaled=context.params["scale"],
            small_labels=family.classes,
        ),
        key_bits=key_bits,
    )


def _make_sums(context: Context, roles: Roles) -> SecureSum:
    return SecureSum(context, SumPlan(contributors=roles.owners, aggregator=roles.arbiter or roles.guest))


def _make_gradients(ring: Ring, masks: GroupMasks, family: Family) -> LinearGradients | PoissonGradients:
    if family.exponential:
        return PoissonGradients(ring=ring)
    return LinearGradients(ring=ring, masks=masks, family=family)


def _make_part(
    context: Context,
    party: Party,
    family: Family,
    batches: Sequence[Sequence[int]],
    gradients: LinearGradients | PoissonGradients,
) -> Part:
    is_guest = party.target is not None
    return Part(
        gradients=gradients,
        batches=batches,
        family=family,
        params=context.params,
        terms=len(party.columns.train.names) + int(is_guest),
        is_guest=is_guest,
        labels=party.labels,
    )


def finish(context: Context, roles: Roles, party: Party, *, fit: Fit, family: Family, masks: GroupMasks) -> None:
    """Write the model part and the predictions, and say how training went."""
    is_guest, width = context.me == roles.guest, len(party.columns.train.names)
    part = ModelPart(
        family=family,
        features=party.columns.train.names,
        coefficients=fit.weights[:width],
        intercept=float(fit.weights[-1]) if is_guest else 0.0,
        scale=party.columns.scale,
        threshold=context.params["threshold"],
    )
    loss = fit.losses[-1] if fit.losses else None
    training = {"epochs": fit.epochs, "stopped_by": fit.stopped_by, "loss": loss, "rows": len(party.columns.train)}
    write_model(context, part, training)
    predict_splits(context, roles, part, party.columns.list_splits(), masks)
    say_how_it_went(context, fit, rows=len(party.columns.train), features=width)


def say_how_it_went(context: Context, fit: Fit, **figures: Any) -> None:
    """A line in the log and the summary, and the end of the progress bar."""
    context.progress(1.0)
    loss = fit.losses[-1] if fit.losses else float("nan")
    context.log(f"{fit.epochs} epochs, ended by {fit.stopped_by}; loss before the last one {loss:.6f}")
    context.summary(epochs=fit.epochs, stopped_by=fit.stopped_by, loss=loss, **figures)
