"""Makes sure that parties with different features have the same samples in the same order, and the same settings."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fedrota.component import Context, InvalidInputError, Member
from workers.components.step_roles import Roles
from workers.components.tables import Samples


@dataclass(frozen=True, slots=True, kw_only=True)
class Alignment:
    """What the parties found to have in common: numbers of rows, and of each owner's features."""

    rows: Mapping[str, int]
    widths: Mapping[Member, int]


def align(
    context: Context, roles: Roles, splits: Sequence[tuple[str, Samples]], settings: Mapping[str, Any]
) -> Alignment:
    """Make sure that all owners have the same samples in the same order, and all members the same settings.

    The guest compares digests of all ids together, which tell nothing about a single one. InvalidInputError, at
    every member, names who differs and how. An arbiter gives no splits.
    """
    profile = {
        "rows": {name: len(samples) for name, samples in splits},
        "digests": {name: _digest(context, samples.ids) for name, samples in splits},
        "width": len(splits[0][1].names) if splits else 0,
        "settings": {**settings},
    }
    if context.me != roles.guest:
        context.exchange.send(roles.guest, "profile", profile)
        verdict = context.exchange.recv(roles.guest, "agreement")
    else:
        others = [member for member in (*roles.hosts, roles.arbiter) if member is not None]
        sent = {roles.guest: profile, **{other: context.exchange.recv(other, "profile") for other in others}}
        problems = [text for member in sent if member != roles.guest for text in _compare(roles, member, sent)]
        verdict = {
            "problem": "; ".join(problems),
            "rows": profile["rows"],
            "widths": [sent[owner]["width"] for owner in roles.owners],
        }
        for other in others:
            context.exchange.send(other, "agreement", verdict)
    if verdict["problem"]:
        raise InvalidInputError(verdict["problem"])
    return Alignment(rows=verdict["rows"], widths=dict(zip(roles.owners, verdict["widths"], strict=True)))


def _digest(context: Context, ids: Sequence[str]) -> str:
    digest = hashlib.sha256(f"{context.job}/{context.step}/{context.attempt}".encode())
    for each in ids:
        name = each.encode("utf-8", "surrogatepass")
        digest.update(len(name).to_bytes(8, "little") + name)
    return digest.hexdigest()


def _compare(roles: Roles, member: Member, sent: Mapping[Member, Mapping[str, Any]]) -> list[str]:
    mine, theirs, guest = sent[roles.guest], sent[member], roles.guest.party
    problems = [
        f"{name} is {theirs['settings'].get(name)!r} at party {member.party} but {value!r} at party {guest}: give all "
        "parties the same value"
        for name, value in mine["settings"].items()
        if theirs["settings"].get(name) != value
    ]
    return problems if member == roles.arbiter else problems + _compare_rows(guest, member, mine, theirs)


def _compare_rows(guest: str, member: Member, mine: Mapping[str, Any], theirs: Mapping[str, Any]) -> list[str]:
    if set(mine["rows"]) != set(theirs["rows"]):
        return [
            f"party {guest} has the inputs {', '.join(sorted(mine['rows']))}, party {member.party} has "
            f"{', '.join(sorted(theirs['rows']))}: connect the same inputs at both"
        ]
    return [
        f"input {name!r} holds other samples at party {member.party} ({theirs['rows'][name]} rows) than at party "
        f"{guest} ({rows} rows), or in another order: put an intersection step before"
        for name, rows in mine["rows"].items()
        if mine["digests"][name] != theirs["digests"][name]
    ]
