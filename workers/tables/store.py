"""What the gateway may do with the data tables of this party: put, list, look, delete."""

import errno
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any, BinaryIO, Final

from scheduler.domain.errors import ConflictError, InvalidDocumentError, NotFoundError, Problem, TooLargeError
from workers.calls.arguments import Args, read_int, read_name, read_text
from workers.calls.safe_open import open_file
from workers.calls.serving import Answer, Op
from workers.tables.process import DEFAULT_ROWS, MAX_ROWS, run_convert, run_preview
from workers.workdir import Workdir, sync_folder

FORMATS: Final = ("csv", "parquet")
LIST_BYTES: Final = 512 << 10
DEFAULT_NAMESPACE: Final = "default"


def make_table_ops(workdir: Workdir) -> Mapping[str, Op]:
    """The operations on the tables below `workdir`."""
    lock = Lock()
    return {
        "table.put": lambda args, body: put_table(workdir, args, body, lock=lock),
        "table.list": lambda args, _: list_tables(workdir, args),
        "table.read_facts": lambda args, _: read_facts(workdir, args),
        "table.preview": lambda args, _: preview_table(workdir, args),
        "table.delete": lambda args, _: delete_table(workdir, args, lock=lock),
    }


def put_table(workdir: Workdir, args: Args, body: Iterator[bytes], *, lock: Lock) -> Answer:
    """Store the body (CSV or Parquet) as a table and answer with its facts; all of it or nothing."""
    namespace, name = read_address(args)
    form = read_text(args, "format", default="csv")
    if form not in FORMATS:
        raise InvalidDocumentError(Problem(where="format", message=f"{form!r} is none of {', '.join(FORMATS)}"))
    appends = args.get("append") is True
    replaces = appends or args.get("replace") is True
    _check_free(workdir, namespace, name, replaces=replaces)
    source, target = workdir.incoming(), workdir.incoming()
    older = _Version.of(workdir.table(namespace, name)) if appends else None
    try:
        _save(source, body)
        with source.open("rb") as file:
            facts = run_convert(
                file,
                target,
                form=form,
                id_column=read_text(args, "id_column"),
                label_column=read_text(args, "label_column"),
                more={"csv": _read_csv_form(args), "behind": str(older.path) if older else ""},
            )
        with lock:
            _check_free(workdir, namespace, name, replaces=replaces)
            if appends and older != _Version.of(workdir.table(namespace, name)):
                raise ConflictError(f"table {namespace}/{name} was changed while rows came in: send them again")
            _move_in(workdir, namespace, name, target=target, facts=facts)
    finally:
        source.unlink(missing_ok=True)
        target.unlink(missing_ok=True)
    shown = {key: facts[key] for key in ("id_column", "label_column") if facts[key]}
    return Answer(result={"namespace": namespace, "name": name, **facts, "facts": shown})


@dataclass(frozen=True, slots=True)
class _Version:
    """Which file a table was at a moment; a replaced one is another file."""

    path: Path
    identity: tuple[int, int, int]

    @classmethod
    def of(cls, path: Path) -> "_Version | None":
        if not path.is_file():
            return None
        found = path.stat()
        return cls(path, (found.st_ino, found.st_size, found.st_mtime_ns))


def _read_csv_form(args: Args) -> dict[str, Any]:
    given = args.get("csv")
    if given is not None and not isinstance(given, dict):
        raise InvalidDocumentError(Problem(where="csv", message="an object is needed"))
    return given or {}


def _check_free(workdir: Workdir, namespace: str, name: str, *, replaces: bool) -> None:
    if not replaces and workdir.table(namespace, name).exists():
        raise ConflictError(f"there is a table {namespace}/{name} already; send replace=true to replace it")


def _save(path: Path, body: Iterator[bytes]) -> None:
    try:
        with path.open("xb") as file:
            for piece in body:
                file.write(piece)
    except OSError as wrong:
        if wrong.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
            raise TooLargeError("the party's disk has no room for this table") from wrong
        raise


def _move_in(workdir: Workdir, namespace: str, name: str, *, target: Path, facts: dict[str, Any]) -> None:
    """The table exists from the moment its file has its name; its facts are there by then."""
    workdir.write_facts(namespace, name, facts)
    place = workdir.table(namespace, name)
    target.replace(place)
    sync_folder(place.parent)


def list_tables(workdir: Workdir, args: Args) -> Answer:
    """The tables by namespace and name after `after` ("namespace/name"), as many as fit; `more` says if not all."""
    after = tuple(read_text(args, "after").split("/", 1))
    found: list[dict[str, Any]] = []
    room = LIST_BYTES
    for namespace, name, facts in workdir.list_tables():
        if (namespace, name) <= after:
            continue
        room -= 200 + 60 * len(facts.get("columns", ()))
        if room < 0 and found:
            return Answer(result={"tables": found, "more": True})
        found.append({"namespace": namespace, "name": name, **facts})
    return Answer(result={"tables": found, "more": False})


def read_facts(workdir: Workdir, args: Args) -> Answer:
    """Rows, columns, size and so on of one table."""
    namespace, name = read_address(args)
    if not workdir.table(namespace, name).is_file():
        raise NotFoundError("table", f"{namespace}/{name}")
    return Answer(result={"namespace": namespace, "name": name, **workdir.read_facts(namespace, name)})


def preview_table(workdir: Workdir, args: Args) -> Answer:
    """Some rows of a table: {columns, rows, total}."""
    offset = read_int(args, "offset", default=0)
    limit = read_int(args, "limit", default=DEFAULT_ROWS, most=MAX_ROWS)
    with open_table(workdir, args) as file:
        return Answer(result=run_preview(file, offset=offset, limit=limit))


def delete_table(workdir: Workdir, args: Args, *, lock: Lock) -> Answer:
    """Remove a table; NotFoundError where there is none."""
    namespace, name = read_address(args)
    with lock:
        try:
            workdir.table(namespace, name).unlink()
        except FileNotFoundError:
            raise NotFoundError("table", f"{namespace}/{name}") from None
        workdir.table_facts(namespace, name).unlink(missing_ok=True)
        try:
            workdir.table(namespace, name).parent.rmdir()
        except OSError:
            return Answer()  # other tables of the namespace remain
    return Answer()


def open_table(workdir: Workdir, args: Args) -> BinaryIO:
    """The Parquet file of the table that a call names."""
    namespace, name = read_address(args)
    return open_file(workdir.root, "tables", namespace, f"{name}.parquet", kind="table")


def read_address(args: Args) -> tuple[str, str]:
    """Namespace and name of the table that a call names."""
    return read_name(args, "namespace", default=DEFAULT_NAMESPACE), read_name(args, "name")
