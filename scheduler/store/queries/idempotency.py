"""Reads of idempotency keys: which job an earlier submit with the same key made."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlmodel import func, select

from scheduler.store.columns import to_json
from scheduler.store.sql import make_sql
from scheduler.store.tables.jobs import IdempotencyRow
from scheduler.store.tx import Tx
from scheduler.store.work import Work

_KEYS = make_sql("SELECT owner, key, digest, job_id FROM idempotency WHERE owner {in:keepers} AND key {in:keys}")


@dataclass(frozen=True, slots=True)
class KeyUse:
    """A submit's idempotency key: whose (`name_keeper`), for which document (by digest), and the job it made."""

    owner: str
    key: str
    digest: str
    job: str


def name_keeper(*, org: str, project: str, owner: str) -> str:
    """Whose an idempotency key is: names are given within an organisation, and everyone may use the same keys."""
    return to_json([project, org, owner])


def find_keys(tx: Tx, keys: Collection[tuple[str, str]]) -> Work[dict[tuple[str, str], KeyUse]]:
    """The uses of idempotency keys that are stored, by (owner, key); others' of the same name may be among them."""
    if not keys:
        return {}
    keepers, names = ({key[at] for key in keys} for at in (0, 1))
    asked = tx.ask((_KEYS, {"keepers": sorted(keepers), "keys": sorted(names)}))
    yield
    [rows] = asked()
    return {(row[0], row[1]): KeyUse(*row) for row in rows}


def find_submitted(tx: Tx, keeper: str, key: str) -> str | None:
    """The id of the job that `keeper` submitted with this idempotency key, which may be forgotten since; or None."""
    row = tx.session.get(IdempotencyRow, (keeper, key))
    return None if row is None else row.job_id


def count_keys(tx: Tx, job: str) -> int:
    """How many idempotency keys lead to a job."""
    query = select(func.count()).select_from(IdempotencyRow).where(IdempotencyRow.job_id == job)
    return tx.session.exec(query).one()
