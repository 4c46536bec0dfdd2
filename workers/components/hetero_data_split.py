"""The component that splits samples which the parties share into tables to train, validate and test with."""

from typing import Final

import numpy as np

from fedrota.component import Context, component
from workers.components.aligned_rows import align_frames
from workers.components.data_split import OUTPUTS, PARAMS, PARTS, draw_split, write_split
from workers.components.frames import check_rows, read_frame
from workers.components.step_roles import find_roles

DISCLOSURE: Final = (
    (
        "each host",
        "which of the common rows go into which table; with `stratified` the rows are drawn by label, which tells nothing "
        "about a single row's label, but the numbers of rows per table follow from all labels",
        "every party follows the protocol (honest but curious)",
    ),
    ("the guest", "whether each host has the same samples in the same order, by one digest of all ids", "the same"),
    ("the centre", "numbers of rows of each table, and with `stratified` of each label in it", "none"),
)


@component(
    "hetero_data_split",
    params=PARAMS,
    inputs={"data": "table"},
    outputs=OUTPUTS,
    roles=("guest", "host", "arbiter"),
    exchange=True,
)
def hetero_data_split(context: Context) -> None:
    """Split the common rows into train_data, validate_data and test_data, the same rows at every party.

    The samples must be the same ids in the same order at all parties, as intersection leaves them. The guest draws by
    its parameters and labels, and tells the hosts the places of the rows; a host's own parameters count for nothing.
    """
    roles = find_roles(context)
    if context.me == roles.arbiter:
        context.log("an arbiter has no part in a split")
        return
    frame = read_frame(context, "data")
    check_rows(context, frame)
    align_frames(context, roles, frame)
    if context.me == roles.guest:
        parts = draw_split(context, frame)
        for host in roles.hosts:
            context.exchange.send(host, "rows", dict(zip(PARTS, (rows.tolist() for rows in parts), strict=True)))
    else:
        told = context.exchange.recv(roles.guest, "rows")
        parts = [np.asarray(told[part], dtype=np.int64) for part in PARTS]
    write_split(context, frame, parts)
