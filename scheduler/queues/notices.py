"""Notices: what a commit of one process means for those that are connected to another. Hints, as nudges are."""

from collections.abc import Iterable
from dataclasses import dataclass

import orjson

from scheduler.store.columns import to_json
from scheduler.store.effects import Stop


class NoticeError(ValueError):
    """The bytes are no notice."""


@dataclass(frozen=True, slots=True)
class Notice:
    """Jobs that have new events, and tasks to be stopped through their party's channel, whoever holds it."""

    sender: str
    jobs: tuple[str, ...] = ()
    stops: tuple[Stop, ...] = ()


def render_notice(sender: str, jobs: Iterable[str], stops: Iterable[Stop] = ()) -> str:
    """The notice as it is published."""
    return to_json([sender, list(jobs), [list(stop) for stop in stops]])


def parse_notice(raw: bytes) -> Notice:
    """A published notice; NoticeError where it is none."""
    try:
        sender, jobs, stops = orjson.loads(raw)
        found = [(str(party), str(task), int(seq), str(kind)) for party, task, seq, kind in stops]
        return Notice(str(sender), tuple(map(str, jobs)), tuple(found))
    except (ValueError, TypeError) as wrong:
        raise NoticeError(f"{len(raw)} bytes are no notice") from wrong
