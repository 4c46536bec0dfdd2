"""Whether the tables that a submission names may be read."""

from collections.abc import Iterator
from typing import Final

from scheduler.domain.errors import Problem
from scheduler.domain.model import StepPlan, Submission
from scheduler.domain.plan import merge_params
from scheduler.store.queries.data_tables import find_data_tables
from scheduler.store.tx import Tx

DEFAULT_NAMESPACE: Final = "default"


def check_readable(tx: Tx, submission: Submission) -> Iterator[Problem]:
    """What is wrong: each table that a step would read although it is disabled."""
    for position, step in enumerate(submission.steps):
        for party, namespace, name in dict.fromkeys(list_read(step)):
            if any(table.is_disabled for table in find_data_tables(tx, namespace, name, parties=[party])):
                yield Problem(
                    f"steps.{position}.params.table",
                    f"table '{namespace}/{name}' at party '{party}' is disabled.",
                    "Enable it first, or read another table.",
                )


def list_read(step: StepPlan) -> Iterator[tuple[str, str, str]]:
    """(party, namespace, name) of the table that each member would read; nothing where the step reads none."""
    positions: dict[str, int] = {}
    for role, party in step.members:
        position = positions[role] = positions.get(role, -1) + 1
        params = merge_params(step.params, step.overrides, role, position)
        name, namespace = params.get("table"), params.get("namespace", DEFAULT_NAMESPACE)
        if isinstance(name, str) and isinstance(namespace, str):
            yield party, namespace, name
