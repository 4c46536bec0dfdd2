"""The first rows of a Parquet, JSON or CSV file as plain JSON values."""

import csv
import io
import itertools
import json
import math
import os
from collections.abc import Iterator
from typing import Any, BinaryIO, Final

from workers.tables.csv_checks import TableError

MAX_COLUMNS: Final = 200
MAX_CELL: Final = 500
MAX_BYTES: Final = 900 << 10
MAX_JSON_BYTES: Final = 32 << 20

Rows = Iterator[list[Any]]


def render_preview(file: BinaryIO, request: dict[str, Any]) -> dict[str, Any]:
    """Columns, rows and total of the file; as many of the requested rows as fit into one answer."""
    head = file.read(4096)
    file.seek(0)
    if head[:4] == b"PAR1":
        columns, total, rows = _read_parquet(file, request["offset"], request["limit"])
    elif b"\0" in head:
        raise TableError("file", "there is no preview of binary files", "download the file instead")
    elif head.lstrip()[:1] in {b"{", b"["}:
        columns, total, rows = _read_json(file, request["offset"], request["limit"])
    else:
        columns, total, rows = _read_csv(file, request["offset"], request["limit"])
    return {"columns": columns[:MAX_COLUMNS], "rows": list(_fit(rows)), "total": total}


def _fit(rows: Rows) -> Iterator[list[Any]]:
    room = MAX_BYTES
    for row in rows:
        cells = [_plain(cell) for cell in row[:MAX_COLUMNS]]
        room -= len(json.dumps(cells))
        if room < 0:
            return
        yield cells


def _plain(value: Any) -> Any:
    """The value as JSON shows it; not-a-number and infinity become null."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    text = value if isinstance(value, str) else value.hex() if isinstance(value, bytes) else str(value)
    return text if len(text) <= MAX_CELL else f"{text[:MAX_CELL]}..."


def _read_parquet(file: BinaryIO, offset: int, limit: int) -> tuple[list[str], int, Rows]:
    import pyarrow
    import pyarrow.parquet

    try:
        table = pyarrow.parquet.ParquetFile(file)
    except (pyarrow.ArrowException, OSError) as wrong:
        raise TableError("file", f"it is no sound Parquet file: {wrong}") from wrong
    names = table.schema_arrow.names[:MAX_COLUMNS]
    return names, table.metadata.num_rows, _read_groups(table, names, offset, limit)


def _read_groups(table: Any, names: list[str], offset: int, limit: int) -> Rows:
    start = 0
    for group in range(table.metadata.num_row_groups):
        size = table.metadata.row_group(group).num_rows
        if start + size > offset and start < offset + limit:
            batch = table.read_row_group(group, columns=names)
            first = max(0, offset - start)
            part = batch.slice(first, offset + limit - start - first)
            yield from map(list, zip(*(column.to_pylist() for column in part.columns), strict=True))
        start += size


def _read_json(file: BinaryIO, offset: int, limit: int) -> tuple[list[str], int, Rows]:
    if os.fstat(file.fileno()).st_size > MAX_JSON_BYTES:
        raise TableError("file", f"it has more than {MAX_JSON_BYTES} bytes of JSON", "download the file instead")
    try:
        content = json.load(file)
    except (ValueError, RecursionError) as wrong:
        raise TableError("file", f"it is no JSON: {wrong}") from wrong
    if isinstance(content, dict):
        columns, rows = ["key", "value"], [[key, _dump(value)] for key, value in content.items()]
    elif content and all(isinstance(item, dict) for item in content):
        columns = list(dict.fromkeys(key for item in content for key in item))
        rows = [[_dump(item.get(key)) for key in columns] for item in content]
    else:
        columns, rows = ["value"], [[_dump(item)] for item in content]
    return columns, len(rows), iter(rows[offset : offset + limit])


def _dump(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, dict | list) else value


def _read_csv(file: BinaryIO, offset: int, limit: int) -> tuple[list[str], int, Rows]:
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
    lines = csv.reader(text)
    try:
        columns = next(lines, [])
        rows: list[list[Any]] = [list(row) for row in itertools.islice(lines, offset, offset + limit)]
        rest = sum(1 for _ in lines)
    except (csv.Error, UnicodeDecodeError) as wrong:
        raise TableError(f"line {lines.line_num + 1}", f"it is no CSV: {wrong}", "download the file instead") from wrong
    finally:
        text.detach()
    seen = offset + len(rows) if rows else lines.line_num - 1
    return columns, seen + rest, iter(rows)
