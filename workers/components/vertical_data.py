"""What a party brings to a step whose parties hold different features of the same samples."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from fedrota.component import Context, InvalidInputError, Member
from workers.components.columns import Vector
from workers.components.tables import Samples, read_samples, render_names

LARGEST: Final = 2.0**20
FINEST: Final = 2.0**-10


@dataclass(frozen=True, slots=True, kw_only=True)
class Roles:
    """The members of a step: one guest with the labels, the hosts, perhaps an arbiter."""

    guest: Member
    hosts: Sequence[Member]
    arbiter: Member | None

    @property
    def owners(self) -> list[Member]:
        """The parties with features, guest first; the same list at every member."""
        return [self.guest, *self.hosts]


def find_roles(context: Context, *, hosts: int | None = None, arbiter: bool = True) -> Roles:
    """The step's roles; InvalidInputError where their numbers do not fit (`hosts`: just so many)."""
    found = {role: [each for each in context.members if each.role == role] for role in ("guest", "host", "arbiter")}
    fits = len(found["guest"]) == 1 and len(found["arbiter"]) <= int(arbiter)
    if not fits or not found["host"] or hosts not in (None, len(found["host"])):
        wanted = f"exactly {hosts}" if hosts else "at least 1"
        raise InvalidInputError(
            f"step {context.step!r} needs exactly 1 guest, {wanted} host and {'at most 1' if arbiter else 'no'} arbiter; "
            f"it has {len(found['guest'])} guest, {len(found['host'])} host and {len(found['arbiter'])} arbiter members: "
            "correct `parties` or `roles`"
        )
    return Roles(guest=found["guest"][0], hosts=found["host"], arbiter=next(iter(found["arbiter"]), None))


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnScale:
    """Mean and deviation of each of the party's own columns; deviation 1 where a column is constant."""

    mean: Vector
    deviation: Vector

    @classmethod
    def measure(cls, features: Vector) -> "ColumnScale":
        """The scale of a matrix of samples x features."""
        mean, deviation = features.mean(axis=0), features.std(axis=0)
        return cls(mean=mean, deviation=np.where(deviation <= 1e-12 * np.abs(mean), 1.0, deviation))

    @classmethod
    def keep(cls, width: int) -> "ColumnScale":
        """The scale that changes nothing."""
        return cls(mean=np.zeros(width), deviation=np.ones(width))

    def apply(self, features: Vector) -> Vector:
        """The features with mean 0 and deviation 1."""
        scaled: Vector = (features - self.mean) / self.deviation
        return scaled


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyColumns:
    """A party's columns of the samples to train with, and perhaps of some to validate with; scaled."""

    train: Samples
    validate: Samples | None
    scale: ColumnScale

    def list_splits(self) -> list[tuple[str, Samples]]:
        """The inputs by name."""
        return [("train", self.train), *([("validate", self.validate)] if self.validate is not None else [])]


def read_columns(context: Context, *, scale: bool) -> PartyColumns:
    """The inputs of this party; InvalidInputError where rows, features or an id are missing or do not fit."""
    train, party = name_ids(read_samples(context, "train")), context.me.party
    check_ids(context, train, "train")
    if not len(train):
        raise InvalidInputError(f"the training table of party {party} has no rows: check the intersection before")
    if not train.names and context.me.role == "host":
        raise InvalidInputError(
            f"the training table of party {party} has no features, only an id: give it features, or leave party "
            f"{party} out of the step"
        )
    validate = name_ids(read_samples(context, "validate")) if context.has_input("validate") else None
    if validate is not None:
        check_ids(context, validate, "validate")
        check_same_features(context, train.names, validate)
    scaling = ColumnScale.measure(train.features) if scale else ColumnScale.keep(len(train.names))
    if not scale:
        _check_size(context, train)
    return PartyColumns(
        train=replace(train, features=scaling.apply(train.features)),
        validate=None if validate is None else replace(validate, features=scaling.apply(validate.features)),
        scale=scaling,
    )


def name_ids(samples: Samples) -> Samples:
    """The samples with ids as text, whatever the table holds."""
    return replace(samples, ids=[str(each) for each in samples.ids])


def check_ids(context: Context, samples: Samples, port: str) -> None:
    """InvalidInputError where an id occurs more than once."""
    repeated = len(samples) - len(set(samples.ids))
    if repeated:
        raise InvalidInputError(
            f"input {port!r} of party {context.me.party} repeats {repeated} ids in column {samples.id_name!r}: set "
            "`duplicate_ids: first` in data_transform"
        )


def check_same_features(context: Context, names: Sequence[str], samples: Samples) -> None:
    """InvalidInputError where samples to validate or predict have other features than `names`."""
    if tuple(samples.names) != tuple(names):
        raise InvalidInputError(
            f"at party {context.me.party} the features differ: training had {render_names(names)}, these samples have "
            f"{render_names(samples.names)}: give the same `columns` to data_transform"
        )


def _check_size(context: Context, samples: Samples) -> None:
    """Unscaled features must fit the fixed-point numbers that are encrypted."""
    spread, largest = samples.features.std(axis=0), np.abs(samples.features).max(axis=0, initial=0.0)
    for name, deviation, top in zip(samples.names, spread, largest, strict=True):
        if top > LARGEST or 0 < deviation < FINEST:
            raise InvalidInputError(
                f"column {name!r} of party {context.me.party} has a deviation of {deviation:.3g} and values up to "
                f"{top:.3g}: set `scale: true`, or scale it to a deviation near 1"
            )


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
