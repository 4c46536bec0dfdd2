"""People are told apart by their organisation: open jobs are counted and a study's users are kept with it.

Keys of submits are found by their jobs, too, with which they are removed.
"""

import json
from collections import defaultdict
from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_OPEN = sa.text("state IN ('waiting', 'running')")
_STUDIES = sa.text("SELECT project, name, users FROM study")
_SET = sa.text("UPDATE study SET users = :users WHERE project = :project AND name = :name")
_SEEN = sa.text(
    "SELECT project, name, org FROM token WHERE kind = 'user' UNION SELECT DISTINCT project, owner, org FROM job"
)


def upgrade() -> None:
    """Apply; a study's user of whom no organisation, or more than one, is known stays everybody of the name."""
    _index("owner", "org", "project")
    op.create_index("idempotency_job", "idempotency", ["job_id"], unique=False)
    studies = _read_studies()
    seen = _find_orgs() if studies else {}
    for project, name, users in studies:
        _store(project, name, [[user, _settle(seen, user, project, f"{project}/{name}")] for user in users])


def downgrade() -> None:
    """Take back."""
    _index("owner")
    op.drop_index("idempotency_job", table_name="idempotency")
    for project, name, users in _read_studies():
        _store(project, name, list(dict.fromkeys(user for user, _ in users)))


def _index(*columns: str) -> None:
    op.drop_index("job_open", table_name="job")
    op.create_index("job_open", "job", list(columns), unique=False, sqlite_where=_OPEN, postgresql_where=_OPEN)


def _read_studies() -> list[tuple[str, str, list]]:
    return [(project, name, json.loads(users)) for project, name, users in op.get_bind().execute(_STUDIES).all()]


def _store(project: str, name: str, users: list) -> None:
    text = json.dumps(users, separators=(",", ":"), ensure_ascii=False)
    op.get_bind().execute(_SET, {"project": project, "name": name, "users": text})


def _find_orgs() -> dict[tuple[str, str], set[str]]:
    """The organisations of everybody who has a token or a job, by project and name."""
    seen = defaultdict(set)
    for project, name, org in op.get_bind().execute(_SEEN).all():
        seen[project, name].add(org)
    return seen


def _settle(seen: dict[tuple[str, str], set[str]], user: str, *projects: str) -> str | None:
    orgs = set().union(*(seen.get((project, user), ()) for project in projects))
    return orgs.pop() if len(orgs) == 1 else None
