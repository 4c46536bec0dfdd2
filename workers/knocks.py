"""What a knock looks like, whether the broker or the party channel brings it."""

from typing import Final

from scheduler.domain.messages import Knock

MAX_KNOCKS: Final = 4096
MAX_TASK: Final = 128


class KnockError(ValueError):
    """What came is no list of knocks."""


def parse_knocks(items: object) -> list[Knock]:
    """The knocks in a list of `[task, seq]` or `[task, seq, 1]`; KnockError where one is anything else."""
    if not isinstance(items, list) or len(items) > MAX_KNOCKS:
        raise KnockError(f"they are not a list of at most {MAX_KNOCKS} knocks")
    return [_parse_knock(item) for item in items]


def _parse_knock(item: object) -> Knock:
    if not isinstance(item, list) or len(item) not in {2, 3}:
        raise KnockError("a knock is not [task, seq] or [task, seq, 1]")
    task, seq = item[:2]
    is_task = isinstance(task, str) and 0 < len(task) <= MAX_TASK
    is_seq = isinstance(seq, int) and not isinstance(seq, bool) and 0 < seq < 1 << 62
    if not is_task or not is_seq:
        raise KnockError("a knock's task is no text, or its seq no number")
    if len(item) == 3 and item[2] != 1:
        raise KnockError("a knock's third item is not 1")
    return Knock(task, seq, held=len(item) == 3)
