"""The requests about one task: itself, its log, its outputs."""

from fedrota.model import LogChunk, Preview, Task
from fedrota.requests.call import Call, get, make_path, make_query
from fedrota.responses import one, parse_bytes, parse_log, parse_nothing


def task(task: str) -> Call[Task]:
    """Get one task by its id."""
    return get(make_path("tasks", task), one(Task))


def read_log(task: str, *, offset: int | None = None, limit: int | None = None) -> Call[LogChunk]:
    """Read a stretch of a task's log.

    Args:
        task: the task's id.
        offset: where to begin, in bytes; negative counts from the end. Default: the last 64 KiB.
        limit: how many bytes at most.
    """
    return get(make_path("tasks", task, "logs"), parse_log, make_query(offset=offset, limit=limit))


def read_output(task: str, name: str) -> Call[bytes]:
    """Read an output into memory; `download_output` writes one of any size to a file."""
    return get(make_path("tasks", task, "outputs", name), parse_bytes)


def stream_output(task: str, name: str) -> Call[None]:
    """The request for an output's bytes as a stream."""
    return Call(method="GET", path=make_path("tasks", task, "outputs", name), parse=parse_nothing)


def preview_output(task: str, name: str, *, offset: int = 0, limit: int = 20) -> Call[Preview]:
    """Read some rows of an output that is a table."""
    query = make_query(preview=True, offset=offset, limit=limit)
    return get(make_path("tasks", task, "outputs", name), one(Preview), query)
