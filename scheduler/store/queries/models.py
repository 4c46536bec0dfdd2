"""Reads of the model registry: versions, who holds which part, what marks and serves them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlmodel import col, func, select

from scheduler.domain.errors import NotFoundError
from scheduler.domain.states import OPEN, State
from scheduler.store.columns import from_epoch, to_epoch
from scheduler.store.queries.paging import Page, make_page, parse_cursor
from scheduler.store.queries.tracking import OutputView, list_outputs
from scheduler.store.tables.jobs import JobRow
from scheduler.store.tables.models import ModelMemberRow, ModelRow, ModelServiceRow, ModelSourceRow, ModelTagRow, TagRow
from scheduler.store.tx import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelMember:
    """A party's part in a model; in the model's job it stands as `source_role` and `source_party`."""

    role: str
    party: str
    source_role: str
    source_party: str
    loaded: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A version of a model, whose parts are outputs of `job`; those of `borrowed` steps are another job's.

    `components` are the steps that predict, None where it is not deployed; `recipe` is what a dialect keeps for
    prediction, None where the job's own document serves. `parent` is (model id, version).
    """

    id: str
    project: str
    org: str
    model_id: str
    version: str
    job: str
    components: tuple[str, ...] | None
    recipe: dict[str, Any] | None
    parent: tuple[str, str] | None
    imported: bool
    notes: str
    owner: str
    created: datetime
    members: tuple[ModelMember, ...]
    tags: tuple[str, ...]
    services: tuple[str, ...]
    borrowed: Mapping[str, str] = field(default_factory=dict)
    """Step -> the earlier job that did it."""

    @property
    def is_deployed(self) -> bool:
        """Whether it is settled which of its steps predict."""
        return self.components is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFilter:
    """Which models: empty fields do not narrow."""

    project: str
    model_id: str = ""
    version: str = ""
    role: str = ""
    party: str = ""
    tag: str = ""
    job: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """An output that belongs to a model, and the member that holds it."""

    member: ModelMember
    output: OutputView


def get_model(tx: Tx, project: str, model_id: str, version: str) -> Model:
    """One version; NotFoundError where the project has none, or its job has not succeeded."""
    found = find_model(tx, project, model_id, version)
    if found is None:
        raise NotFoundError("model", f"{model_id} {version}")
    return found


def find_model(tx: Tx, project: str, model_id: str, version: str) -> Model | None:
    """As `get_model`, but None where there is none."""
    found = list_models(tx, ModelFilter(project=project, model_id=model_id, version=version), limit=1)
    return found.items[0] if found.items else None


def find_registered(tx: Tx, project: str, model_id: str, version: str) -> str | None:
    """The registry's own id of a version, also where its job has not succeeded (yet, or in a rerun)."""
    return tx.session.exec(
        select(ModelRow.id).where(
            ModelRow.project == project, ModelRow.model_id == model_id, ModelRow.version == version
        )
    ).first()


def list_models(tx: Tx, wanted: ModelFilter, *, after: str | None = None, limit: int = 50) -> Page[Model]:
    """Models whose job is a success, the newest first."""
    newest = col(ModelRow.created).desc(), col(ModelRow.id).desc()
    query = _filtered(wanted).order_by(*newest).limit(limit + 1)
    key = parse_cursor(after, float, str)
    if key is not None:
        created, last = from_epoch(key[0]), key[1]
        query = query.where(
            (col(ModelRow.created) < created) | ((col(ModelRow.created) == created) & (col(ModelRow.id) < last))
        )
    rows = tx.session.exec(query, execution_options={"populate_existing": True}).all()
    page = make_page(rows, limit, lambda row: row, lambda row: [to_epoch(row[0].created), row[0].id])
    return Page(_view(tx, page.items), page.next)


def _filtered(wanted: ModelFilter) -> Any:
    query: Any = select(ModelRow, JobRow.org).join(JobRow, col(JobRow.id) == ModelRow.job_id)
    query = query.where(ModelRow.project == wanted.project, JobRow.state == State.SUCCESS)
    for column, value in (
        (ModelRow.model_id, wanted.model_id),
        (ModelRow.version, wanted.version),
        (ModelRow.job_id, wanted.job),
    ):
        if value:
            query = query.where(column == value)
    if wanted.role or wanted.party:
        query = query.where(col(ModelRow.id).in_(_members_of(wanted)))
    if wanted.tag:
        tagged = select(ModelTagRow.model).join(TagRow, col(TagRow.id) == ModelTagRow.tag)
        query = query.where(col(ModelRow.id).in_(tagged.where(TagRow.name == wanted.tag)))
    return query


def _members_of(wanted: ModelFilter) -> Any:
    query = select(ModelMemberRow.model)
    if wanted.role:
        query = query.where(ModelMemberRow.role == wanted.role)
    return query.where(ModelMemberRow.party_id == wanted.party) if wanted.party else query


