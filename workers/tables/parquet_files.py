"""Writes tables as Parquet files, and reads them out again as CSV; runs in the process of `child`."""

import csv
import io
import itertools
import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final

import pyarrow
import pyarrow.parquet

from workers.tables.csv_checks import TableError
from workers.tables.csv_form import CsvForm

BLOCK_BYTES: Final = 64 << 20
GROUP_ROWS: Final = 65_536
MAX_COLUMNS: Final = 20_000


def write_parquet(target: Path, batches: Iterator[Any]) -> tuple[int, Any]:
    """Write the batches as one Parquet file, durably; number of rows and schema. TableError where there is no row."""
    filled = (batch for batch in batches if batch.num_rows)
    first = next(filled, None)
    if first is None:
        raise TableError("file", "it has no rows", "upload a table with at least one row")
    schema = pyarrow.schema([_settle_type(field) for field in first.schema])
    if len(schema) > MAX_COLUMNS:
        raise TableError("file", f"it has {len(schema)} columns, at most {MAX_COLUMNS} are possible")
    return _write(target, itertools.chain([first], filled), schema), schema


def append_rows(older: Path, target: Path, batches: Iterator[Any]) -> tuple[int, Any]:
    """Write the rows of the file `older`, then those of the batches; TableError where their columns differ."""
    with older.open("rb") as source:
        file = pyarrow.parquet.ParquetFile(source)
        schema = file.schema_arrow
        added = (_fit(batch, schema) for batch in batches)
        return _write(target, itertools.chain(file.iter_batches(GROUP_ROWS), added), schema), schema


def _fit(batch: Any, schema: Any) -> Any:
    if batch.schema.names != schema.names:
        raise TableError(
            "file",
            f"its columns ({', '.join(batch.schema.names[:20])}) are not those of the table that it is to be added to "
            f"({', '.join(schema.names[:20])})",
            "upload it under another name, or replace the table",
        )
    try:
        return pyarrow.Table.from_batches([batch]).cast(schema).combine_chunks().to_batches()[0]
    except (pyarrow.ArrowInvalid, pyarrow.ArrowNotImplementedError) as wrong:
        raise TableError("file", f"its values do not fit the table's columns: {wrong}") from wrong


def _write(target: Path, batches: Iterator[Any], schema: Any) -> int:
    rows = 0
    with target.open("wb") as out:
        with pyarrow.parquet.ParquetWriter(out, schema) as writer:
            for batch in batches:
                rows += batch.num_rows
                writer.write_table(pyarrow.Table.from_batches([batch]).cast(schema))
        out.flush()
        os.fsync(out.fileno())
    return rows


def _settle_type(field: Any) -> Any:
    """A column without any value has no type of its own; it becomes text."""
    return field.with_type(pyarrow.string()) if pyarrow.types.is_null(field.type) else field


def number_rows(batches: Iterator[Any], form: CsvForm) -> Iterator[Any]:
    """The batches with the column of row ids before the others."""
    start, mark = 0, uuid.uuid4().hex
    for batch in batches:
        if form.row_id in batch.schema.names:
            raise TableError(
                "row_id", f"the file has a column {form.row_id!r} already", "leave row ids out, or rename it"
            )
        numbers = range(start, start + batch.num_rows)
        ids = pyarrow.array(numbers) if form.counts else pyarrow.array([f"{mark}{number}" for number in numbers])
        start += batch.num_rows
        yield pyarrow.RecordBatch.from_arrays([ids, *batch.columns], names=[form.row_id, *batch.schema.names])


def write_rows(source: BinaryIO, request: dict[str, Any]) -> dict[str, Any]:
    """Write the rows of a Parquet file as CSV to request["target"]: {columns, rows, total, size}.

    `limit` bounds the rows, `delimiter` stands between fields, `header` puts a line with the names first.
    """
    try:
        file = pyarrow.parquet.ParquetFile(source)
    except (pyarrow.ArrowException, OSError) as wrong:
        raise TableError("file", f"it is no table: {wrong}", "only tables can be read as rows") from wrong
    names, left = file.schema_arrow.names, request["limit"]
    with Path(request["target"]).open("wb") as out:
        if request["header"]:
            out.write(render_line(names, request["delimiter"]))
        for batch in file.iter_batches(GROUP_ROWS):
            if not left:
                break
            out.write(_render_batch(batch.slice(0, left), request["delimiter"]))
            left -= min(left, batch.num_rows)
        size = out.tell()
    return {"columns": names, "rows": request["limit"] - left, "total": file.metadata.num_rows, "size": size}


def _render_batch(batch: Any, delimiter: str) -> bytes:
    """The batch as CSV; texts are quoted only where one of its texts must be."""
    from pyarrow import csv as arrow_csv

    out = io.BytesIO()
    for quoting in ("none", "needed"):
        options = arrow_csv.WriteOptions(include_header=False, delimiter=delimiter, quoting_style=quoting)
        try:
            arrow_csv.write_csv(pyarrow.Table.from_batches([batch]), out, write_options=options)
        except pyarrow.ArrowInvalid:
            if quoting == "needed":
                raise
            out = io.BytesIO()
        else:
            break
    return out.getvalue()


def render_line(names: list[str], delimiter: str) -> bytes:
    """A CSV line, its fields quoted where they must be."""
    line = io.StringIO()
    csv.writer(line, delimiter=delimiter, lineterminator="\n").writerow(names)
    return line.getvalue().encode()
