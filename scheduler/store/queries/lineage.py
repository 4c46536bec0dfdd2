"""Reads of what was made of what: the steps that read a data table or an output."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Text, cast
from sqlmodel import col, select

from scheduler.domain.plan import find_read_table, merge_params
from scheduler.domain.references import Reference
from scheduler.store.columns import to_json
from scheduler.store.tables.jobs import StepRow, TaskRow
from scheduler.store.tx import Tx
from scheduler.store.views import view_step


@dataclass(frozen=True, slots=True)
class Use:
    """A step that reads something, at the party of one of its members."""

    job: str
    step: str
    role: str
    party: str


def list_table_uses(tx: Tx, party: str, namespace: str, name: str, *, limit: int = 1000) -> list[Use]:
    """The steps whose parameters name the table at that party, the latest first; at most `limit` candidates are seen."""
    query = (
        select(StepRow, TaskRow)
        .join(TaskRow, (col(TaskRow.step_id) == StepRow.id) & (col(TaskRow.attempt) == StepRow.attempt))
        .where(TaskRow.party_id == party, _mentions(StepRow.params, name) | _mentions(StepRow.overrides, name))
        .order_by(col(StepRow.created).desc(), col(StepRow.id), col(TaskRow.member))
        .limit(limit)
    )
    uses = []
    for step_row, task in tx.session.exec(query).all():
        step = view_step(step_row)
        params = merge_params(step.params, step.overrides, task.role, task.position)
        if find_read_table(params) == (namespace, name):
            uses.append(Use(step.job_id, step.name, task.role, task.party_id))
    return uses


def list_output_uses(tx: Tx, job: str, step: str, output: str, *, limit: int = 1000) -> list[tuple[str, str]]:
    """(job, step) of each step that has the output as an input, in its own job or a later one, the latest first.

    At most `limit` candidates are seen.
    """
    inside, outside = str(Reference(step, output)), str(Reference(step, output, job))
    own = (col(StepRow.job_id) == job) & _mentions(StepRow.inputs, inside)
    query = (
        select(StepRow.job_id, StepRow.name, StepRow.inputs)
        .where(own | _mentions(StepRow.inputs, outside))
        .order_by(col(StepRow.created).desc(), col(StepRow.position))
        .limit(limit)
    )
    return [
        (reader, name)
        for reader, name, inputs in tx.session.exec(query).all()
        if outside in inputs.values() or (reader == job and inside in inputs.values())
    ]


def _mentions(column: Any, text: str) -> Any:
    """Whether a stored JSON value may have the text somewhere: SQLite's LIKE does not tell capital letters from small."""
    return cast(column, Text).contains(to_json(text), autoescape=True)
