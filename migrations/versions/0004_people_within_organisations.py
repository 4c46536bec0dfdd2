"""Open jobs are counted by owner, organisation and project: namesakes elsewhere have a limit of their own."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_OPEN = sa.text("state IN ('waiting', 'running')")


def upgrade() -> None:
    """Apply."""
    _index("owner", "org", "project")


def downgrade() -> None:
    """Take back."""
    _index("owner")


def _index(*columns: str) -> None:
    op.drop_index("job_open", table_name="job")
    op.create_index("job_open", "job", list(columns), unique=False, sqlite_where=_OPEN, postgresql_where=_OPEN)
