"""What comes after what it needs."""

from collections.abc import Collection, Mapping
from contextlib import suppress
from graphlib import CycleError, TopologicalSorter


def sort_by_needs(needs: Mapping[str, Collection[str]]) -> list[str]:
    """The keys, each after those that it needs, otherwise as given; needs that are no keys do not count.

    Without those that are in a circle, or need somebody who is.
    """
    if not any(needs.values()):
        return list(needs)
    given = {name: position for position, name in enumerate(needs)}
    sorter = TopologicalSorter({name: [need for need in wanted if need in needs] for name, wanted in needs.items()})
    with suppress(CycleError):  # it gives all that is in front of the circle
        sorter.prepare()
    ordered: list[str] = []
    while free := sorted(sorter.get_ready(), key=given.__getitem__):
        ordered += free
        sorter.done(*free)
    return ordered
