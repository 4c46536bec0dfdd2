"""`python -m scheduler.service.bootstrap`: the first token and the parties of a new installation."""

import argparse
import os
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from config.settings import Settings, SettingsError, load
from scheduler.domain.access import DEFAULT_PROJECT, LOCAL_ORG, Principal, Role
from scheduler.domain.errors import FedrotaError, UnauthenticatedError
from scheduler.service.audit import Actor
from scheduler.service.parties import PartyPatch, change_party, create_party
from scheduler.service.tokens import TokenRequest, authenticate, issue_token
from scheduler.store.failures import DatabaseAwayError, telling_away
from scheduler.store.migrate import migrate
from scheduler.store.queries.parties import list_parties
from scheduler.store.schema import SchemaError, check_schema
from scheduler.store.session import Store, make_store
from scheduler.store.tx import Tx

ACTOR: Final = Actor(
    Principal(name="bootstrap", kind="user", role=Role.PROJECT_ADMIN, org=LOCAL_ORG, project=DEFAULT_PROJECT)
)
"""Whose acts these are in the audit trail."""


def bootstrap(store: Store, state_dir: Path, parties: dict[str, int | None], *, now: datetime) -> None:
    """Make what is missing: an administrator's token in `<state>/token`, each party with its worker's token.

    Tokens lie in files that only their owner can read; those that are good stay as they are. One that this database does
    not know, because it is another than last time, or that was revoked or has expired, is replaced.
    `parties` maps an id to its slots (None: as its worker says); a known party gets the slots named.
    """
    secrets: dict[Path, str] = {}
    with store.write() as tx:
        if not _is_good(tx, state_dir / "token", party=None, now=now):
            wanted = TokenRequest(name="admin", role=Role.PROJECT_ADMIN, org=LOCAL_ORG, project=DEFAULT_PROJECT)
            secrets[state_dir / "token"] = issue_token(tx, wanted, by=ACTOR, now=now)[1]
        _register(tx, parties, now=now)
        for party in parties:
            path = state_dir / "parties" / f"{party}.token"
            if not _is_good(tx, path, party=party, now=now):
                wanted = TokenRequest(name=f"worker of {party}", org=LOCAL_ORG, project=DEFAULT_PROJECT, party=party)
                secrets[path] = issue_token(tx, wanted, by=ACTOR, now=now)[1]
    # After the commit: a file must never hold a token that the store does not know.
    for path, text in secrets.items():
        write_secret(path, text)


def _is_good(tx: Tx, path: Path, *, party: str | None, now: datetime) -> bool:
    """Whether the file holds a token that works, for the worker of `party` where one is given."""
    try:
        return authenticate(tx, path.read_text(errors="replace").strip(), now=now).party == party
    except (FileNotFoundError, UnauthenticatedError):
        return False


def _register(tx: Tx, parties: dict[str, int | None], *, now: datetime) -> None:
    known = {party.id: party.slots for party in list_parties(tx)}
    for party, slots in parties.items():
        if party not in known:
            create_party(tx, party, org=LOCAL_ORG, slots=slots, by=ACTOR, now=now)
        elif slots is not None and slots != known[party]:
            change_party(tx, party, PartyPatch(slots=slots), by=ACTOR, now=now)


def write_secret(path: Path, text: str) -> None:
    """A file with mode 0600, complete or not there at all."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text + "\n")
    draft.rename(path)


def parse_party(text: str) -> tuple[str, int | None]:
    """`ID` or `ID:SLOTS`."""
    party, _, slots = text.partition(":")
    if slots and not slots.removeprefix("-").isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is neither ID nor ID:SLOTS")
    return party, int(slots) if slots else None


def main() -> int:
    """Exit status 0, or 1 with a sentence on what to change."""
    parser = argparse.ArgumentParser(prog="python -m scheduler.service.bootstrap", description=__doc__)
    parser.add_argument("--state", type=Path, help="the state folder (default: FEDROTA_STATE_DIR)")
    parser.add_argument("--migrate", action="store_true", help="first bring the database to this release's schema")
    parser.add_argument("--party", action="append", default=[], type=parse_party, metavar="ID[:SLOTS]")
    given = parser.parse_args()
    try:
        settings = load(Settings, **({"state_dir": given.state} if given.state else {}))
        settings.state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        with telling_away(), closing(make_store(settings.sql_url())) as store:
            if given.migrate:
                migrate(store)
            check_schema(store)
            bootstrap(store, settings.state_dir, dict(given.party), now=datetime.now(UTC))
    except (SettingsError, SchemaError, FedrotaError, DatabaseAwayError) as wrong:
        print(wrong, file=sys.stderr)  # noqa: T201  a command's own output
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
