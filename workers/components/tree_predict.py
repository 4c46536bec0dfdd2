"""Applies boosted trees to new samples: alone where a party has all rules, else with every host's answers to all its own."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Self

import numpy as np

from fedrota.component import Context, InvalidInputError
from workers.components.alignment import align
from workers.components.boosting_data import hide_zeros
from workers.components.boosting_results import Ensemble, parse_ensemble, write_tree_predictions
from workers.components.columns import Vector
from workers.components.model_files import make_damage, read_origin
from workers.components.step_roles import find_roles
from workers.components.tables import Samples
from workers.components.tree_grid import Flags, Rule
from workers.components.tree_model import Split, list_splits, parse_rule
from workers.components.vertical_data import check_same_features

HETERO_FORMAT: Final = "fedrota.hetero_secureboost/1"
HOMO_FORMAT: Final = "fedrota.homo_secureboost/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Router:
    """Which way samples go at each split: by own rules, or by what the rules' owners have answered."""

    columns: Mapping[str, Vector]
    answers: Mapping[str, Flags]

    @classmethod
    def make(cls, samples: Samples, answers: Mapping[str, Flags]) -> Self:
        """For the party's own samples."""
        columns = {name: samples.features[:, place] for place, name in enumerate(samples.names)}
        return cls(columns=columns, answers=answers)

    def __call__(self, split: Split) -> Flags:
        """For each sample, whether it goes left."""
        return self.apply(split.rule) if split.rule else self.answers[split.record]

    def apply(self, rule: Rule) -> Flags:
        """The same, for a rule of this party."""
        return rule.goes_left(self.columns[rule.feature])


def predict_hetero(context: Context, model: Mapping[str, Any], samples: Samples) -> None:
    """Predict at the guest; hosts answer all their rules for all samples, so nobody tells a path."""
    samples, roles = _prepare(context, model, samples), replace(find_roles(context), arbiter=None)
    _check_role(context, model)
    align(context, roles, [("data", samples)], {"training": read_origin(context, model)})
    if context.me != roles.guest:
        _answer(context, model, Router.make(samples, {}))
        return
    ensemble = parse_ensemble(context, model)
    answers: dict[str, Flags] = {}
    for host in roles.hosts:
        names = context.exchange.recv(host, "records")
        bits = np.asarray(context.exchange.recv(host, "directions"), dtype=np.uint8)
        answers |= dict(zip(names, np.unpackbits(bits, axis=1)[:, : len(samples)].astype(bool), strict=True))
    _check_answers(ensemble, answers)
    _write(context, ensemble, samples, Router.make(samples, answers))


def predict_homo(context: Context, model: Mapping[str, Any], samples: Samples) -> None:
    """Predict this party's samples with the model that it has; no other party takes part."""
    samples = _prepare(context, model, samples)
    _write(context, parse_ensemble(context, model), samples, Router.make(samples, {}))


def _prepare(context: Context, model: Mapping[str, Any], samples: Samples) -> Samples:
    try:
        features, zeros = tuple(model["features"]), bool(model["zero_as_missing"])
    except (KeyError, TypeError) as error:
        raise make_damage(context, error) from error
    check_same_features(context, features, samples)
    return hide_zeros(samples) if zeros else samples


def _check_role(context: Context, model: Mapping[str, Any]) -> None:
    try:
        role = model["role"]
    except (KeyError, TypeError) as error:
        raise make_damage(context, error) from error
    if role != context.me.role:
        raise InvalidInputError(
            f"the model of party {context.me.party} was trained as {role}, but this step has the party as "
            f"{context.me.role}: give the parties the roles that they had in training"
        )


def _answer(context: Context, model: Mapping[str, Any], router: Router) -> None:
    try:
        rules = {str(name): parse_rule(rule) for name, rule in model["records"].items()}
        directions = [router.apply(rule) for rule in rules.values()]
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise make_damage(context, error) from error
    (guest,) = context.peers("guest")
    context.exchange.send(guest, "records", list(rules))
    bits = np.packbits(np.array(directions), axis=1) if directions else np.empty((0, 0), dtype=np.uint8)
    context.exchange.send(guest, "directions", bits)


def _check_answers(ensemble: Ensemble, answers: Mapping[str, Flags]) -> None:
    """InvalidInputError where a host's rules are not those that the trees mention."""
    lacking = [split.owner for split in list_splits(ensemble.trees) if not split.rule and split.record not in answers]
    if lacking:
        raise InvalidInputError(
            f"no host answers for {len(lacking)} splits that were {', '.join(sorted(set(lacking)))}'s in training: let the "
            "same parties take part, each with its own part of the model"
        )


def _write(context: Context, ensemble: Ensemble, samples: Samples, router: Router) -> None:
    try:
        scores = ensemble.score(router, rows=len(samples))
    except KeyError as error:
        raise make_damage(context, error) from error
    write_tree_predictions(context, ensemble, [("predict", samples, scores)])
