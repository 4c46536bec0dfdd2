"""What the gateway may do with tables and files of this host: take a file in, write one out, copy, read rows."""

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, Final
from uuid import uuid4

from scheduler.domain.errors import ConflictError, InvalidDocumentError, Problem, TooLargeError
from scheduler.domain.frames import CALL_CHUNK_BYTES
from workers.calls.arguments import Args, read_int, read_name, read_text
from workers.calls.safe_open import open_output
from workers.calls.serving import Answer, Op
from workers.tables.csv_form import can_separate
from workers.tables.process import run_rows
from workers.tables.roots import MAX_PATH, Roots
from workers.tables.store import DEFAULT_NAMESPACE, open_table, read_address
from workers.workdir import Workdir

ALL_ROWS: Final = 1 << 62
Put = Callable[[Args, Iterator[bytes]], Answer]
"""The operation `table.put`."""


def make_file_ops(workdir: Workdir, roots: Roots, put: Put) -> Mapping[str, Op]:
    """The operations on tables below `workdir` and files below `roots`."""
    return {
        "table.load": lambda args, _: load_table(roots, args, put),
        "table.save": lambda args, _: save_table(workdir, roots, args),
        "table.copy": lambda args, _: copy_table(workdir, args, put),
        "table.rows": lambda args, _: read_rows(workdir, args),
        "file.save": lambda args, body: save_file(roots, args, body),
    }


def load_table(roots: Roots, args: Args, put: Put) -> Answer:
    """Store the file at `path` as a table, as `table.put` would; `limit` is the most bytes it may have."""
    with roots.open(_read_path(args)) as file:
        size, limit = os.fstat(file.fileno()).st_size, read_int(args, "limit", default=ALL_ROWS)
        if size > limit:
            raise TooLargeError(f"the file has {size} bytes, the limit is {limit} (FEDROTA_UPLOAD_LIMIT_BYTES)")
        return put(args, _read_pieces(file))


def copy_table(workdir: Workdir, args: Args, put: Put) -> Answer:
    """Store a table, or an output of a task, as the table `to_namespace`/`to_name`."""
    target = {
        "namespace": read_name(args, "to_namespace", default=DEFAULT_NAMESPACE),
        "name": read_name(args, "to_name"),
        "replace": args.get("replace") is True,
        "format": "parquet",
    }
    with _open_source(workdir, args) as file:
        return put({**_list_columns(workdir, args), **target}, _read_pieces(file))


def _list_columns(workdir: Workdir, args: Args) -> dict[str, Any]:
    """Which columns are id and label, where the source is a table."""
    if "task" in args:
        return {}
    facts = workdir.read_facts(*read_address(args))
    return {key: facts[key] for key in ("id_column", "label_column") if facts.get(key)}


def save_table(workdir: Workdir, roots: Roots, args: Args) -> Answer:
    """Write a table, or an output of a task, as CSV to the file `path`: {columns, rows, total, size, path}."""
    target = roots.find_target(_read_path(args))
    draft = target.with_name(f".{target.name[:100]}.{uuid4().hex}")
    try:
        facts = _write_rows(workdir, args, draft)
        draft.replace(target)
    except OSError as wrong:
        raise InvalidDocumentError(Problem("path", f"{target} cannot be written: {wrong.strerror}")) from wrong
    finally:
        draft.unlink(missing_ok=True)
    return Answer(result={**facts, "path": str(target)})


def save_file(roots: Roots, args: Args, body: Iterator[bytes]) -> Answer:
    """Write the body to the file `path`, all of it or nothing: {path, size}; ConflictError where a file lies there."""
    target = roots.find_target(_read_path(args))
    if target.exists():
        raise ConflictError(f"{target} exists: name another path")
    draft = target.with_name(f".{target.name[:100]}.{uuid4().hex}")
    try:
        with draft.open("xb") as file:
            size = sum(file.write(piece) for piece in body)
        draft.replace(target)
    except OSError as wrong:
        raise InvalidDocumentError(Problem("path", f"{target} cannot be written: {wrong.strerror}")) from wrong
    finally:
        draft.unlink(missing_ok=True)
    return Answer(result={"path": str(target), "size": size})


def read_rows(workdir: Workdir, args: Args) -> Answer:
    """Rows of a table, or of an output of a task, as CSV in the body: {columns, rows, total, size}."""
    file = workdir.incoming()
    try:
        facts = _write_rows(workdir, args, file)
        opened = file.open("rb")
    finally:
        file.unlink(missing_ok=True)
    return Answer(result=facts, body=_read_and_close(opened))


def _write_rows(workdir: Workdir, args: Args, target: Path) -> dict[str, Any]:
    delimiter = read_text(args, "delimiter", default=",")
    if not can_separate(delimiter):
        raise InvalidDocumentError(Problem("delimiter", f"{delimiter!r} cannot separate fields: give one character"))
    with _open_source(workdir, args) as file:
        return run_rows(
            file,
            target,
            limit=read_int(args, "limit", default=ALL_ROWS),
            delimiter=delimiter,
            header=args.get("header") is not False,
        )


def _open_source(workdir: Workdir, args: Args) -> BinaryIO:
    """The Parquet file of a table (`namespace`, `name`) or of an output (`task`, `seq`, `name`)."""
    if "task" in args:
        return open_output(workdir.root, args)
    return open_table(workdir, args)


def _read_path(args: Args) -> str:
    path = args.get("path")
    if not isinstance(path, str) or len(path) > MAX_PATH:
        raise InvalidDocumentError(Problem("path", "an absolute path is needed"))
    return path


def _read_pieces(file: BinaryIO) -> Iterator[bytes]:
    while piece := file.read(CALL_CHUNK_BYTES):
        yield piece


def _read_and_close(file: BinaryIO) -> Iterator[bytes]:
    with file:
        yield from _read_pieces(file)
