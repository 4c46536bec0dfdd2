"""Makes sure that the parties of a step mean the same: the same features in the same order, the same settings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fedrota.component import Context, InvalidInputError, Member
from workers.components.secure_sum import SumPlan
from workers.components.tables import render_names


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What a party tells the aggregator before training starts: no figures of its data but the columns' names."""

    features: Sequence[str]
    settings: Mapping[str, Any]


def agree(context: Context, plan: SumPlan, mine: Profile) -> Sequence[str]:
    """The features that all contributors have; InvalidInputError, at every member, names who differs and how.

    A member that contributes no samples gives a profile without features.
    """
    if context.me != plan.aggregator:
        context.exchange.send(plan.aggregator, "profile", {"features": [*mine.features], "settings": {**mine.settings}})
        verdict = context.exchange.recv(plan.aggregator, "agreement")
    else:
        verdict = _judge(context, plan, mine)
        context.exchange.broadcast(None, "agreement", verdict)
    if verdict["problem"]:
        raise InvalidInputError(verdict["problem"])
    features: Sequence[str] = tuple(verdict["features"])
    return features


def _judge(context: Context, plan: SumPlan, mine: Profile) -> dict[str, Any]:
    profiles = {
        member: Profile(features=sent["features"], settings=sent["settings"])
        for member, sent in context.exchange.gather(None, "profile").items()
    } | {context.me: mine}
    first = plan.contributors[0]
    problems = [
        problem
        for member, profile in profiles.items()
        for problem in (
            _compare_settings(first, profiles[first], member, profile),
            _compare_features(first, profiles[first], member, profile) if member in plan.contributors else "",
        )
        if problem
    ]
    return {"problem": "; ".join(problems), "features": [*profiles[first].features]}


def _compare_settings(first: Member, wanted: Profile, member: Member, found: Profile) -> str:
    different = [
        f"{name} is {found.settings.get(name)!r} at party {member.party} but {value!r} at party {first.party}"
        for name, value in wanted.settings.items()
        if found.settings.get(name) != value
    ]
    return f"{'; '.join(different)}: give all parties the same value" if different else ""


def _compare_features(first: Member, wanted: Profile, member: Member, found: Profile) -> str:
    if list(found.features) == list(wanted.features):
        return ""
    where = f"party {member.party}"
    lacks = [name for name in wanted.features if name not in found.features]
    extra = [name for name in found.features if name not in wanted.features]
    remedy = "give the same `columns` to data_transform at every party"
    if not lacks and not extra:
        return (
            f"{where} has the features of party {first.party} in another order "
            f"({render_names(found.features)} instead of {render_names(wanted.features)}): {remedy}"
        )
    differences = [f"lacks {render_names(lacks)}"] if lacks else []
    differences += [f"has {render_names(extra)} in addition"] if extra else []
    return f"{where} {' and '.join(differences)}, compared with party {first.party}: {remedy}"
