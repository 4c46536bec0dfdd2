"""The body that the vertical generalised linear models share."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fedrota.component import Context
from workers.components.alignment import align
from workers.components.columns import Vector
from workers.components.fixed_point import Bounds
from workers.components.glm_family import Family, read_targets
from workers.components.glm_gradients import Gradients
from workers.components.glm_model import ModelPart, predict_splits, write_model
from workers.components.glm_training import PREPARED, Fit, Part, check_batches, plan_batches, run_epochs
from workers.components.group_masks import GroupMasks
from workers.components.linear_gradients import LinearGradients
from workers.components.moments import Columns, Ring
from workers.components.pair_link import link_parties
from workers.components.poisson_gradients import PoissonGradients
from workers.components.secure_sum import SecureSum, SumPlan
from workers.components.vertical_data import PartyColumns, read_columns
from workers.components.vertical_params import SHARED_SETTINGS
from workers.components.vertical_roles import Roles, find_roles


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
    part = _make_part(context, party, family, batches=batches, gradients=_make_gradients(ring, masks, family))
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


def _make_gradients(ring: Ring, masks: GroupMasks, family: Family) -> Gradients:
    if family.exponential:
        return PoissonGradients(ring=ring)
    return LinearGradients(ring=ring, masks=masks, family=family)


def _make_part(
    context: Context,
    party: Party,
    family: Family,
    *,
    batches: Sequence[Sequence[int]],
    gradients: Gradients,
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
    predict_splits(context, roles, part, party.columns.list_splits(), masks=masks)
    say_how_it_went(context, fit, rows=len(party.columns.train), features=width)


def say_how_it_went(context: Context, fit: Fit, **figures: Any) -> None:
    """A line in the log and the summary, and the end of the progress bar."""
    context.progress(1.0)
    loss = fit.losses[-1] if fit.losses else float("nan")
    context.log(f"{fit.epochs} epochs, ended by {fit.stopped_by}; loss before the last one {loss:.6f}")
    context.summary(epochs=fit.epochs, stopped_by=fit.stopped_by, loss=loss, **figures)
