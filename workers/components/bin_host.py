"""A host's side of binning: lets the guest count its labels in bins whose columns and order it does not tell."""

import secrets
from collections.abc import Mapping, Sequence

import numpy as np

from fedrota.component import Context
from workers.components.bin_columns import ColumnBins, count_places, keep_ends
from workers.components.columns import Vector
from workers.components.label_sums import Binned, add_up_labels
from workers.components.optimal_bins import Target
from workers.components.step_roles import Roles


def let_judge(
    context: Context, roles: Roles, columns: Sequence[ColumnBins], values: Mapping[str, Vector], *, rows: int
) -> list[ColumnBins]:
    """Let the guest count; the columns, their bins joined as the guest found best where `method` is optimal."""
    is_optimal = context.params["method"] == "optimal"
    # The guest needs the order of bins that it is to join; elsewhere it would only tell more.
    fine = [len(each.points) if is_optimal and not each.is_fixed else None for each in columns]
    message = {
        "positions": [each.position for each in columns],
        "fine": fine,
        "target": Target.read(context.params).to_json() if is_optimal else None,
    }
    context.exchange.send(roles.guest, "columns", message)
    binned = [_bin(each, values[each.name], shuffled=count is None) for each, count in zip(columns, fine, strict=True)]
    add_up_labels(context, roles.guest, binned, rows=rows, report=context.progress)
    if any(count is not None for count in fine):
        ends = context.exchange.recv(roles.guest, "ends")
        return [keep_ends(each, kept) if kept else each for each, kept in zip(columns, ends, strict=True)]
    return list(columns)


def _bin(column: ColumnBins, values: Vector, *, shuffled: bool) -> Binned:
    places, bins = column.place(values), count_places(column, values)
    if shuffled:
        order = list(range(bins))
        secrets.SystemRandom().shuffle(order)
        places = np.array(order, dtype=np.int64)[places]
    return Binned(places=places, bins=bins)
