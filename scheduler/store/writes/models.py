"""Writes of the model registry."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from sqlmodel import col, delete, select, update

from scheduler.domain.model import Submission
from scheduler.store.columns import to_epoch
from scheduler.store.hot.submit import NewJob
from scheduler.store.queries.models import Model, ModelMember
from scheduler.store.tables.models import ModelMemberRow, ModelRow, ModelServiceRow, ModelSourceRow
from scheduler.store.tx import Tx

MODEL_LABEL: Final = "model"
"""A job with this label makes a version of the model that it names; the version is the job's id."""


def insert_trained(tx: Tx, jobs: Sequence[NewJob], now: datetime) -> None:
    """Register what the jobs will have made once they have succeeded; hot, so nothing is done for other jobs."""
    making = [job for job in jobs if job.submission.labels.get(MODEL_LABEL)]
    if making:
        tx.insert_last(ModelRow, [_trained_row(job, now) for job in making])
        tx.insert_last(ModelMemberRow, [row for job in making for row in _trained_members(job)])
        tx.insert_last(ModelSourceRow, [row for job in making for row in _trained_sources(job)])


def _trained_row(job: NewJob, now: datetime) -> dict[str, Any]:
    submission: Submission = job.submission
    return {
        "id": job.id,
        "project": submission.project,
        "model_id": submission.labels[MODEL_LABEL],
        "version": job.id,
        "job_id": job.id,
        "components": None,
        "recipe": None,
        "parent_id": "",
        "parent_version": "",
        "imported": False,
        "notes": "",
        "owner": submission.owner,
        "created": to_epoch(now),
    }


def _trained_members(job: NewJob) -> Iterator[dict[str, Any]]:
    members = [(role, party) for role, parties in job.submission.roles.items() for party in parties]
    for place, (role, party) in enumerate(members):
        yield {
            "model": job.id,
            "role": role,
            "party_id": party,
            "place": place,
            "source_role": role,
            "source_party": party,
            "loaded": 0,
        }


def _trained_sources(job: NewJob) -> Iterator[dict[str, Any]]:
    for step, source in job.submission.borrowed.items():
        yield {"model": job.id, "step": step, "job_id": source}


def insert_model(tx: Tx, model: Model) -> None:
    """Store a version with its members."""
    tx.session.add(
        ModelRow(
            id=model.id,
            project=model.project,
            model_id=model.model_id,
            version=model.version,
            owner=model.owner,
            created=model.created,
            **_contents(model),
        )
    )
    tx.session.flush()
    tx.session.add_all(_member_row(model.id, place, member) for place, member in enumerate(model.members))
    tx.session.add_all(_source_rows(model.id, model))
    tx.session.flush()


def _contents(model: Model) -> dict[str, Any]:
    """What a version consists of, by column."""
    parent_id, parent_version = model.parent or ("", "")
    return {
        "job_id": model.job,
        "components": None if model.components is None else list(model.components),
        "recipe": model.recipe,
        "parent_id": parent_id,
        "parent_version": parent_version,
        "imported": model.imported,
        "notes": model.notes,
    }


def _source_rows(identity: str, model: Model) -> Iterator[ModelSourceRow]:
    for step, job in model.borrowed.items():
        yield ModelSourceRow(model=identity, step=step, job_id=job)


def _member_row(model: str, place: int, member: ModelMember) -> ModelMemberRow:
    return ModelMemberRow(
        model=model,
        role=member.role,
        party_id=member.party,
        place=place,
        source_role=member.source_role,
        source_party=member.source_party,
        loaded=member.loaded,
    )


def replace_model(tx: Tx, former: str, model: Model) -> None:
    """Let the version registered as `former` consist of what `model` does; members keep the count of their loads."""
    tx.session.exec(update(ModelRow).where(col(ModelRow.id) == former).values(**_contents(model)))
    rows = tx.session.exec(select(ModelMemberRow).where(ModelMemberRow.model == former)).all()
    loaded = {(row.role, row.party_id): row.loaded for row in rows}
    tx.session.exec(delete(ModelMemberRow).where(col(ModelMemberRow.model) == former))
    tx.session.exec(delete(ModelSourceRow).where(col(ModelSourceRow.model) == former))
    tx.session.expunge_all()
    tx.session.add_all(
        _member_row(former, place, replace(member, loaded=loaded.get((member.role, member.party), 0)))
        for place, member in enumerate(model.members)
    )
    tx.session.add_all(_source_rows(former, model))
    tx.session.flush()


def delete_model(tx: Tx, model: str) -> None:
    """Forget a version, with its tags and services."""
    tx.session.exec(delete(ModelRow).where(col(ModelRow.id) == model))


def count_loads(tx: Tx, model: str, members: Collection[tuple[str, str]]) -> None:
    """Count one more load at each (role, party) named."""
    for role, party in members:
        tx.session.exec(
            update(ModelMemberRow)
            .where(
                col(ModelMemberRow.model) == model,
                col(ModelMemberRow.role) == role,
                col(ModelMemberRow.party_id) == party,
            )
            .values(loaded=ModelMemberRow.loaded + 1)
        )


def put_service(tx: Tx, model: Model, service: str, *, owner: str, now: datetime) -> None:
    """A service answers with this model from now on, with whatever it did before."""
    row = ModelServiceRow(project=model.project, name=service, model=model.id, owner=owner, at=now)
    tx.session.merge(row)
    tx.session.flush()
