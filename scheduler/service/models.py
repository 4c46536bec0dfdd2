"""What users do with models: deploy, relabel, load, bind, import, forget."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from scheduler.domain.access import name_owner
from scheduler.domain.errors import ConflictError, InvalidDocumentError, NotFoundError, Problem
from scheduler.service.audit import Actor, note
from scheduler.service.ids import new_definition_id
from scheduler.service.parties import PARTY_ID
from scheduler.store.queries.jobs import get_job
from scheduler.store.queries.models import Model, ModelMember, find_registered, get_model
from scheduler.store.tx import Tx
from scheduler.store.writes.models import count_loads, delete_model, insert_model, put_service, replace_model

MODEL_ID_CHARS: Final = 1000
VERSION_CHARS: Final = 200
"""So much of a model's id and version goes into an archive."""
NAME_BYTES: Final = 1500
"""Of a model's id, or the name of a tag or service: beside version and project, PostgreSQL's indexes hold little more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelName:
    """Names a version of a model."""

    project: str
    model_id: str
    version: str

    def __str__(self) -> str:
        return f"{self.model_id} {self.version}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """Which steps of a model predict, and what a dialect keeps for that; `version` is the new version's name."""

    version: str
    components: tuple[str, ...]
    recipe: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A model from elsewhere, whose parts are outputs of the job `job` here now."""

    name: ModelName
    job: str
    members: Sequence[tuple[str, str]]
    """(role, party) of each member, as in the job."""
    components: tuple[str, ...] | None
    recipe: Mapping[str, Any] | None
    parent: tuple[str, str] | None = None
    notes: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Relabeling:
    """A model's new name, and (role, party) -> the same under their new names; `recipe` in those names too."""

    name: ModelName
    members: Mapping[tuple[str, str], tuple[str, str]]
    recipe: Mapping[str, Any] | None


def deploy_model(tx: Tx, name: ModelName, deployment: Deployment, *, by: Actor, now: datetime) -> Model:
    """A new version with the same parts that may predict; the one it comes from stays as it is."""
    found = _get(tx, name)
    child = replace(
        found,
        id=new_definition_id(32),
        version=deployment.version,
        components=deployment.components,
        recipe=dict(deployment.recipe),
        parent=(found.model_id, found.version),
        imported=False,
        owner=name_owner(by.principal, found.org),
        created=now,
        members=_unloaded(found.members),
    )
    return _add(tx, child, "deploy_model", by=by, now=now)


def relabel_model(tx: Tx, name: ModelName, relabeling: Relabeling, *, by: Actor, now: datetime) -> Model:
    """The same parts under another name and with other parties.

    The parts stay where they lie; an export carries the new names, so that the new parties can import it.
    NotFoundError where a member is not the model's, InvalidDocumentError where a new party's id can be none.
    """
    found = _get(tx, name)
    for _, party in relabeling.members.values():
        if not PARTY_ID.fullmatch(party):
            raise InvalidDocumentError(Problem("members", f"{party[:100]!r} can be no party's id"))
    for role, party in relabeling.members.keys() - {(member.role, member.party) for member in found.members}:
        raise NotFoundError("member", f"{role} {party} of model {name}")
    child = replace(
        found,
        id=new_definition_id(32),
        model_id=relabeling.name.model_id,
        version=relabeling.name.version,
        recipe=None if relabeling.recipe is None else dict(relabeling.recipe),
        parent=(found.model_id, found.version),
        owner=name_owner(by.principal, found.org),
        created=now,
        members=tuple(
            replace(member, role=relabeling.members[key][0], party=relabeling.members[key][1], loaded=0)
            for member in found.members
            if (key := (member.role, member.party)) in relabeling.members
        ),
    )
    return _add(tx, child, "relabel_model", by=by, now=now)


def receive_model(tx: Tx, arrival: Arrival, *, replaces: bool, by: Actor, now: datetime) -> Model:
    """Register a model from elsewhere; ConflictError where there is one of that name and `replaces` is not set.

    One that is replaced keeps its tags, its services and how often it was loaded.
    """
    former = find_registered(tx, arrival.name.project, arrival.name.model_id, arrival.name.version)
    if former is not None and not replaces:
        raise ConflictError(f"there is a model {arrival.name} already")
    members = (
        ModelMember(role=role, party=party, source_role=role, source_party=party) for role, party in arrival.members
    )
    made = Model(
        id=arrival.job,
        project=arrival.name.project,
        org=get_job(tx, arrival.job).org,
        model_id=arrival.name.model_id,
        version=arrival.name.version,
        job=arrival.job,
        components=arrival.components,
        recipe=None if arrival.recipe is None else dict(arrival.recipe),
        parent=arrival.parent,
        imported=True,
        notes=arrival.notes,
        owner=by.principal.name,
        created=now,
        members=tuple(members),
        tags=(),
        services=(),
    )
    if former is None:
        return _add(tx, made, "import_model", by=by, now=now)
    replace_model(tx, former, made)
    note(tx, by, "replace_model", str(arrival.name), now=now)
    return _get(tx, arrival.name)


def note_load(tx: Tx, name: ModelName, members: Collection[tuple[str, str]], *, by: Actor, now: datetime) -> None:
    """Count that the (role, party) named have loaded the model into what serves it."""
    found = _get(tx, name)
    count_loads(tx, found.id, members)
    note(tx, by, "load_model", str(name), now=now)


def bind_service(tx: Tx, name: ModelName, service: str, *, by: Actor, now: datetime) -> Model:
    """Service `service` answers with this model from now on."""
    check_size("service_id", "the service's name", service)
    found = _get(tx, name)
    put_service(tx, found, service, owner=by.principal.name, now=now)
    note(tx, by, "bind_model", f"{service}: {name}", now=now)
    return _get(tx, name)


def forget_model(tx: Tx, name: ModelName, *, by: Actor, now: datetime) -> None:
    """Delete a version from the registry; its job and that job's outputs stay. NotFoundError where there is none."""
    delete_model(tx, _get(tx, name).id)
    note(tx, by, "forget_model", str(name), now=now)


def check_model_name(name: ModelName) -> None:
    """InvalidDocumentError where no database's index holds a model of that name, or no archive does."""
    check_size("model_id", "the model's id", name.model_id)
    for where, text, most in (("model_id", name.model_id, MODEL_ID_CHARS), ("version", name.version, VERSION_CHARS)):
        if len(text) > most:
            raise InvalidDocumentError(Problem(where, f"has {len(text)} characters and may have {most}: shorten it"))


def check_size(where: str, what: str, text: str) -> None:
    """InvalidDocumentError where a text that an index has is too long for it."""
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > NAME_BYTES:
        raise InvalidDocumentError(
            Problem(where, f"{what} has {size} bytes as UTF-8 and may have {NAME_BYTES}: shorten it")
        )


def _get(tx: Tx, name: ModelName) -> Model:
    return get_model(tx, name.project, name.model_id, name.version)


def _unloaded(members: Sequence[ModelMember]) -> tuple[ModelMember, ...]:
    return tuple(replace(member, loaded=0) for member in members)


def _add(tx: Tx, model: Model, action: str, *, by: Actor, now: datetime) -> Model:
    """Store a version and read it back."""
    name = ModelName(project=model.project, model_id=model.model_id, version=model.version)
    check_model_name(name)
    if find_registered(tx, name.project, name.model_id, name.version) is not None:
        raise ConflictError(f"there is a model {name} already")
    insert_model(tx, model)
    note(tx, by, action, str(name), now=now)
    return _get(tx, name)
