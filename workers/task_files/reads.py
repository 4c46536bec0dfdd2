"""What the gateway may read of tasks at this party: logs and outputs."""

import os
from collections.abc import Iterator, Mapping
from typing import BinaryIO, Final

from scheduler.domain.errors import NotFoundError
from scheduler.domain.frames import CALL_CHUNK_BYTES
from workers.calls.arguments import Args, read_int, read_name
from workers.calls.safe_open import open_file, open_folder, open_output
from workers.calls.serving import Answer, Op
from workers.tables.process import DEFAULT_ROWS, MAX_ROWS, run_preview
from workers.workdir import Workdir

DEFAULT_LOG_BYTES: Final = 64 << 10
MAX_LOG_BYTES: Final = 64 << 20


def make_read_ops(workdir: Workdir) -> Mapping[str, Op]:
    """The operations on logs and outputs below `workdir`."""
    return {
        "log.read": lambda args, _: read_log(workdir, args),
        "output.read": lambda args, _: read_output(workdir, args),
        "output.preview": lambda args, _: preview_output(workdir, args),
    }


def read_log(workdir: Workdir, args: Args) -> Answer:
    """`limit` bytes of an attempt's log from `offset`; a negative one counts from the end.

    Without `seq` the task's latest dispatch here. The result says which, the log's size and where the
    body begins. An attempt that printed nothing has an empty log.
    """
    task = read_name(args, "task")
    offset = read_int(args, "offset", default=-DEFAULT_LOG_BYTES, least=-(1 << 62))
    limit = read_int(args, "limit", default=DEFAULT_LOG_BYTES, most=MAX_LOG_BYTES)
    given = read_int(args, "seq", default=0)
    try:
        seq = given or _find_latest(workdir, task)
        file = open_file(workdir.root, "logs", task, f"{seq}.log", kind="log")
    except NotFoundError:
        return Answer(result={"seq": given, "size": 0, "offset": 0}, body=iter(()))
    size = os.fstat(file.fileno()).st_size
    start = min(offset if offset >= 0 else max(0, size + offset), size)
    end = min(size, start + limit)
    return Answer(result={"seq": seq, "size": size, "offset": start}, body=_read_pieces(file, start, end))


def _find_latest(workdir: Workdir, task: str) -> int:
    """The task's highest dispatch that has a log here."""
    folder = open_folder(workdir.root, "logs", task)
    try:
        numbers = [int(name[:-4]) for name in os.listdir(folder) if name[:-4].isdecimal()]  # noqa: PTH208  a descriptor
    finally:
        os.close(folder)
    if not numbers:
        raise NotFoundError("log", task)
    return max(numbers)


def read_output(workdir: Workdir, args: Args) -> Answer:
    """An output's file as it is; the result has its size."""
    file = open_output(workdir.root, args)
    size = os.fstat(file.fileno()).st_size
    return Answer(result={"size": size}, body=_read_pieces(file, 0, size))


def preview_output(workdir: Workdir, args: Args) -> Answer:
    """Rows of an output that is Parquet, CSV or JSON: {columns, rows, total}."""
    offset = read_int(args, "offset", default=0)
    limit = read_int(args, "limit", default=DEFAULT_ROWS, most=MAX_ROWS)
    with open_output(workdir.root, args) as file:
        return Answer(result=run_preview(file, offset=offset, limit=limit))


def _read_pieces(file: BinaryIO, start: int, end: int) -> Iterator[bytes]:
    """The bytes from `start` to `end`, or to where the file ends earlier by now."""
    with file:
        file.seek(start)
        while start < end and (piece := file.read(min(CALL_CHUNK_BYTES, end - start))):
            start += len(piece)
            yield piece
