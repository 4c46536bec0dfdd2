"""The process behind `columns`: reads one wish as JSON from standard input, answers on standard output."""

import hashlib
import json
import os
import sys
from pathlib import Path
from typing import Any, BinaryIO, Final

import pyarrow
import pyarrow.parquet

from workers.csv_checks import TableError, check_csv, find_bad_line
from workers.preview import render_preview

LARGE_BYTES: Final = 256 << 20
"""A larger CSV is read block by block; its types are then those of the first block."""
BLOCK_BYTES: Final = 64 << 20
MAX_COLUMNS: Final = 20_000
USUAL_COLUMNS: Final = {"id_column": "id", "label_column": "y"}
"""Every upload names these unless told otherwise; a party without labels has no `y`."""
GROUP_ROWS: Final = 65_536


def main() -> None:
    """Do what the wish says; a table that is wrong is an answer, anything else an exit status."""
    wish = json.load(sys.stdin)
    try:
        with os.fdopen(wish["file"], "rb") as file:
            answer = convert(file, wish) if wish["do"] == "convert" else render_preview(file, wish)
    except TableError as wrong:
        answer = {"problem": {"where": wrong.where, "message": wrong.message, "hint": wrong.hint}}
    json.dump(answer, sys.stdout, allow_nan=False)


def convert(source: BinaryIO, wish: dict[str, Any]) -> dict[str, Any]:
    """Write the source to wish["target"] as Parquet; the facts about it."""
    target = Path(wish["target"])
    if wish["format"] == "csv":
        check_csv(source)
        rows, schema = _convert_csv(source, target)
    else:
        rows, schema = _convert_parquet(source, target)
    if rows == 0:
        raise TableError("file", "it has no rows", "upload a table with at least one row")
    return {
        "rows": rows,
        "columns": [{"name": field.name, "type": str(field.type)} for field in schema],
        "id_column": _find_column(schema.names, wish, "id_column"),
        "label_column": _find_column(schema.names, wish, "label_column"),
        "size": target.stat().st_size,
        "sha256": _hash(target),
    }


def _find_column(names: list[str], wish: dict[str, Any], key: str) -> str:
    """The column that the wish names; empty where there is none and the name is only the usual one."""
    name: str = wish[key]
    if name in names:
        return name
    if name not in {"", USUAL_COLUMNS[key]}:
        raise TableError(key, f"there is no column {name!r}", f"the columns are: {_list_names(names)}")
    return ""


def _convert_csv(source: BinaryIO, target: Path) -> tuple[int, Any]:
    from pyarrow import csv

    size = os.fstat(source.fileno()).st_size
    options = {
        "read_options": csv.ReadOptions(use_threads=True, block_size=BLOCK_BYTES),
        "parse_options": csv.ParseOptions(newlines_in_values=True),
        "convert_options": csv.ConvertOptions(strings_can_be_null=True, quoted_strings_can_be_null=False),
    }
    try:
        if size <= LARGE_BYTES:
            return _write(target, iter(csv.read_csv(source, **options).to_batches(GROUP_ROWS)))
        return _write(target, iter(csv.open_csv(source, **options)))
    except pyarrow.ArrowInvalid as wrong:
        raise find_bad_line(source, str(wrong)) from wrong


def _convert_parquet(source: BinaryIO, target: Path) -> tuple[int, Any]:
    try:
        file = pyarrow.parquet.ParquetFile(source)
        names = file.schema_arrow.names
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise TableError("file", f"column {twice!r} occurs twice", "give every column a name of its own")
        return _write(target, file.iter_batches(GROUP_ROWS))
    except (pyarrow.ArrowException, OSError) as wrong:
        hint = "write it again, or upload it as CSV"
        raise TableError("file", f"it is no sound Parquet file: {wrong}", hint) from wrong


def _write(target: Path, batches: Any) -> tuple[int, Any]:
    """Write the batches as one Parquet file, durably; number of rows and schema."""
    first = next(batches, None)
    if first is None:
        raise TableError("file", "it has no rows", "upload a table with at least one row")
    schema = pyarrow.schema([_settle_type(field) for field in first.schema])
    if len(schema) > MAX_COLUMNS:
        raise TableError("file", f"it has {len(schema)} columns, at most {MAX_COLUMNS} are possible")
    rows = 0
    with target.open("wb") as out:
        with pyarrow.parquet.ParquetWriter(out, schema) as writer:
            while first is not None:
                rows += first.num_rows
                writer.write_table(pyarrow.Table.from_batches([first]).cast(schema))
                first = next(batches, None)
        out.flush()
        os.fsync(out.fileno())
    return rows, schema


def _settle_type(field: Any) -> Any:
    """A column without any value has no type of its own; it becomes text."""
    return field.with_type(pyarrow.string()) if pyarrow.types.is_null(field.type) else field


def _list_names(names: list[str]) -> str:
    shown = ", ".join(names[:20])
    return shown if len(names) <= 20 else f"{shown}, ... ({len(names)} in all)"


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


if __name__ == "__main__":
    main()
