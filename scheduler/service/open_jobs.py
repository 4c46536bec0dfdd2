"""How many open jobs each person has, counted now and then instead of with every submit."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

from scheduler.domain.values import valueclass
from scheduler.store.queries.counts import Person

GOOD_FOR: Final = timedelta(seconds=1)
"""How long a count is relied on: it knows nothing of what other gateways let in meanwhile."""
MANY_PEOPLE: Final = 1000
"""From so many on, counts that are too old are thrown away."""


@valueclass(frozen=True, slots=True)
class _Count:
    jobs: int
    at: datetime


class OpenJobs:
    """The most open jobs that each person can have by now: a count, and all that was let in since. One for each writer.

    To count takes the longer, the more jobs are open, and a person who submits thousands would pay for it every time.
    What ends, or is undone with its transaction, leaves with the next count, which is due before anything is refused.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._counts: dict[Person, _Count] = {}

    def find_due(self, people: Iterable[Person], *, now: datetime) -> set[Person]:
        """Those who must be counted before they may have these jobs, one for each time that they are named."""
        return {person for person, jobs in Counter(people).items() if not self._has_room(person, jobs, now)}

    def _has_room(self, person: Person, jobs: int, now: datetime) -> bool:
        count = self._counts.get(person)
        return count is not None and count.at <= now < count.at + GOOD_FOR and count.jobs + jobs <= self.limit

    def note(self, people: Iterable[Person], counted: Mapping[Person, int], *, now: datetime) -> None:
        """These were counted now; who has no open job stands not in `counted`."""
        if len(self._counts) >= MANY_PEOPLE:
            self._counts = {person: count for person, count in self._counts.items() if now < count.at + GOOD_FOR}
        self._counts.update({person: _Count(counted.get(person, 0), now) for person in people})

    def admit(self, person: Person) -> bool:
        """Whether the person may have one more, which counts from now on."""
        count = self._counts[person]
        if count.jobs >= self.limit:
            return False
        self._counts[person] = _Count(count.jobs + 1, count.at)
        return True
