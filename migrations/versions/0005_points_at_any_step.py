"""A metric's point may be at any step of 64 bits, such as a time in milliseconds.

SQLite's whole numbers have as many anyway; PostgreSQL writes the table of points anew, which may take its time.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_NEAREST = "LEAST(GREATEST(x, -2147483648), 2147483647)"


def upgrade() -> None:
    """Apply."""
    _change(sa.Integer(), sa.BigInteger(), "x")


def downgrade() -> None:
    """Take back; points at steps beyond 32 bits move to the nearest that there is."""
    _change(sa.BigInteger(), sa.Integer(), _NEAREST)


def _change(old: sa.Integer, new: sa.Integer, using: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("SET LOCAL statement_timeout = 0")
        op.alter_column("metric", "x", existing_type=old, type_=new, postgresql_using=using)
