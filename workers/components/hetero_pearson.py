"""The component that computes correlations between the columns of parties that hold different ones."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from fedrota.component import Context, InvalidInputError, Member, component
from workers.components.alignment import align
from workers.components.columns import Vector
from workers.components.fitted import RUN, write_fit
from workers.components.fixed_point import FEATURE_BITS, Bounds, to_real, to_whole
from workers.components.frames import (
    SELECTION,
    Frame,
    check_rows,
    read_frame,
    read_numbers,
    select_features,
    write_frame,
)
from workers.components.group_masks import from_words, to_words
from workers.components.moments import Block, Columns, Ring, share_moments
from workers.components.pair_link import KEY_BITS, link_parties
from workers.components.step_roles import Roles, find_roles
from workers.components.tables import Samples
from workers.components.vertical_data import ColumnScale, check_ids, check_spread

FORMAT: Final = "fedrota.hetero_pearson/1"
SHOWN_COLUMNS: Final = 200
"""A summary with the correlations of more columns would be too large to look at."""
EPSILON: Final = float(np.finfo(np.float64).eps)
TIED: Final = 1e-12
"""The least part of a column in directions without any spread that says that others determine it."""
LARGEST_FACTOR: Final = 1e12
SETTINGS: Final = ("run", "cross_parties", "key_bits")

DISCLOSURE: Final = (
    (
        "the guest and each host, about each other",
        "the correlations of their columns, by place and without names; which of them are constant; numbers of columns",
        "every party follows the protocol and keeps what it may keep (honest but curious); Paillier's cryptosystem with "
        "the chosen key is not broken. As many correlations as there are rows would tell the rows: more columns than "
        "half of the rows are refused",
    ),
    ("a host about another host", "nothing: hosts are not correlated with each other", "none"),
    (
        "the centre",
        "each party's correlation matrices, as the task's summary, with the names of its own columns",
        "none",
    ),
    ("who holds a party's model", "its own columns' correlations among themselves and with the other's", "none"),
)

PARAMS: Final[Mapping[str, Mapping[str, Any]]] = {
    **SELECTION,
    "cross_parties": {
        "type": "boolean",
        "default": True,
        "description": "Correlate the guest's columns with the hosts', too.",
    },
    "vif": {
        "type": "boolean",
        "default": True,
        "description": "Compute the variance inflation factor of each column among those of its party.",
    },
    "run": RUN,
    "key_bits": KEY_BITS,
}


@component(
    "hetero_pearson",
    params=PARAMS,
    inputs={"data": "table"},
    outputs={"data": "table", "model": "model"},
    roles=("guest", "host"),
    exchange=True,
)
def hetero_pearson(context: Context) -> None:
    """Compute Pearson's correlations between the guest's and the hosts' columns.

    Parties hold different columns of the same samples: the same ids in the same order, as intersection leaves them.
    Sums of products of standardised columns are computed under Paillier encryption, into two shares that only add up to
    them; then both sides show their shares. Output `model` (JSON) and the summary have the correlations; those of a
    constant column are null. The table passes on unchanged.
    """
    frame = read_frame(context, "data")
    check_rows(context, frame)
    roles = find_roles(context, arbiter=False)
    samples = Samples(ids=frame.ids, features=np.empty((len(frame), 0)), names=())
    check_ids(context, samples, "data")
    align(context, roles, [("data", samples)], {name: context.params[name] for name in SETTINGS})
    found = (
        _correlate(context, roles, frame) if context.params["run"] else {"columns": [], "correlation": [], "vif": None}
    )
    write_frame(context, "data", frame)
    write_fit(context, FORMAT, found)
    context.progress(1.0)
    if len(found["columns"]) <= SHOWN_COLUMNS:
        context.summary(rows=len(frame), **found)
    else:
        context.log(f"{len(found['columns'])} columns: too many to show, their correlations are in the model only")
        context.summary(rows=len(frame), columns=found["columns"])


def _correlate(context: Context, roles: Roles, frame: Frame) -> dict[str, Any]:
    names = select_features(context, frame)
    features = _read_features(context, frame, names)
    check_spread(context, names, features)
    scaled = ColumnScale.measure(features).apply(features)
    varies = scaled.std(axis=0) > 0.5
    own = scaled.T @ scaled / len(frame)
    found: dict[str, Any] = {
        "columns": names,
        "correlation": _render(own, varies, varies),
        "vif": _inflate(own, varies) if context.params["vif"] else None,
        "others": {},
    }
    if context.params["cross_parties"]:
        found["others"] = _correlate_parties(context, roles, scaled, varies)
    constant = [name for name, each in zip(names, varies, strict=True) if not each]
    if constant:
        context.log(f"constant, so without correlation: {', '.join(constant)}")
    return found


def _read_features(context: Context, frame: Frame, names: list[str]) -> Vector:
    columns = []
    for name in names:
        values = read_numbers(context, frame, name)
        gaps = int(np.isnan(values).sum())
        if gaps:
            raise InvalidInputError(
                f"column {name!r} of party {context.me.party} is missing in {gaps} of {len(values)} rows: fill it before, or "
                "leave it out of `columns`"
            )
        columns.append(values)
    return np.column_stack(columns) if columns else np.empty((len(frame), 0))


def _correlate_parties(context: Context, roles: Roles, scaled: Vector, varies: Vector) -> dict[str, Any]:
    """Correlations with each other party's columns: rows are the own columns."""
    exchange, rows = context.exchange, len(scaled)
    is_guest = context.me == roles.guest
    peers = list(roles.hosts) if is_guest else [roles.guest]
    if 2 * scaled.shape[1] > rows:
        raise InvalidInputError(
            f"party {context.me.party} has {scaled.shape[1]} columns for {rows} rows: so many correlations would tell the "
            "rows themselves. Name fewer `columns`, give more rows, or set `cross_parties: false`"
        )
    for peer in peers:
        exchange.send(peer, "varies", varies.tolist())
    theirs = {peer: np.array(exchange.recv(peer, "varies"), dtype=bool) for peer in peers}
    peers = [peer for peer in peers if len(varies) and len(theirs[peer])]
    if not peers:
        return {}
    links = link_parties(context, peers, key_bits=context.params["key_bits"])
    ring = Ring(
        context=context,
        earlier=[] if is_guest else links,
        later=links if is_guest else [],
        terms={context.me: len(varies), **{peer: len(each) for peer, each in theirs.items()}},
        bounds=Bounds(rows=rows, terms=0, scaled=True, small_labels=True),
        key_bits=context.params["key_bits"],
    )
    # Moments come with products of a label, of which there is none here.
    columns = Columns(values=to_whole(scaled, FEATURE_BITS), target=[0] * rows if is_guest else None)
    block = share_moments(ring, columns, report=context.progress)
    return _reveal(context, block, varies, {peer: theirs[peer] for peer in peers})


