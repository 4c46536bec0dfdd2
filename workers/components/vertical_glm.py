"""The body that the vertical generalised linear models share."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from fedrota.component import Context
from workers.components.alignment import Alignment, align
from workers.components.check_params import list_metrics
from workers.components.columns import Vector
from workers.components.fixed_point import Bounds
from workers.components.glm_family import Family
from workers.components.glm_gradients import Gradients
from workers.components.glm_model import add_scores, check_reach, predict_splits, write_model
from workers.components.glm_training import PREPARED, Fit, Part, check_batches, plan_batches, run_epochs
from workers.components.glm_watch import make_watch
from workers.components.group_masks import GroupMasks
from workers.components.linear_gradients import LinearGradients
from workers.components.moments import Ring
from workers.components.pair_link import link_parties
from workers.components.poisson_gradients import PoissonGradients
from workers.components.secure_sum import SecureSum, SumPlan
from workers.components.step_roles import Roles, find_roles
from workers.components.tables import Samples
from workers.components.vertical_folds import Train, cross_validate, make_part
from workers.components.vertical_params import SHARED_SETTINGS
from workers.components.vertical_party import Party, read_party


def train_vertical_glm(context: Context, family: Family) -> None:
    """Train, write the model part and the predictions; at an arbiter, add up losses only."""
    roles = find_roles(context, hosts=1 if family.exponential else None)
    run_training(context, roles, family, settings=SHARED_SETTINGS, train=partial(_train, family=family))


def run_training(context: Context, roles: Roles, family: Family, *, settings: Sequence[str], train: Train) -> None:
    """Train once and write the results, or cross-validate."""
    list_metrics(context, classes=family.classes)
    party = None if context.me == roles.arbiter else read_party(context, roles, family)
    splits = party.columns.list_splits() if party is not None else []
    common = align(context, roles, splits, {name: context.params[name] for name in settings})
    if context.params["cv_folds"]:
        cross_validate(context, roles, family, party, common=common, train=train)
        return
    fit, masks = train(context, roles, party, common)
    if party is None or masks is None:
        say_how_it_went(context, fit)
    else:
        finish(context, roles, party, fit=fit, family=family, masks=masks)


def _train(
    context: Context, roles: Roles, party: Party | None, common: Alignment, *, family: Family
) -> tuple[Fit, GroupMasks | None]:
    if party is None:
        watch = make_watch(context, roles, family, [], score=lambda _samples, _turn: None)
        return run_epochs(context, _make_sums(context, roles), None, watch), None
    rows = common.rows["train"]
    terms = {owner: width + int(owner == roles.guest) for owner, width in common.widths.items()}
    batches = plan_batches(rows, context.params["batch_size"], context.params["seed"])
    check_batches(context, batches, terms[context.me])
    masks = GroupMasks(context, roles.owners)
    sums = _make_sums(context, roles)
    ring = make_ring(context, roles, terms, rows=rows, family=family)
    part = _make_part(context, party, family, batches=batches, gradients=_make_gradients(ring, masks, family))
    part.gradients.prepare(party.make_columns(), batches, lambda share: context.progress(PREPARED * share))

    def score(samples: Samples, turn: int) -> Vector | None:
        width = len(samples.names)
        own = samples.features @ part.weights[:width] + part.weights[width:].sum()
        check_reach(context, samples, part.weights[:width], own)
        return add_scores(context, roles, own, masks, turn=turn)

    watch = make_watch(context, roles, family, party.columns.list_splits(), score=score)
    return run_epochs(context, sums, part, watch), masks


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
    part, width = make_part(context, roles, party, fit, family=family), len(party.columns.train.names)
    loss = fit.losses[-1] if fit.losses else None
    training: dict[str, Any] = {
        "epochs": fit.epochs,
        "stopped_by": fit.stopped_by,
        "loss": loss,
        "rows": len(party.columns.train),
    }
    training["parties"] = {owner.address: owner.party for owner in roles.owners}
    if fit.best_epoch is not None:
        training["best_epoch"] = fit.best_epoch
    write_model(context, part, training)
    predict_splits(context, roles, part, party.columns.list_splits(), masks=masks)
    say_how_it_went(context, fit, rows=len(party.columns.train), features=width)


def say_how_it_went(context: Context, fit: Fit, **figures: Any) -> None:
    """A line in the log and the summary, and the end of the progress bar."""
    context.progress(1.0)
    loss = fit.losses[-1] if fit.losses else float("nan")
    context.log(f"{fit.epochs} epochs, ended by {fit.stopped_by}; loss before the last one {loss:.6f}")
    if fit.best_epoch is not None:
        figures["best_epoch"] = fit.best_epoch
        context.log(f"kept the weights of epoch {fit.best_epoch}, the best by the first metric")
    context.summary(epochs=fit.epochs, stopped_by=fit.stopped_by, loss=loss, **figures)
