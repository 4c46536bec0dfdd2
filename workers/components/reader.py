"""The component that takes a data table of the party into a job."""

import shutil
from typing import Final

from fedrota.component import Context, InvalidInputError, component

DISCLOSURE: Final = (
    ("the centre", "the table's name, its numbers of rows and columns", "none"),
    ("other parties", "nothing: the rows stay at the party", "none"),
)


@component(
    "reader",
    params={
        "table": {
            "type": "string",
            "minLength": 1,
            "maxLength": 200,
            "description": "Name of a table that was uploaded to this party.",
        },
        "namespace": {
            "type": "string",
            "minLength": 1,
            "maxLength": 200,
            "default": "default",
            "description": "Namespace of the table.",
        },
    },
    outputs={"data": "table"},
)
def reader(context: Context) -> None:
    """Read a data table of the party, unchanged, as the first step of a job.

    Every party reads its own table; where the names differ, give them under `overrides`.
    """
    import pyarrow.parquet

    name, namespace = context.params["table"], context.params["namespace"]
    try:
        source = context.table(name, namespace=namespace)
    except InvalidInputError as error:
        # The context's text names party and table, and what tables there are.
        raise InvalidInputError(
            f"{error}. Correct `table` and `namespace` of step {context.step!r}, or upload the table: "
            f"`fedrota upload {context.me.party} FILE --name {name}`"
        ) from error
    with context.output("data", "table") as output:
        # A copy, not a link: a later step that writes into its input must not change the party's table.
        shutil.copyfile(source, output.path)
        shape = pyarrow.parquet.read_metadata(output.path)
        output.facts.update(rows=shape.num_rows, columns=shape.num_columns)
    context.log(f"read table {name!r}: {shape.num_rows} rows, {shape.num_columns} columns")
    context.summary(table=name, namespace=namespace, rows=shape.num_rows, columns=shape.num_columns)
