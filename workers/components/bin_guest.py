"""The guest's side of binning: counts its labels in its own bins and, under encryption, in the hosts'."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from fedrota.component import Context, InvalidInputError, Member, PeerError
from workers.components.bin_columns import ColumnBins, count_places, keep_ends
from workers.components.bin_labels import Labels, code_labels
from workers.components.columns import Vector
from workers.components.frames import Frame
from workers.components.label_sums import LabelSender
from workers.components.optimal_bins import Target, join_bins
from workers.components.step_roles import Roles


def judge_all(
    context: Context, roles: Roles, frame: Frame, columns: Sequence[ColumnBins], *, values: Mapping[str, Vector]
) -> tuple[list[ColumnBins], dict[str, Any]]:
    """The guest's columns with what their bins tell, and the same of the hosts' columns by member."""
    labels = code_labels(context, frame)
    context.log(f"labels: {', '.join(labels.names)}; weights of evidence are for {labels.names[0]}")
    own = [_judge_own(context, labels, each, values[each.name]) for each in columns]
    hosts: dict[str, Any] = {}
    if not context.params["local_only"]:
        sender = LabelSender(context, labels.codes, len(labels.names))
        sender.send(roles.hosts, report=lambda share: context.progress(0.6 * share))
        for host in roles.hosts:
            found = _judge_host(context, sender, labels, host)
            hosts[host.address] = {"party": host.party, "columns": found}
    return own, {"labels": list(labels.names), "hosts": hosts}


def _judge_own(context: Context, labels: Labels, column: ColumnBins, values: Vector) -> ColumnBins:
    params = context.params
    bins = count_places(column, values)
    if params["method"] == "optimal" and not column.is_fixed:
        _check_binary(context, labels)
        counts = labels.count(column.place(values), bins)[: len(column.points)]
        column = keep_ends(column, join_bins(counts, Target.read(params)))
        bins = count_places(column, values)
    counts = labels.count(column.place(values), bins)
    return replace(column, results=labels.judge(counts, adjustment=params["adjustment"]))


def _judge_host(context: Context, sender: LabelSender, labels: Labels, host: Member) -> list[dict[str, Any]]:
    sent = context.exchange.recv(host, "columns")
    counts = sender.receive(host)
    if len(counts) != len(sent["positions"]):
        raise PeerError(
            f"party {host.party} sent sums of another number of columns: the parties must run the same version"
        )
    is_ordered = [fine is not None for fine in sent["fine"]]
    if any(is_ordered):
        _check_binary(context, labels)
        target = Target.read(sent["target"])
        ends = [
            [] if fine is None else join_bins(each[:fine], target)
            for each, fine in zip(counts, sent["fine"], strict=True)
        ]
        context.exchange.send(host, "ends", ends)
        counts = [
            _join(each, kept, fine) if fine is not None else each
            for each, kept, fine in zip(counts, ends, sent["fine"], strict=True)
        ]
    adjustment = context.params["adjustment"]
    return [
        {
            "name": f"{host.role}_{host.party}_{position}",
            "position": position,
            "results": labels.judge(each, adjustment=adjustment, ordered=ordered),
        }
        for position, each, ordered in zip(sent["positions"], counts, is_ordered, strict=True)
    ]


def _join(counts: Vector, ends: Sequence[int], fine: int) -> Vector:
    """Counts of joined bins; that of missing values stays as it is."""
    starts = [0, *(end + 1 for end in ends[:-1])]
    joined: Vector = np.concatenate([np.add.reduceat(counts[:fine], starts, axis=0), counts[fine:]])
    return joined


def _check_binary(context: Context, labels: Labels) -> None:
    if not labels.is_binary:
        raise InvalidInputError(
            f"party {context.me.party} has {len(labels.names)} different labels, but `method: optimal` joins bins by two: "
            "set `method` to quantile or bucket at all parties"
        )