def _reveal(context: Context, block: Block, varies: Vector, theirs: Mapping[Member, Vector]) -> dict[str, Any]:
    """Both sides show their shares; messages have the guest's columns as rows."""
    is_guest = context.me.role == "guest"
    for peer in theirs:
        share = block.cross[peer]
        context.exchange.send(peer, "share", to_words((share if is_guest else share.T).ravel().tolist()))
    others = {}
    for peer, marks in theirs.items():
        share = block.cross[peer]
        shown = np.array(from_words(context.exchange.recv(peer, "share")), dtype=object)
        shown = shown.reshape(share.shape) if is_guest else shown.reshape(share.T.shape).T
        whole = from_words(to_words((share + shown).ravel().tolist()))
        matrix = (to_real(whole, 2 * FEATURE_BITS) / block.rows).reshape(share.shape)
        others[peer.address] = {
            "party": peer.party,
            "columns": [f"{peer.role}_{peer.party}_{place}" for place in range(len(marks))],
            "correlation": _render(np.clip(matrix, -1, 1), varies, marks),
        }
    return others


def _inflate(own: Vector, varies: Vector) -> list[float | None]:
    """Diagonal of the inverse; columns that others determine entirely have none."""
    found: list[float | None] = [None] * len(own)
    places = np.flatnonzero(varies)
    sizes, axes = np.linalg.eigh(own[np.ix_(places, places)])
    # All at once: a system of equations for each column would cost the fourth power of their number.
    is_flat = sizes <= EPSILON * len(places) * sizes.max(initial=0.0)
    bound = (axes[:, is_flat] ** 2).sum(axis=1)
    factors = (axes[:, ~is_flat] ** 2 / sizes[~is_flat]).sum(axis=1)
    for place, share, factor in zip(places, bound, factors, strict=True):
        found[place] = float(factor) if share < TIED and factor < LARGEST_FACTOR else None
    return found


def _render(matrix: Vector, left: Vector, right: Vector) -> list[list[float | None]]:
    defined = np.outer(left, right)
    return [
        [float(value) if known else None for value, known in zip(row, marks, strict=True)]
        for row, marks in zip(matrix, defined, strict=True)
    ]
