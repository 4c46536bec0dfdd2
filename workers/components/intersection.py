"""The component that finds the samples which all parties have, without showing anybody the others' ids."""

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from fedrota.component import Context, InvalidInputError, Member, PeerError, component
from workers.components.blinding import Blinder, split_points
from workers.components.step_roles import Roles, find_roles
from workers.components.tables import ID_KEY, get_input, read_ids, read_table, render_names, write_table

if TYPE_CHECKING:
    import pyarrow

DISCLOSURE: Final = (
    (
        "the guest",
        "how many ids each host has; for each host, which of the guest's own ids that host has too (with "
        "`cardinality_only`: only how many)",
        "every party follows the protocol and keeps what it may keep (honest but curious); the decisional "
        "Diffie-Hellman problem on Curve25519 is hard",
    ),
    (
        "each host",
        "how many ids the guest has; which of its own ids all parties have (with `cardinality_only`: only how many)",
        "the same",
    ),
    (
        "a guest that does not follow the protocol",
        "whether hosts have ids that the guest made up: it can ask for any id that it can guess",
        "ids that can be guessed, such as phone numbers, are protected by trust in the guest's table",
    ),
    (
        "an arbiter, and the centre",
        "the centre: numbers of rows and of common ids; an arbiter: nothing; no ids, neither plain nor hashed",
        "messages between parties are encrypted end to end",
    ),
)
METHODS: Final = ("ecdh", "dh", "rsa", "raw")


