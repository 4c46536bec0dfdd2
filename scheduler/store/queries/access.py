"""Reads of credentials, never of their secrets, and of idempotency keys."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, func, select

from scheduler.domain.errors import NotFoundError
from scheduler.store.columns import to_json
from scheduler.store.tables.access import TokenRow
from scheduler.store.tables.jobs import IdempotencyRow
from scheduler.store.tx import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenView:
    """A credential without its secret; `kind` is user or worker."""

    id: str
    kind: str
    name: str
    role: str
    org: str
    project: str
    party: str | None
    created: datetime
    expires: datetime | None
    last_used: datetime | None
    revoked: datetime | None


def find_token(tx: Tx, token: str) -> tuple[TokenView, str] | None:
    """A token and the digest of its secret, or None."""
    row = tx.session.get(TokenRow, token)
    return None if row is None else (_view(row), row.digest)


def get_token(tx: Tx, token: str) -> TokenView:
    """A token; NotFoundError where there is none."""
    found = find_token(tx, token)
    if found is None:
        raise NotFoundError("token", token)
    return found[0]


def list_tokens(tx: Tx) -> list[TokenView]:
    """Every token, the oldest first."""
    query = select(TokenRow).order_by(col(TokenRow.created), col(TokenRow.id))
    return [_view(row) for row in tx.session.exec(query).all()]


def list_orgs(tx: Tx, *, name: str, project: str) -> list[str]:
    """The organisations in which somebody of this name has a token of the project that was not revoked, sorted."""
    query = select(TokenRow.org).where(TokenRow.name == name, TokenRow.project == project, TokenRow.kind == "user")
    return sorted(set(tx.session.exec(query.where(col(TokenRow.revoked).is_(None))).all()))


def name_keeper(*, org: str, project: str, owner: str) -> str:
    """Whose an idempotency key is: names are given within an organisation, and everyone may use the same keys."""
    return to_json([project, org, owner])


def find_submitted(tx: Tx, keeper: str, key: str) -> str | None:
    """The id of the job that `keeper` submitted with this idempotency key, which may be forgotten since; or None."""
    row = tx.session.get(IdempotencyRow, (keeper, key))
    return None if row is None else row.job_id


def count_keys(tx: Tx, job: str) -> int:
    """How many idempotency keys lead to a job."""
    query = select(func.count()).select_from(IdempotencyRow).where(IdempotencyRow.job_id == job)
    return tx.session.exec(query).one()


def _view(row: TokenRow) -> TokenView:
    return TokenView(
        id=row.id,
        kind=row.kind,
        name=row.name,
        role=row.role,
        org=row.org,
        project=row.project,
        party=row.party_id,
        created=row.created,
        expires=row.expires,
        last_used=row.last_used,
        revoked=row.revoked,
    )
