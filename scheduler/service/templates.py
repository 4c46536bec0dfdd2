"""What users do with templates: make, change, forget."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from scheduler.domain.access import Principal
from scheduler.domain.errors import ConflictError
from scheduler.store.queries.templates import Template, find_template_named, get_template
from scheduler.store.session import Tx
from scheduler.store.writes.templates import delete_template, put_template


def create_template(
    tx: Tx, template: str, kind: str, name: str, *, body: Mapping[str, Any], by: Principal, now: datetime
) -> Template:
    """Store a new template under the id `template`; ConflictError where its name is taken, in whatever case."""
    _check_name(tx, by.project, kind, name, other_than="")
    made = Template(
        id=template,
        project=by.project,
        kind=kind,
        name=name,
        body=dict(body),
        owner=by.name,
        created=now,
        modified=now,
    )
    put_template(tx, made)
    return made


def change_template(
    tx: Tx, template: str, kind: str, *, name: str, body: Mapping[str, Any], by: Principal, now: datetime
) -> Template:
    """Change a template's name and body; what runs already keeps what it was started with."""
    found = get_template(tx, by.project, kind, template)
    _check_name(tx, by.project, kind, name, other_than=template)
    changed = replace(found, name=name, body=dict(body), modified=now)
    put_template(tx, changed)
    return changed


def forget_template(tx: Tx, template: str, kind: str, *, by: Principal) -> None:
    """Delete a template; NotFoundError where there is none."""
    get_template(tx, by.project, kind, template)
    delete_template(tx, template)


def _check_name(tx: Tx, project: str, kind: str, name: str, *, other_than: str) -> None:
    taken = find_template_named(tx, project, kind, name)
    if taken is not None and taken.id != other_than:
        raise ConflictError(f"the {kind} name {name!r} is taken by {taken.id}")
