"""What a job uses of its parties, in the words of FATE's permissions."""

from collections.abc import Iterator

from api.dialects.fate.vocabulary.fate_job import FateJob
from scheduler.domain.grants import Use
from scheduler.domain.model import StepPlan, Submission
from scheduler.domain.plan import merge_params, number_members

READER = "reader"
CREATE = "create"
"""FATE's word for the command that a submit gives to each party."""


def list_uses(submission: Submission, fate: FateJob) -> list[Use]:
    """Every role, command, module and data table that the job's parties would be asked for."""
    found = [use for step in submission.steps for use in _list_of_step(step, fate.get_module(step.name))]
    return list(dict.fromkeys(found))


def _list_of_step(step: StepPlan, module: str) -> Iterator[Use]:
    for role, party, position in number_members(step.members):
        yield Use(party=party, kind="role", name=role)
        yield Use(party=party, kind="command", name=CREATE)
        yield Use(party=party, kind="component", name=module.lower())
        if step.run.get("component") == READER:
            params = merge_params(step.params, step.overrides, role, position)
            yield Use(
                party=party,
                kind="dataset",
                namespace=str(params.get("namespace", "")),
                name=str(params.get("table", "")),
            )
