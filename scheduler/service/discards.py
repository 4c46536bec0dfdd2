"""What parties have to delete of jobs that exist no more."""

from collections.abc import Sequence

from scheduler.store.tx import Tx
from scheduler.store.writes.removal import delete_discards


def note_discarded(tx: Tx, party: str, tasks: Sequence[str]) -> None:
    """The party has deleted what these tasks left; it is not asked again."""
    delete_discards(tx, party, tasks)
