"""Components whose results a job takes from an earlier one."""

from collections.abc import Sequence

from api.dialects.fate.errors import FateError, RetCode
from api.dialects.fate.requests.dsl import Component, parse_dsl
from api.dialects.fate.vocabulary.fate_job import FateJob
from scheduler.domain.model import JsonObject
from scheduler.domain.states import State
from scheduler.store.queries.jobs import JobDetail


def inherit(
    names: Sequence[str], dsl: JsonObject, earlier: JobDetail, fate: FateJob
) -> dict[str, str]:  # fmt: skip
    """Component -> the job that holds its outputs; FateError (103) where a component cannot be taken over.

    It must have succeeded there, have the same inputs and outputs, and what it reads must be inherited with it.
    """
    components, before = parse_dsl(dsl), parse_dsl(fate.dsl)
    succeeded = {step.step.name for step in earlier.steps if step.step.state is State.SUCCESS}
    done = succeeded | set(fate.inherited) | {name for name in fate.passed if name not in succeeded}
    for name in names:
        if name not in components:
            raise _refuse(name, "the DSL has no such component")
        if name not in before or name not in done:
            raise _refuse(name, f"it did not succeed in job {earlier.job.id}")
        _check_alike(components[name], before[name], set(names))
    return {name: fate.find_holder(name, earlier.job.id) for name in names}


def _check_alike(component: Component, before: Component, inherited: set[str]) -> None:
    alike = component.module.casefold() == before.module.casefold()
    if not alike or component.sources != before.sources or component.outputs != before.outputs:
        raise _refuse(component.name, "its module, inputs or outputs are not those of the earlier job")
    missing = {source.component for source in component.sources if not source.is_pipeline} - inherited
    if missing:
        raise _refuse(component.name, f"it reads from {', '.join(sorted(missing))}: inherit that too")


def _refuse(name: str, why: str) -> FateError:
    return FateError(RetCode.OPERATING, f"component {name} cannot be inherited: {why}")
