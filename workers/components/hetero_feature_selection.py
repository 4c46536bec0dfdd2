"""The component that leaves out columns by filters, some of which the guest decides for all parties."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from fedrota.component import Context, InvalidInputError, Member, PeerError, component
from workers.components.alignment import align
from workers.components.fitted import read_fit, write_fit
from workers.components.frames import Frame, read_frame, select_features, write_frame
from workers.components.selection_filters import (
    Filter,
    filter_locally,
    get_threshold,
    is_federated,
    keep_one,
    pick,
)
from workers.components.selection_params import PARAMS
from workers.components.selection_sources import PORTS, Sources
from workers.components.step_roles import Roles, find_roles
from workers.components.tables import Samples, render_names

FORMAT: Final = "fedrota.feature_selection/1"

DISCLOSURE: Final = (
    (
        "the guest",
        "number of rows and columns of each host; with a filter `iv`, which of a host's binned columns (by place, no "
        "names) the filters before have left",
        "every party follows the protocol (honest but curious)",
    ),
    (
        "each host",
        "which of its own columns the guest's filter keeps, hence that their information values are among the higher "
        "ones; no information value and no label",
        "the same",
    ),
    ("a host about another host", "nothing", "none"),
    (
        "the centre",
        "names and figures of the guest's columns, names of the columns that each party keeps, as summaries",
        "none",
    ),
    ("who holds a party's model", "the names and figures of that party's columns", "none"),
)


@component(
    "hetero_feature_selection",
    params=PARAMS,
    inputs={"data": "table", "model": "model", **dict.fromkeys(PORTS, "model")},
    outputs={"data": "table", "model": "model"},
    roles=("guest", "host"),
    exchange=True,
)
def hetero_feature_selection(context: Context) -> None:
    """Leave out columns by filters, one after the other.

    Kinds of filters: `manual` (`drop` or `keep` names or positions; `restore` names that filters before have left out);
    `unique` (keeps a deviation of at least `threshold`); `variation` (deviation / |mean|); `outlier` (the `percentile`
    is at most `threshold`); `percentage` (the most frequent value has at most this share of rows); `statistic`
    (`metric` of a data_statistics model); `vif` (variance inflation factor of a hetero_pearson model, at most);
    `importance` (in the trees of a secureboost model, by each party's own part of it); `iv` (information value of a
    hetero_feature_binning model). The inputs `source` and `source_1` to `source_3` take these models in any order. `how`
    is threshold, top_k or top_share; `take_high: false` keeps the low ones. With `iv`, the guest decides about the hosts'
    columns too unless `federated` is false; they tell it places, it answers with places. Each filter leaves a party at
    least one column. Columns that `columns` and `positions` do not name always stay. All parties need the same kinds
    of filters in the same order. With an input `model` the choice is taken from it, and nothing is exchanged.
    """
    frame = read_frame(context, "data")
    if context.has_input("model"):
        _finish(context, frame, _read_kept(context, frame), [])
        return
    roles = find_roles(context, arbiter=False)
    samples = Samples(ids=frame.ids, features=np.empty((len(frame), 0)), names=tuple(frame.features))
    align(context, roles, [("data", samples)], _list_settings(context))
    if not context.params["run"]:
        context.log("left out: the table passes on as it is")
        _finish(context, frame, frame.features, [])
        return
    _finish(context, frame, *_select(context, roles, frame))


def _list_settings(context: Context) -> dict[str, Any]:
    kinds = [
        rule["kind"] if is_federated(rule) or rule["kind"] != "iv" else "iv (local)"
        for rule in context.params["filters"]
    ]
    return {"filters": kinds, "run": context.params["run"]}


def _read_kept(context: Context, frame: Frame) -> list[str]:
    model = read_fit(context, FORMAT)
    kept = [str(name) for name in model["kept"]]
    missing = [name for name in kept if name not in frame.features]
    if missing:
        raise InvalidInputError(
            f"the table of party {context.me.party} has no feature {render_names([*map(repr, missing)])}, which the model "
            "keeps: prepare it as the table that the choice was made from"
        )
    return kept


def _select(context: Context, roles: Roles, frame: Frame) -> tuple[list[str], list[dict[str, Any]]]:
    """The columns that all filters leave, and what each filter did."""
    sources = Sources.read(context, frame)
    chosen = names = select_features(context, frame)
    others = [name for name in frame.features if name not in chosen]
    steps = []
    for turn, rule in enumerate(context.params["filters"]):
        if not is_federated(rule):
            # Only the guest has information values.
            is_mine = rule["kind"] != "iv" or context.me == roles.guest
            left, figures = filter_locally(sources, rule, names) if is_mine else (names, {})
        elif context.me == roles.guest:
            left, figures = _decide(sources, roles, rule, names, turn=turn)
        else:
            left, figures = _ask(sources, roles.guest, names, turn=turn), {}
        context.log(f"filter {rule['kind']}: {len(left)} of {len(names)} columns stay")
        steps.append({"filter": dict(rule), "kept": list(left), "figures": _render(figures)})
        names = [name for name in chosen if name in left]
        context.progress((turn + 1) / len(context.params["filters"]))
    return [name for name in frame.features if name in names or name in others], steps


def _decide(
    sources: Sources, roles: Roles, rule: Filter, names: Sequence[str], *, turn: int
) -> tuple[list[str], Mapping[str, float]]:
    """The guest picks from its own and the hosts' columns together, and tells each host which places stay."""
    model = sources.get("binning", "iv")
    own = [each for each in model["columns"] if each["name"] in names]
    groups: list[tuple[Member, list[int], list[float]]] = []
    for host in roles.hosts:
        places = sources.context.exchange.recv(host, "candidates", round=turn)
        groups.append((host, places, sources.list_iv(_list_columns(sources, host, places))))
    values = sources.list_iv(own)
    limits = [get_threshold(rule)] * len(values)
    for host, _, found in groups:
        limits += [_get_host_threshold(rule, host)] * len(found)
    kept = pick(rule, [*values, *(iv for _, _, found in groups for iv in found)], limits)
    start = len(values)
    for host, places, found in groups:
        mine = keep_one(rule, [place - start for place in kept if start <= place < start + len(found)], found)
        sources.context.exchange.send(host, "kept", [places[place] for place in mine], round=turn)
        start += len(found)
    left = {own[place]["name"] for place in keep_one(rule, [each for each in kept if each < len(own)], values)}
    dropped = {each["name"] for each in own} - left
    return [name for name in names if name not in dropped], dict(
        zip([each["name"] for each in own], values, strict=True)
    )


