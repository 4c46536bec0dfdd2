"""Reads of what parties let each other use."""

from sqlmodel import col, select

from scheduler.domain.grants import Grant
from scheduler.store.tables.parties import GrantRow
from scheduler.store.tx import Tx


def list_grants(tx: Tx, *, grantee: str) -> list[Grant]:
    """What parties let `grantee` use, by party, kind and name."""
    order = (col(GrantRow.party_id), col(GrantRow.kind), col(GrantRow.namespace), col(GrantRow.name))
    query = select(GrantRow).where(GrantRow.grantee == grantee).order_by(*order)
    return [
        Grant(party=row.party_id, grantee=row.grantee, kind=row.kind, namespace=row.namespace, name=row.name)
        for row in tx.session.exec(query).all()
    ]
