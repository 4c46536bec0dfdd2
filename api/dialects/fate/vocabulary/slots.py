"""FATE's cores as the core's slots."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from api.dialects.fate.errors import FateError, RetCode

SLOTS: Final = 1
"""Of each task of a job that does not say; FATE's default is 4 cores."""


def fit_slots(
    cores: int | None, roles: Mapping[str, Sequence[str]], slots: Mapping[str, int]
) -> tuple[int, tuple[str, ...]]:
    """Slots of each task, and warnings: `cores` where a party's slots suffice for all its roles at once, else fewer.

    FateError where a single task wants more than a party has.
    """
    if cores is None:
        return SLOTS, ()
    needed = Counter(party for parties in roles.values() for party in parties)
    for party in needed:
        if party in slots and cores > slots[party]:
            raise FateError(
                RetCode.OPERATING,
                f"max cores per job is {slots[party]} at party {party} (its slots), expect {cores} cores: lower task_cores",
            )
    most = min((slots[party] // count for party, count in needed.items() if party in slots), default=cores)
    fitting = max(1, min(cores, most))
    if fitting == cores:
        return cores, ()
    return fitting, (f"[WARN]task_cores is {fitting} instead of {cores}: a party with several roles has no more slots",)
