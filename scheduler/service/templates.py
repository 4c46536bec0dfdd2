"""What users do with templates: make, change, forget."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from scheduler.domain.access import Principal
from scheduler.domain.errors import ConflictError
from scheduler.store.queries.templates import Template, find_template_named, get_template
from scheduler.store.tx import Tx
from scheduler.store.writes.templates import delete_template, put_template


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateText:
    """What a template says: its kind, its name, and its body in that kind's words."""

    kind: str
    name: str
    body: Mapping[str, Any]


def create_template(tx: Tx, template: str, text: TemplateText, *, by: Principal, now: datetime) -> Template:
    """Store a new template under the id `template`; ConflictError where its name is taken, in whatever case."""
    _check_name(tx, by.project, text, other_than="")
    made = Template(
        id=template,
        project=by.project,
        kind=text.kind,
        name=text.name,
        body=dict(text.body),
        owner=by.name,
        created=now,
        modified=now,
    )
    put_template(tx, made)
    return made


def change_template(tx: Tx, template: str, text: TemplateText, *, by: Principal, now: datetime) -> Template:
    """Change a template's name and body; what runs already keeps what it was started with."""
    found = get_template(tx, by.project, text.kind, template)
    _check_name(tx, by.project, text, other_than=template)
    changed = replace(found, name=text.name, body=dict(text.body), modified=now)
    put_template(tx, changed)
    return changed


def forget_template(tx: Tx, template: str, kind: str, *, by: Principal) -> None:
    """Delete a template; NotFoundError where there is none."""
    get_template(tx, by.project, kind, template)
    delete_template(tx, template)


def _check_name(tx: Tx, project: str, text: TemplateText, *, other_than: str) -> None:
    taken = find_template_named(tx, project, text.kind, text.name)
    if taken is not None and taken.id != other_than:
        raise ConflictError(f"the {text.kind} name {text.name!r} is taken by {taken.id}")
