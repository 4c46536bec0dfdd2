"""The process that `process` starts: reads one request as JSON from standard input, answers on standard output."""

import hashlib
import json
import os
import sys
from pathlib import Path
from typing import Any, BinaryIO, Final

import pyarrow
import pyarrow.parquet

from workers.tables.csv_checks import TableError, check_csv, find_bad_line
from workers.tables.csv_form import CsvForm
from workers.tables.parquet_files import BLOCK_BYTES, GROUP_ROWS, append_rows, number_rows, write_parquet, write_rows
from workers.tables.preview import render_preview

LARGE_BYTES: Final = 256 << 20
"""A larger CSV is read block by block; its types are then those of the first block."""
USUAL_COLUMNS: Final = {"id_column": "id", "label_column": "y"}
"""Every upload names these unless told otherwise; a party without labels has no `y`."""


def main() -> None:
    """Do what the request says; a table that is wrong is an answer, anything else an exit status."""
    request = json.load(sys.stdin)
    try:
        with os.fdopen(request["file"], "rb") as file:
            answer = WORK[request["do"]](file, request)
    except TableError as wrong:
        answer = {"problem": {"where": wrong.where, "message": wrong.message, "hint": wrong.hint}}
    json.dump(answer, sys.stdout, allow_nan=False)
    sys.stdout.flush()


def convert(source: BinaryIO, request: dict[str, Any]) -> dict[str, Any]:
    """Write the source to request["target"] as Parquet; the facts about it."""
    target = Path(request["target"])
    if request["format"] == "csv":
        rows, schema = _convert_csv(source, target, request)
    else:
        rows, schema = _convert_parquet(source, target, request)
    return {
        "rows": rows,
        "columns": [{"name": field.name, "type": str(field.type)} for field in schema],
        "id_column": _find_id(schema.names, request),
        "label_column": _find_column(schema.names, request, "label_column"),
        "size": target.stat().st_size,
        "sha256": _hash(target),
    }


def _find_id(names: list[str], request: dict[str, Any]) -> str:
    """The column that the request names, or the first one where it says so."""
    if not request["id_column"] and (request.get("csv") or {}).get("first_is_id") is True:
        return names[0]
    return _find_column(names, request, "id_column")


def _find_column(names: list[str], request: dict[str, Any], key: str) -> str:
    """The column that the request names; empty where there is none and the name is only the usual one."""
    name: str = request[key]
    if name in names:
        return name
    if name not in {"", USUAL_COLUMNS[key]}:
        raise TableError(key, f"there is no column {name!r}", f"the columns are: {_list_names(names)}")
    return ""


def _convert_csv(source: BinaryIO, target: Path, request: dict[str, Any]) -> tuple[int, Any]:
    from pyarrow import csv

    form = CsvForm.parse(request.get("csv") or {})
    header = check_csv(source, delimiter=form.delimiter, has_header=form.has_header)
    names = None if form.has_header else form.name_columns(source)
    options = {
        "read_options": csv.ReadOptions(use_threads=True, block_size=BLOCK_BYTES, column_names=names),
        "parse_options": csv.ParseOptions(newlines_in_values=True, delimiter=form.delimiter),
        "convert_options": csv.ConvertOptions(strings_can_be_null=True, quoted_strings_can_be_null=False),
    }
    try:
        if os.fstat(source.fileno()).st_size <= LARGE_BYTES:
            batches = iter(csv.read_csv(source, **options).to_batches(GROUP_ROWS))
        else:
            batches = iter(csv.open_csv(source, **options))
        if header:
            batches = (batch.rename_columns(header) for batch in batches)
        return _store(target, number_rows(batches, form) if form.row_id else batches, request)
    except pyarrow.ArrowInvalid as wrong:
        raise find_bad_line(source, str(wrong), delimiter=form.delimiter, names=names) from wrong


def _convert_parquet(source: BinaryIO, target: Path, request: dict[str, Any]) -> tuple[int, Any]:
    try:
        file = pyarrow.parquet.ParquetFile(source)
        names = file.schema_arrow.names
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise TableError("file", f"column {twice!r} occurs twice", "give every column a name of its own")
        return _store(target, file.iter_batches(GROUP_ROWS), request)
    except (pyarrow.ArrowException, OSError) as wrong:
        hint = "write it again, or upload it as CSV"
        raise TableError("file", f"it is no sound Parquet file: {wrong}", hint) from wrong


def _store(target: Path, batches: Any, request: dict[str, Any]) -> tuple[int, Any]:
    """Write the batches, behind the rows of an older file where the request names one."""
    older = request.get("behind")
    return append_rows(Path(older), target, batches) if older else write_parquet(target, batches)


def _list_names(names: list[str]) -> str:
    shown = ", ".join(names[:20])
    return shown if len(names) <= 20 else f"{shown}, ... ({len(names)} in all)"


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


WORK: Final = {"convert": convert, "preview": render_preview, "rows": write_rows}


if __name__ == "__main__":
    main()
    os._exit(0)  # an orderly exit aborts where Arrow is still starting a thread: "terminate called without ..."
