"""Writes of studies."""

from datetime import datetime

from sqlmodel import col, delete

from scheduler.domain.studies import Study
from scheduler.store.columns import to_epoch, to_json
from scheduler.store.sql import make_sql
from scheduler.store.tables.studies import StudyRow
from scheduler.store.tx import Tx

# Two gateways may register the same study at the same moment: the later one joins the row of the earlier.
_PUT = make_sql(
    "INSERT INTO study (project, name, site_orgs, users, created) VALUES (:project, :name, :sites, :members, :created) "
    "ON CONFLICT (project, name) DO UPDATE SET site_orgs = EXCLUDED.site_orgs, users = EXCLUDED.users"
)


def put_study(tx: Tx, study: Study, now: datetime) -> None:
    """Store a study, in place of the one of its name where there is one."""
    sites = to_json({org: list(named) for org, named in study.site_orgs.items()})
    members = to_json([[user.name, user.org] for user in study.users])
    tx.run(_PUT, project=study.project, name=study.name, sites=sites, members=members, created=to_epoch(now))
    tx.session.expire_all()


def delete_study(tx: Tx, study: Study) -> None:
    """Forget a study."""
    gone = delete(StudyRow).where(col(StudyRow.project) == study.project, col(StudyRow.name) == study.name)
    tx.session.exec(gone)
