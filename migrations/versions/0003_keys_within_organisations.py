"""A submit's key is its user's within an organisation and a project: namesakes elsewhere have keys of their own."""

import json
from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_KEEPERS = sa.text(
    "SELECT DISTINCT idempotency.owner, job.owner, job.org, job.project FROM idempotency "
    "JOIN job ON job.id = idempotency.job_id"
)
_SET = sa.text(
    "UPDATE idempotency SET owner = :new WHERE owner = :old "
    "AND job_id IN (SELECT id FROM job WHERE owner = :owner AND org = :org AND project = :project)"
)


def upgrade() -> None:
    """Apply; the keys of jobs that are gone stay as they are, for nobody."""
    connection = op.get_bind()
    for old, owner, org, project in connection.execute(_KEEPERS).all():
        new = json.dumps([project, org, owner], separators=(",", ":"), ensure_ascii=False)
        connection.execute(_SET, {"new": new, "old": old, "owner": owner, "org": org, "project": project})


def downgrade() -> None:
    """Take back: of keys that are the same then only one stays."""
    connection = op.get_bind()
    for old, owner, org, project in connection.execute(_KEEPERS).all():
        taken = (
            "DELETE FROM idempotency WHERE owner = :old AND key IN (SELECT key FROM idempotency WHERE owner = :owner)"
        )
        connection.execute(sa.text(taken), {"old": old, "owner": owner})
        connection.execute(_SET, {"new": owner, "old": old, "owner": owner, "org": org, "project": project})