@component(
    "intersection",
    params={
        "method": {
            "type": "string",
            "enum": list(METHODS),
            "default": "ecdh",
            "description": "How ids are compared: always by Diffie-Hellman on Curve25519, which stands in for dh and rsa "
            "with the same result; raw, which would send plain hashes of ids, is refused.",
        },
        "id_column": {
            "type": "string",
            "maxLength": 200,
            "default": "",
            "description": "Column that names the samples; empty means the one that data_transform marked, else `id`.",
        },
        "only_ids": {
            "type": "boolean",
            "default": False,
            "description": "Leave out all columns but the id.",
        },
        "cardinality_only": {
            "type": "boolean",
            "default": False,
            "description": "Find only how many ids guest and host have in common, and write no table; needs one host.",
        },
    },
    inputs={"data": "table"},
    outputs={"data": "table"},
    roles=("guest", "host", "arbiter"),
    exchange=True,
)
def intersection(context: Context) -> None:
    """Keep the rows whose ids all parties have, in the same order everywhere (private set intersection).

    One guest, one or more hosts. Ids travel as points of a curve, multiplied by a secret of each party's own, so
    that equal ids meet and others tell nothing. The comparison is exact. Output `data` has each party's own columns;
    the order is that of a hash of the ids. Ids are compared as text, character by character.
    """
    if context.params["method"] == "raw":
        raise InvalidInputError(
            "intersection refuses `method: raw`: hashes of ids can be undone by hashing all possible ids. Use ecdh (or "
            "dh, rsa), which gives the same rows"
        )
    roles = find_roles(context, hosts=1 if context.params["cardinality_only"] else None)
    if context.me == roles.arbiter:
        context.log("an arbiter has no part in an intersection")
        return
    side = _Side.open(context)
    rows = _lead(side, roles) if context.me == roles.guest else _follow(side, roles.guest)
    context.progress(1.0)
    if rows is not None:
        _write(side, rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Side:
    """One party's table, its ids, and its secret."""

    context: Context
    table: "pyarrow.Table"
    id_name: str
    ids: Sequence[str]
    blinder: Blinder

    @classmethod
    def open(cls, context: Context) -> "_Side":
        table = read_table(get_input(context, "data"))
        marked = (table.schema.metadata or {}).get(ID_KEY, b"id").decode()
        id_name = context.params["id_column"] or marked
        ids = _read_unique_ids(context, table, id_name)
        return cls(context=context, table=table, id_name=id_name, ids=ids, blinder=Blinder())

    def report(self, first: float, last: float) -> Any:
        """What tells the progress of a stretch of the work."""
        return lambda share: self.context.progress(first + (last - first) * share)


def _read_unique_ids(context: Context, table: "pyarrow.Table", name: str) -> list[str]:
    party = context.me.party
    if name not in table.column_names:
        raise InvalidInputError(
            f"the table of party {party} has no id column {name!r}; it has {render_names(table.column_names)}: set "
            "`id_column` to the one that names the samples"
        )
    if not table.num_rows:
        raise InvalidInputError(f"the table of party {party} has no rows: there is nothing to intersect")
    ids = read_ids(context, table, name)
    repeated = len(ids) - len(set(ids))
    if repeated:
        raise InvalidInputError(
            f"id column {name!r} of party {party} repeats {repeated} ids: put a data_transform step with "
            "`duplicate_ids: first` before, or correct the table"
        )
    return ids


def _follow(side: _Side, guest: Member) -> list[int] | None:
    """A host's part: its own rows of the common ids, in the common order; None where only the count is asked for."""
    exchange = side.context.exchange
    order = list(range(len(side.ids)))
    secrets.SystemRandom().shuffle(order)
    own = side.blinder.blind_ids([side.ids[row] for row in order], report=side.report(0.0, 0.5))
    exchange.send(guest, "host_points", b"".join(own))
    twice = _blind_theirs(side, guest, "guest_points", report=side.report(0.5, 1.0))
    if side.context.params["cardinality_only"]:
        # Sorted, the guest cannot tell any more which of its points is which.
        exchange.send(guest, "guest_points_twice", b"".join(sorted(twice)))
        _say(side.context, side.ids, int(exchange.recv(guest, "count")))
        return None
    exchange.send(guest, "guest_points_twice", b"".join(twice))
    picked = np.asarray(exchange.recv(guest, "picked"), dtype=np.int64)
    _say(side.context, side.ids, len(picked))
    return [order[place] for place in picked.tolist()]


def _lead(side: _Side, roles: Roles) -> list[int] | None:
    """The guest's part: it finds what is common and tells each host the places in that host's shuffled list."""
    exchange = side.context.exchange
    own = b"".join(side.blinder.blind_ids(side.ids, report=side.report(0.0, 0.5)))
    for host in roles.hosts:
        exchange.send(host, "guest_points", own)
    share = 0.5 / len(roles.hosts)
    found = {
        host: _match(side, host, report=side.report(0.5 + place * share, 0.5 + (place + 1) * share))
        for place, host in enumerate(roles.hosts)
    }
    for host, places in found.items():
        side.context.log(f"party {host.party} has {len(places)} of this party's {len(side.ids)} ids")
    common = set.intersection(*(set(places) for places in found.values()))
    if side.context.params["cardinality_only"]:
        exchange.broadcast("host", "count", len(common))
        _say(side.context, side.ids, len(common))
        return None
    rows = sorted(common, key=lambda row: hashlib.sha256(side.ids[row].encode("utf-8", "surrogatepass")).digest())
    for host, places in found.items():
        exchange.send(host, "picked", np.array([places[row] for row in rows], dtype=np.int64))
    _say(side.context, side.ids, len(rows))
    return rows


def _match(side: _Side, host: Member, *, report: Any) -> Mapping[int, int]:
    """For each of the guest's rows that the host has: its place in the host's list."""
    theirs = {point: place for place, point in enumerate(_blind_theirs(side, host, "host_points", report=report))}
    mine = split_points(side.context.exchange.recv(host, "guest_points_twice"))
    if len(mine) != len(side.ids):
        raise PeerError(f"party {host.party} sent {len(mine)} points back instead of {len(side.ids)}")
    return {row: theirs[point] for row, point in enumerate(mine) if point in theirs}


def _blind_theirs(side: _Side, peer: Member, name: str, *, report: Any) -> list[bytes]:
    points = side.context.exchange.recv(peer, name)
    try:
        return side.blinder.blind_points(points, report=report)
    except ValueError as error:
        raise PeerError(f"what party {peer.party} sent are no points: {error}") from error


def _say(context: Context, ids: Sequence[str], common: int) -> None:
    """Log and summarise; InvalidInputError, at every party, where nothing is common."""
    if not common and not context.params["cardinality_only"]:
        parties = ", ".join(member.party for member in context.members if member.role != "arbiter")
        raise InvalidInputError(
            f"no id occurs at all parties ({parties}): check that `id_column` names the same kind of id everywhere, and "
            "that ids are written alike: leading zeros, spaces, upper and lower case, numbers with or without .0"
        )
    context.log(f"{common} of {len(ids)} ids are common to all parties")
    context.log_metric("common_ids", common)
    context.summary(rows=len(ids), common=common, rate=common / len(ids))


def _write(side: _Side, rows: Sequence[int]) -> None:
    """Write the own rows in the common order, ids as text, marked for the steps to come."""
    import pyarrow

    table = side.table.take(rows)
    place = table.column_names.index(side.id_name)
    table = table.set_column(place, side.id_name, pyarrow.array([side.ids[row] for row in rows], pyarrow.string()))
    if side.context.params["only_ids"]:
        table = table.select([side.id_name])
    marks = {**(side.table.schema.metadata or {}), ID_KEY: side.id_name.encode()}
    write_table(side.context, "data", table.replace_schema_metadata(marks))