def count_tagged(tx: Tx, project: str) -> dict[str, int]:
    """How many models, whose jobs are successes, bear each tag of the project; a tag that none bears is left out."""
    query: Any = (
        select(TagRow.name, func.count())
        .join(ModelTagRow, col(ModelTagRow.tag) == TagRow.id)
        .join(ModelRow, col(ModelRow.id) == ModelTagRow.model)
        .join(JobRow, col(JobRow.id) == ModelRow.job_id)
        .where(TagRow.project == project, JobRow.state == State.SUCCESS)
        .group_by(col(TagRow.name))
    )
    return {name: int(count) for name, count in tx.session.exec(query).all()}


def list_needing(tx: Tx, job: str) -> list[Model]:
    """The models that have parts among the outputs of `job`, or will have once their own job, still open, has succeeded."""
    borrowing = select(ModelSourceRow.model).where(ModelSourceRow.job_id == job)
    mine = (col(ModelRow.job_id) == job) | col(ModelRow.id).in_(borrowing)
    query: Any = select(ModelRow, JobRow.org).join(JobRow, col(JobRow.id) == ModelRow.job_id)
    may_succeed = col(JobRow.state).in_([str(state) for state in (*sorted(OPEN), State.SUCCESS)])
    query = query.where(mine, may_succeed).order_by(col(ModelRow.created))
    return _view(tx, tx.session.exec(query, execution_options={"populate_existing": True}).all())


def list_parts(tx: Tx, model: Model) -> list[Part]:
    """The model's parts: outputs of kind model of its job and of steps it borrows, of a deployed one's steps only."""
    by_source: dict[tuple[str, str], ModelMember] = {
        (member.source_role, member.source_party): member for member in model.members
    }
    return [
        Part(by_source[place], output)
        for output in _list_outputs(tx, model)
        if output.kind == "model"
        and (model.components is None or output.where.step in model.components)
        and (place := (output.where.role, output.where.party)) in by_source
    ]


def _list_outputs(tx: Tx, model: Model) -> list[OutputView]:
    found = (
        []
        if not model.borrowed
        else [output for step, job in model.borrowed.items() for output in list_outputs(tx, job, step=step)]
    )
    return found + list_outputs(tx, model.job)


def find_borrowed(tx: Tx, model: str) -> dict[str, str]:
    """Step -> the earlier job that did it, of a model by the registry's own id."""
    return _list_sources(tx, [model]).get(model, {})


def _view(tx: Tx, rows: Sequence[tuple[ModelRow, str]]) -> list[Model]:
    ids = [row.id for row, _ in rows]
    members, tags, services = _list_members(tx, ids), _list_tags(tx, ids), _list_services(tx, ids)
    borrowed = _list_sources(tx, ids)
    return [
        Model(
            id=row.id,
            project=row.project,
            org=org,
            model_id=row.model_id,
            version=row.version,
            job=row.job_id,
            components=None if row.components is None else tuple(row.components),
            recipe=row.recipe,
            parent=(row.parent_id, row.parent_version) if row.parent_version else None,
            imported=row.imported,
            notes=row.notes,
            owner=row.owner,
            created=row.created,
            members=tuple(members.get(row.id, ())),
            tags=tuple(tags.get(row.id, ())),
            services=tuple(services.get(row.id, ())),
            borrowed=borrowed.get(row.id, {}),
        )
        for row, org in rows
    ]


def _list_members(tx: Tx, models: Sequence[str]) -> dict[str, list[ModelMember]]:
    rows = tx.session.exec(
        select(ModelMemberRow).where(col(ModelMemberRow.model).in_(models)).order_by(col(ModelMemberRow.place)),
        execution_options={"populate_existing": True},
    ).all()
    found: dict[str, list[ModelMember]] = {}
    for row in rows:
        member = ModelMember(
            role=row.role,
            party=row.party_id,
            source_role=row.source_role,
            source_party=row.source_party,
            loaded=row.loaded,
        )
        found.setdefault(row.model, []).append(member)
    return found


def _list_sources(tx: Tx, models: Sequence[str]) -> dict[str, dict[str, str]]:
    rows = tx.session.exec(
        select(ModelSourceRow.model, ModelSourceRow.step, ModelSourceRow.job_id)
        .where(col(ModelSourceRow.model).in_(models))
        .order_by(col(ModelSourceRow.step))
    ).all()
    found: dict[str, dict[str, str]] = {}
    for model, step, job in rows:
        found.setdefault(model, {})[step] = job
    return found


def _list_tags(tx: Tx, models: Sequence[str]) -> dict[str, list[str]]:
    rows = tx.session.exec(
        select(ModelTagRow.model, TagRow.name)
        .join(TagRow, col(TagRow.id) == ModelTagRow.tag)
        .where(col(ModelTagRow.model).in_(models))
        .order_by(col(TagRow.name))
    ).all()
    return _grouped(rows)


def _list_services(tx: Tx, models: Sequence[str]) -> dict[str, list[str]]:
    rows = tx.session.exec(
        select(ModelServiceRow.model, ModelServiceRow.name)
        .where(col(ModelServiceRow.model).in_(models))
        .order_by(col(ModelServiceRow.name))
    ).all()
    return _grouped(rows)


def _grouped(rows: Sequence[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for model, name in rows:
        found.setdefault(model, []).append(name)
    return found
