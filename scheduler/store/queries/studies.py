"""Reads of studies."""

from sqlmodel import col, func, select

from scheduler.domain.studies import Study, StudyUser
from scheduler.store.tables.jobs import JobRow
from scheduler.store.tables.studies import StudyRow
from scheduler.store.tx import Tx


def find_study(tx: Tx, project: str, name: str, *, locks: bool = False) -> Study | None:
    """The study, or None; with `locks` nobody else changes it before this transaction ends."""
    query = select(StudyRow).where(StudyRow.project == project, StudyRow.name == name)
    query = query.with_for_update() if locks else query
    row = tx.session.exec(query, execution_options={"populate_existing": True}).first()
    return None if row is None else _view(row)


def list_studies(tx: Tx, project: str) -> list[Study]:
    """The studies of a project, by name."""
    query = select(StudyRow).where(StudyRow.project == project).order_by(col(StudyRow.name))
    return [_view(row) for row in tx.session.exec(query).all()]


def count_study_jobs(tx: Tx, study: Study) -> int:
    """How many jobs of a study are stored."""
    return tx.session.exec(select(func.count()).select_from(JobRow).where(JobRow.project == study.scope)).one()


def _view(row: StudyRow) -> Study:
    orgs = {org: tuple(sites) for org, sites in row.site_orgs.items()}
    users = tuple(StudyUser(name or "", org) for name, org in row.users)
    return Study(project=row.project, name=row.name, site_orgs=orgs, users=users)
