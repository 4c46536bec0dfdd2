"""What the native interface answers about models and tags."""

from datetime import datetime

from typing_extensions import TypedDict

from scheduler.store.queries.models import Model, Part
from scheduler.store.queries.tags import Tag


class ModelMemberReply(TypedDict):
    """A party's part in a model; `loaded` is how often it was loaded into what serves it."""

    role: str
    party: str
    loaded: int


class ModelReply(TypedDict):
    """A version of a model; its parts are outputs of `job`, those of the steps `components` where it is deployed."""

    model_id: str
    version: str
    job: str
    deployed: bool
    components: list[str]
    parent_model_id: str
    parent_version: str
    imported: bool
    notes: str
    owner: str
    created: datetime
    members: list[ModelMemberReply]
    tags: list[str]
    services: list[str]


class ModelPartReply(TypedDict):
    """An output that belongs to a model: `role` and `party` hold it, `task` wrote it."""

    role: str
    party: str
    step: str
    name: str
    task: str
    size: int
    sha256: str


class ModelDetailReply(ModelReply):
    """A version of a model with its parts."""

    parts: list[ModelPartReply]


class TagReply(TypedDict):
    """A word that marks models."""

    name: str
    notes: str
    owner: str
    created: datetime
    modified: datetime


def render_model(model: Model) -> ModelReply:
    """A version of a model."""
    parent = model.parent or ("", "")
    return {
        "model_id": model.model_id,
        "version": model.version,
        "job": model.job,
        "deployed": model.is_deployed,
        "components": list(model.components or ()),
        "parent_model_id": parent[0],
        "parent_version": parent[1],
        "imported": model.imported,
        "notes": model.notes,
        "owner": model.owner,
        "created": model.created,
        "members": [
            {"role": member.role, "party": member.party, "loaded": member.loaded} for member in model.members
        ],
        "tags": list(model.tags),
        "services": list(model.services),
    }  # fmt: skip


def render_model_detail(model: Model, parts: list[Part]) -> ModelDetailReply:
    """A version of a model with its parts."""
    return {**render_model(model), "parts": [_render_part(part) for part in parts]}


def _render_part(part: Part) -> ModelPartReply:
    output = part.output
    return {
        "role": part.member.role,
        "party": part.member.party,
        "step": output.where.step,
        "name": output.name,
        "task": output.where.task,
        "size": output.size,
        "sha256": output.sha256,
    }


def render_tag(tag: Tag) -> TagReply:
    """A tag."""
    return {
        "name": tag.name,
        "notes": tag.notes,
        "owner": tag.owner,
        "created": tag.created,
        "modified": tag.modified,
    }
