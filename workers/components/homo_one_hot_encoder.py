"""The component that turns categories into columns of 0 and 1, the same columns at all parties."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from fedrota.component import Context, InvalidInputError, Member, component
from workers.components.categories import LIMIT, OneHot, find_categories, sort_categories
from workers.components.fitted import RUN, Kind, run_transform
from workers.components.frames import SELECTION, Frame, select_features
from workers.components.tables import render_names

DISCLOSURE: Final = (
    (
        "the arbiter, or the guest where there is none",
        "the names of the encoded features and which values occur in them at each party; not how often, nor in which rows",
        "every party follows the protocol (honest but curious)",
    ),
    ("every party", "which values occur at any of the parties", "the same"),
    ("the centre", "numbers of rows and features; where the task fails names of columns", "none"),
)
Categories = Mapping[str, Sequence[Any]]


def _fit(context: Context, frame: Frame) -> OneHot:
    own = find_categories(context, frame, select_features(context, frame))
    return OneHot(categories=_align(context, own) if context.params["align"] else own)


KIND: Final = Kind(format="fedrota.homo_one_hot_encoder/1", fit=_fit, parse=OneHot.parse)


@component(
    "homo_one_hot_encoder",
    params={
        **SELECTION,
        "align": {
            "type": "boolean",
            "default": True,
            "description": "Give all parties a column for each value that occurs at any of them; false encodes each party's "
            "own values only.",
        },
        "run": RUN,
    },
    inputs={"data": "table", "model": "model"},
    outputs={"data": "table", "model": "model"},
    roles=("guest", "host", "arbiter"),
    exchange=True,
)
def homo_one_hot_encoder(context: Context) -> None:
    """Replace features of whole numbers or texts by columns of 0 and 1, the same columns at every party.

    The parties have the same features of different samples. The arbiter, or the guest where there is none, puts the
    values of all parties together. With the input `model` of an earlier step, the columns are that step's, and a value
    that it did not know gives zeros in all of them.
    """
    learns = context.me.role != "arbiter" and context.params["run"] and not context.has_input("model")
    if context.params["align"] and not learns:
        _align(context, None)
    if context.me.role != "arbiter":
        run_transform(context, KIND)


def _find_collector(context: Context) -> Member:
    found = {role: [each for each in context.members if each.role == role] for role in ("arbiter", "guest")}
    collectors = found["arbiter"] or found["guest"]
    if len(collectors) != 1:
        raise InvalidInputError(
            f"step {context.step!r} needs exactly 1 arbiter or 1 guest to put the values together; it has "
            f"{len(found['arbiter'])} arbiter and {len(found['guest'])} guest members: correct `parties` or `roles`"
        )
    return collectors[0]


def _align(context: Context, own: Categories | None) -> Categories:
    """The values of all parties that bring some; None from who learns nothing here."""
    collector = _find_collector(context)
    if context.me == collector:
        return _collect(context, own)
    context.exchange.send(collector, "categories", own)
    return {} if own is None else _open(context.exchange.recv(collector, "all_categories"))


def _collect(context: Context, own: Categories | None) -> Categories:
    """Put together what all parties have and tell them; InvalidInputError, at all of them, where they do not fit."""
    others = [member for member in context.members if member != context.me]
    sent = {context.me: own, **{each: context.exchange.recv(each, "categories") for each in others}}
    found = {member: part for member, part in sent.items() if part is not None}
    problem = _compare(found)
    verdict = {"problem": problem, "categories": {} if problem else _merge(list(found.values()))}
    for each in others:
        if each in found:
            context.exchange.send(each, "all_categories", verdict)
    return _open(verdict)


def _open(verdict: Mapping[str, Any]) -> Categories:
    if verdict["problem"]:
        raise InvalidInputError(verdict["problem"])
    categories: Categories = verdict["categories"]
    return categories


def _merge(parts: Sequence[Categories]) -> dict[str, list[Any]]:
    names = parts[0] if parts else ()
    return {name: sort_categories([each for part in parts for each in part[name]]) for name in names}


def _compare(found: Mapping[Member, Categories]) -> str:
    """What does not fit between the parties; empty where all is well."""
    if not found:
        return ""
    (first, wanted), *others = found.items()
    for member, part in others:
        if set(part) != set(wanted):
            return (
                f"party {member.party} encodes {render_names(sorted(part))}, party {first.party} encodes "
                f"{render_names(sorted(wanted))}: give all parties the same features, or name common ones in `columns`"
            )
    for name in wanted:
        kinds = {isinstance(each, str): member.party for member, part in found.items() for each in part[name]}
        if len(kinds) > 1:
            return (
                f"column {name!r} holds texts at party {kinds[True]} and numbers at party {kinds[False]}: give all parties "
                "the same kind of values"
            )
        if len(_merge(list(found.values()))[name]) > LIMIT:
            return f"column {name!r} has more than {LIMIT} values over all parties: leave it out with `columns`"
    return ""
