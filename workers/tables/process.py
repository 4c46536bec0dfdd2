"""Work on tables in a process of its own: it loads pyarrow, so the worker stays small, and may crash alone."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, Final

from scheduler.domain.errors import FedrotaError, InvalidDocumentError, Problem

DEFAULT_ROWS: Final = 20
MAX_ROWS: Final = 1000
PREVIEW_TIMEOUT_S: Final = 30.0
CONVERT_TIMEOUT_S: Final = 540.0
_ROOT: Final = Path(__file__).resolve().parents[2]


def run_preview(file: BinaryIO, *, offset: int, limit: int) -> dict[str, Any]:
    """`limit` rows of `file` from `offset`, whatever of Parquet, JSON and CSV it is: {columns, rows, total}."""
    request = {"do": "preview", "file": file.fileno(), "offset": offset, "limit": limit}
    return _run(request, descriptor=file.fileno(), timeout_s=PREVIEW_TIMEOUT_S)


def run_convert(
    source: BinaryIO,
    target: Path,
    *,
    form: str,
    id_column: str,
    label_column: str,
    more: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Write the table in `source` (`form` csv or parquet) to `target` as Parquet; its facts.

    `more` may hold `csv` (the members of a CsvForm) and `behind` (a Parquet file whose rows come first).
    InvalidDocumentError with the line where the source is no sound table.
    """
    request = {
        "do": "convert",
        "file": source.fileno(),
        "format": form,
        "target": str(target.absolute()),
        "id_column": id_column,
        "label_column": label_column,
        **(more or {}),
    }
    return _run(request, descriptor=source.fileno(), timeout_s=CONVERT_TIMEOUT_S)


def run_rows(source: BinaryIO, target: Path, *, limit: int, delimiter: str, header: bool) -> dict[str, Any]:
    """Write at most `limit` rows of the Parquet file `source` to `target` as CSV: {columns, rows, total, size}."""
    request = {
        "do": "rows",
        "file": source.fileno(),
        "target": str(target.absolute()),
        "limit": limit,
        "delimiter": delimiter,
        "header": header,
    }
    return _run(request, descriptor=source.fileno(), timeout_s=CONVERT_TIMEOUT_S)


def _run(request: dict[str, Any], *, descriptor: int, timeout_s: float) -> dict[str, Any]:
    try:
        child = subprocess.run(
            [sys.executable, "-m", "workers.tables.child"],
            input=json.dumps(request).encode(),
            capture_output=True,
            pass_fds=(descriptor,),
            cwd=_ROOT,
            timeout=timeout_s,
            check=False,
        )
    except subprocess.TimeoutExpired as late:
        raise FedrotaError(f"the table could not be read within {timeout_s:g} s") from late
    if child.returncode != 0:
        last = child.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        raise FedrotaError(f"the table could not be read: {last[:400] or f'exit status {child.returncode}'}")
    answer: dict[str, Any] = json.loads(child.stdout)
    if "problem" in answer:
        raise InvalidDocumentError(Problem(**answer["problem"]))
    return answer