def _list_columns(sources: Sources, host: Member, places: Sequence[int]) -> list[Mapping[str, Any]]:
    known = sources.models["binning"].get("hosts", {}).get(host.address, {}).get("columns", [])
    if any(not 0 <= place < len(known) for place in places):
        raise PeerError(
            f"party {host.party} names columns that the guest's binning model does not know: connect the model of the same "
            "binning step at all parties"
        )
    return [known[place] for place in places]


def _get_host_threshold(rule: Filter, host: Member) -> float:
    given = rule.get("host_thresholds", ())
    return float(given[host.position]) if host.position < len(given) else get_threshold(rule)


def _ask(sources: Sources, guest: Member, names: Sequence[str], *, turn: int) -> list[str]:
    """A host tells the places of its columns in its binning model, and hears which stay."""
    columns = sources.get("binning", "iv")["columns"]
    places = [place for place, each in enumerate(columns) if each["name"] in names]
    sources.context.exchange.send(guest, "candidates", places, round=turn)
    kept = set(sources.context.exchange.recv(guest, "kept", round=turn))
    dropped = {columns[place]["name"] for place in places if place not in kept}
    return [name for name in names if name not in dropped]


def _render(figures: Mapping[str, float]) -> dict[str, float | None]:
    return {name: value if np.isfinite(value) else None for name, value in figures.items()}


def _finish(context: Context, frame: Frame, kept: Sequence[str], steps: Sequence[Mapping[str, Any]]) -> None:
    dropped = {name for name in frame.features if name not in kept}
    columns = {name: column for name, column in frame.columns.items() if name not in dropped}
    write_frame(context, "data", frame.with_columns(columns))
    write_fit(context, FORMAT, {"kept": list(kept), "dropped": sorted(dropped), "filters": list(steps)})
    context.progress(1.0)
    context.log(f"{len(kept)} of {len(frame.features)} columns stay: {render_names(list(kept))}")
    context.summary(kept=list(kept), dropped=len(dropped), features=len(frame.features))
