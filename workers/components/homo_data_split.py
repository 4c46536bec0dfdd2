"""The component that splits each party's own samples into tables to train, validate and test with."""

from typing import Final

from fedrota.component import Context, component
from workers.components.data_split import OUTPUTS, PARAMS, draw_split, write_split
from workers.components.frames import check_rows, read_frame

DISCLOSURE: Final = (
    ("the centre", "numbers of rows of each table, and with `stratified` of each label in it", "none"),
    ("other parties", "nothing: each party splits its own rows by itself", "none"),
)


@component("homo_data_split", params=PARAMS, inputs={"data": "table"}, outputs=OUTPUTS)
def homo_data_split(context: Context) -> None:
    """Split the party's rows into train_data, validate_data and test_data, each party by itself.

    For parties with the same features of different samples. A table may come out empty.
    """
    frame = read_frame(context, "data")
    check_rows(context, frame)
    write_split(context, frame, draw_split(context, frame))
