"""What users do with the tags that mark models."""

from dataclasses import replace
from datetime import datetime

from scheduler.domain.access import Principal
from scheduler.domain.errors import ConflictError
from scheduler.service.ids import new_definition_id
from scheduler.service.models import ModelName, check_size
from scheduler.store.queries.models import get_model
from scheduler.store.queries.tags import Tag, find_tag, get_tag
from scheduler.store.tx import Tx
from scheduler.store.writes import tags as writes


def create_tag(tx: Tx, name: str, *, notes: str = "", by: Principal, now: datetime) -> Tag:
    """A new tag; ConflictError where the project has one of that name."""
    check_size("tag", "the tag", name)
    if find_tag(tx, by.project, name) is not None:
        raise ConflictError(f"there is a tag {name!r} already")
    tag = Tag(
        id=new_definition_id(32),
        project=by.project,
        name=name,
        notes=notes,
        owner=by.name,
        created=now,
        modified=now,
    )
    writes.put_tag(tx, tag)
    return tag


def change_tag(
    tx: Tx, name: str, *, new_name: str | None = None, notes: str | None = None, by: Principal, now: datetime
) -> Tag:
    """Rename or describe a tag (None: as it is); ConflictError where the new name is taken."""
    found = get_tag(tx, by.project, name)
    check_size("tag", "the tag's new name", new_name or "")
    if new_name not in {None, name} and find_tag(tx, by.project, str(new_name)) is not None:
        raise ConflictError(f"there is a tag {new_name!r} already")
    changed = replace(
        found,
        name=found.name if new_name is None else new_name,
        notes=found.notes if notes is None else notes,
        modified=now,
    )
    writes.put_tag(tx, changed)
    return changed


def forget_tag(tx: Tx, name: str, *, by: Principal) -> None:
    """Delete a tag; models that bore it bear it no more. NotFoundError where there is none."""
    writes.delete_tag(tx, get_tag(tx, by.project, name).id)


def tag_model(tx: Tx, model: ModelName, name: str, *, by: Principal, now: datetime) -> Tag:
    """Attach a tag, which is made where there is none of that name."""
    found = get_model(tx, model.project, model.model_id, model.version)
    tag = find_tag(tx, by.project, name) or create_tag(tx, name, by=by, now=now)
    writes.attach_tag(tx, tag.id, found.id)
    return tag


def untag_model(tx: Tx, model: ModelName, name: str, *, by: Principal) -> None:
    """Detach a tag; NotFoundError where there is no such tag or model."""
    found = get_model(tx, model.project, model.model_id, model.version)
    writes.detach_tag(tx, get_tag(tx, by.project, name).id, found.id)
