"""Counting how often PostgreSQL is waited for."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path

from psycopg.pq import Trace

from scheduler.store.tx import Tx


@contextmanager
def trace_trips(tx: Tx, file: Path) -> Iterator[None]:
    """Write down in `file` what is sent and what comes on the transaction's connection."""
    link = tx._driver.pgconn
    with file.open("w") as trace:
        link.trace(trace.fileno())
        link.set_trace_flags(Trace.SUPPRESS_TIMESTAMPS)
        yield
        link.untrace()


def count_trips(file: Path) -> int:
    """How often something was sent after something had come."""
    directions = [line.split("\t")[0] for line in file.read_text().splitlines()]
    return [direction for direction, _ in groupby(directions)].count("F")
