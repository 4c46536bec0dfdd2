"""Steps know their parties: those that wait for the same ones are one queue."""

import json
from collections.abc import Sequence
from hashlib import sha256
from itertools import groupby

import sqlalchemy as sa
from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

BLOCK = 1000
LONGEST = 1000
_STEPS = sa.text("SELECT id FROM step WHERE id > :after ORDER BY id LIMIT :limit")
_MEMBERS = sa.text("SELECT DISTINCT step_id, party_id FROM task WHERE step_id > :after AND step_id <= :last")
_SET = sa.text("UPDATE step SET parties = :parties WHERE id = :id")


def upgrade() -> None:
    """Apply."""
    # Not in a batch: on SQLite that makes the table anew, and whatever refers to the old one goes with it.
    op.add_column("step", sa.Column("parties", sa.Text(), nullable=False, server_default="[]"))
    _fill()
    op.create_index(
        "step_queue",
        "step",
        ["parties", "rank", "created", "id"],
        unique=False,
        sqlite_where=sa.text("state = 'ready'"),
        postgresql_where=sa.text("state = 'ready'"),
    )


def _fill() -> None:
    """Give every step its parties, a block at a time; it may be run again, so also those that have ended."""
    connection = op.get_bind()
    last = ""
    while steps := connection.execute(_STEPS, {"after": last, "limit": BLOCK}).scalars().all():
        members = connection.execute(_MEMBERS, {"after": last, "last": steps[-1]}).all()
        last = steps[-1]
        filled = [
            {"id": step, "parties": _name_queue([row[1] for row in rows])}
            for step, rows in groupby(sorted(members), key=lambda row: row[0])
        ]
        if filled:
            connection.execute(_SET, filled)


def _name_queue(parties: list[str]) -> str:
    """Their ids, or a digest where they are too long for a key of PostgreSQL's."""
    text = json.dumps(parties, separators=(",", ":"), ensure_ascii=False)
    return text if len(text) <= LONGEST else json.dumps(sha256(text.encode()).hexdigest())


def downgrade() -> None:
    """Take back."""
    op.drop_index("step_queue", table_name="step")
    op.drop_column("step", "parties")
