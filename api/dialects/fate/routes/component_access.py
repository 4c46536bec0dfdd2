"""A component of a job as one of its members sees it: the step behind it, the task, wherever they were run."""

from dataclasses import dataclass
from typing import Final

from aiohttp import web

from api.dialects.fate.errors import FateError, RetCode
from api.dialects.fate.requests.members import ComponentName
from api.dialects.fate.routes.job_access import FateDetail, check_fate_job
from api.dialects.fate.vocabulary.component_params import find_source
from api.keys import READER
from scheduler.domain.access import Action
from scheduler.domain.model import Task
from scheduler.domain.plan import nearest
from scheduler.store.queries.jobs import StepDetail
from scheduler.store.queries.tracking import MetricFilter, MetricView, OutputView, list_metrics, list_outputs
from scheduler.store.tx import Tx

PAGE: Final = 10_000
MAX_POINTS: Final = 200_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentView:
    """`found` is the job that was asked for; `step` and `task` may be an earlier one's, from which it inherits.

    `task` is None where the member has no part in the component, or it was told not to run.
    """

    target: ComponentName
    found: FateDetail
    holder: str
    """The job whose task it is."""
    step: StepDetail | None
    task: Task | None

    @property
    def position(self) -> int:
        """The party's place in its role."""
        return self.found.job.roles[self.target.role].index(self.target.party)

    @property
    def component(self) -> str:
        """The core's component that runs, empty for what is none."""
        return "" if self.step is None else str(self.step.step.run.get("component", ""))

    @property
    def source(self) -> str:
        """The component whose output this one takes in."""
        return find_source(self.found.fate, self.target.component)


async def find_component(request: web.Request, target: ComponentName, action: Action) -> ComponentView:
    """The component; FateError (101) where there is no such job, component or member of the job."""
    found = await check_fate_job(request, target.job, action)
    names = list(dict.fromkeys([*found.fate.components, *(each.step.name for each in found.detail.steps)]))
    if target.component not in names:
        raise FateError(
            RetCode.ARGUMENT,
            f"can not found this task: job {target.job} has no component {target.component!r}. "
            f"{nearest(target.component, names)}".strip(),
        )
    if target.party not in found.job.roles.get(target.role, ()):
        raise FateError(
            RetCode.ARGUMENT, f"can not found this task: job {target.job} has no {target.role} {target.party}"
        )
    holder = found.fate.find_holder(target.component, target.job)
    held = found if holder == target.job else await check_fate_job(request, holder, action)
    step = next((each for each in held.detail.steps if each.step.name == target.component), None)
    tasks = step.tasks if step is not None else []
    task = next((each for each in tasks if (each.role, each.party) == (target.role, target.party)), None)
    return ComponentView(target=target, found=found, holder=holder, step=step, task=task)


async def read_points(request: web.Request, view: ComponentView) -> list[MetricView]:
    """The points that the task's present attempt has left, at most as many as anybody can look at."""
    task = view.task
    if task is None:
        return []
    wanted = MetricFilter(step=task.step, party=task.party)

    def read(tx: Tx) -> list[MetricView]:
        points: list[MetricView] = []
        after = None
        while len(points) < MAX_POINTS:
            page = list_metrics(tx, view.holder, wanted, after=after, limit=PAGE)
            points += (each for each in page.items if each.where.task == task.id)
            after = page.next
            if after is None:
                break
        return points

    return await request.app[READER].read(read)


async def read_outputs(request: web.Request, view: ComponentView, kind: str) -> list[OutputView]:
    """The task's outputs of a kind, by name."""
    task = view.task
    if task is None:
        return []
    outputs = await request.app[READER].read(lambda tx: list_outputs(tx, view.holder, step=task.step, party=task.party))
    return [each for each in outputs if each.where.task == task.id and each.kind == kind]
