"""What parties let each other's jobs use: granted, taken back, and checked before a job is stored."""

from collections.abc import Collection, Iterable
from datetime import datetime

from scheduler.domain.errors import ForbiddenError
from scheduler.domain.grants import Grant, Use, list_refused
from scheduler.service.audit import Actor, note
from scheduler.store.queries.grants import list_grants
from scheduler.store.tx import Tx
from scheduler.store.writes.grants import delete_grants, put_grants


def give_grants(tx: Tx, grants: Collection[Grant], *, by: Actor, now: datetime) -> None:
    """Let parties use what the grants name."""
    put_grants(tx, grants, now)
    _note_all(tx, "give_grant", grants, by=by, now=now)


def take_grants(tx: Tx, grants: Collection[Grant], *, by: Actor, now: datetime) -> None:
    """Take back what the grants name; what was never granted is no error."""
    delete_grants(tx, grants)
    _note_all(tx, "take_grant", grants, by=by, now=now)


def check_uses(tx: Tx, by: str, uses: Iterable[Use], *, guarded: Collection[str]) -> None:
    """ForbiddenError where party `by` would use of another what it was not granted; only `guarded` kinds count."""
    asked = [use for use in uses if use.kind in guarded]
    if not asked:
        return
    refused = list(list_refused(by, asked, list_grants(tx, grantee=by)))
    if refused:
        raise ForbiddenError(
            f"party {by} may not use {', '.join(str(use) for use in refused)}: ask that party to grant it"
        )


def _note_all(tx: Tx, action: str, grants: Iterable[Grant], *, by: Actor, now: datetime) -> None:
    for grant in grants:
        where = f"{grant.namespace}/" if grant.namespace else ""
        note(tx, by, action, f"{grant.party} to {grant.grantee}: {grant.kind} {where}{grant.name}", now=now)
