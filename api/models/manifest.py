"""What an archive of a model, or a party's model store, says of the model that it holds."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Final, Literal, Self

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from api.bodies import read_json
from scheduler.domain.errors import ConflictError, InvalidDocumentError, Problem
from scheduler.domain.plan import ROLE_NAME, STEP_NAME
from scheduler.service.models import MODEL_ID_CHARS, VERSION_CHARS
from scheduler.store.queries.models import Model, Part

FORMAT: Final = "fedrota-model"
VERSION: Final = 1
MANIFEST: Final = "fedrota-model.json"
MAX_PARTS: Final = 10_000
PARTY_NAME: Final = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
OUTPUT_NAME: Final = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$"
_NUL: Final = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
"""A NUL character in a text of JSON, which PostgreSQL does not store."""

Text = Annotated[str, Field(max_length=2000)]
Role = Annotated[str, Field(pattern=f"^{ROLE_NAME.pattern}$")]
Party = Annotated[str, Field(pattern=PARTY_NAME)]
StepName = Annotated[str, Field(pattern=f"^{STEP_NAME.pattern}$")]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class PartEntry(_Frozen):
    """One output that belongs to the model: which member's, of which step, and where it lies in the archive."""

    path: str
    role: Role
    party: Party
    step: StepName
    name: str = Field(pattern=OUTPUT_NAME)
    kind: Literal["model", "table", "file"] = "model"
    size: int = Field(ge=0)
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    facts: dict[str, Any] = Field(default_factory=dict)


class MemberEntry(_Frozen):
    """A party that has a part in the model."""

    role: Role
    party: Party


class Manifest(_Frozen):
    """A model's names, members and parts, and what is needed to predict with it."""

    format: Literal["fedrota-model"] = FORMAT
    format_version: Literal[1] = VERSION
    model_id: str = Field(min_length=1, max_length=MODEL_ID_CHARS)
    model_version: str = Field(min_length=1, max_length=VERSION_CHARS)
    exported_by: MemberEntry
    members: list[MemberEntry] = Field(min_length=1, max_length=1000)
    components: list[StepName] | None = None
    recipe: dict[str, Any] | None = None
    parent_model_id: Text = ""
    parent_model_version: Text = ""
    notes: Text = ""
    created: str = Field(max_length=40)
    parts: list[PartEntry] = Field(max_length=MAX_PARTS)

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        if not self.model_version.isprintable():
            raise ValueError("model_version: holds a character that cannot be printed")
        members = {(member.role, member.party) for member in self.members}
        if len(members) < len(self.members):
            raise ValueError("members: one stands there twice")
        if (self.exported_by.role, self.exported_by.party) not in members:
            raise ValueError("exported_by: is none of the members")
        if any((part.role, part.party) not in members for part in self.parts):
            raise ValueError("parts: one belongs to none of the members")
        names = {(part.role, part.party, part.step, part.name) for part in self.parts}
        if len(names) < len(self.parts) or len({part.path for part in self.parts}) < len(self.parts):
            raise ValueError("parts: two have the same name or path")
        return self

    def render(self) -> bytes:
        """As JSON text; `parse_manifest` reads it again."""
        return orjson.dumps(self.model_dump(), option=orjson.OPT_INDENT_2)


def make_manifest(
    model: Model, parts: Sequence[Part], *, recipe: Mapping[str, Any], exported_by: tuple[str, str]
) -> Manifest:
    """The manifest of a model; `exported_by` is the (role, party) that asks for it.

    ConflictError where an archive cannot hold the model, e.g. for the name that a job gave to one of its outputs.
    """
    parent = model.parent or ("", "")
    try:
        return Manifest(
            model_id=model.model_id,
            model_version=model.version,
            exported_by=MemberEntry(role=exported_by[0], party=exported_by[1]),
            members=[MemberEntry(role=member.role, party=member.party) for member in model.members],
            components=None if model.components is None else list(model.components),
            recipe=dict(recipe),
            parent_model_id=parent[0],
            parent_model_version=parent[1],
            notes=model.notes,
            created=_render_time(model.created),
            parts=[_make_entry(part) for part in parts],
        )
    except ValidationError as wrong:
        first = wrong.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "the model"
        raise ConflictError(
            f"model {model.model_id} {model.version} fits into no archive: {where} is {first['input']!r:.200}: {first['msg']}"
        ) from wrong


def _make_entry(part: Part) -> PartEntry:
    member, output = part.member, part.output
    return PartEntry.model_validate(
        {
            "path": f"parts/{member.role}/{member.party}/{output.where.step}/{output.name}",
            "role": member.role,
            "party": member.party,
            "step": output.where.step,
            "name": output.name,
            "kind": output.kind,
            "size": output.size,
            "sha256": output.sha256,
            "facts": output.facts,
        }
    )


def _render_time(at: datetime) -> str:
    return at.isoformat(timespec="seconds")


def parse_manifest(text: bytes) -> Manifest:
    """The manifest in an archive; InvalidDocumentError where it is none of ours, or has what no store can keep."""
    if _NUL.search(text):
        raise InvalidDocumentError(Problem(MANIFEST, "a text holds a NUL character"))
    try:
        return Manifest.model_validate(read_json(text))
    except ValidationError as wrong:
        problems = (
            Problem(".".join([MANIFEST, *map(str, error["loc"])]), error["msg"])
            for error in wrong.errors(include_input=False, include_url=False)[:10]
        )
        raise InvalidDocumentError(*problems) from wrong
    except ValueError as wrong:
        raise InvalidDocumentError(Problem(MANIFEST, f"is no JSON: {wrong}")) from wrong
