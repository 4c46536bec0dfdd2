"""iFLearner Flow's words and the core's: a task's run as a job, the job's state as a status."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from api.dialects.iflearner.errors import TASK_PARTY_NOT_FOUND, RefusedError, make_invalid
from api.dialects.iflearner.requests import DEFAULT_EPOCHS, EPOCH_KEYS, StartForm, find_epochs
from scheduler.domain.access import Principal
from scheduler.domain.model import Party, Task
from scheduler.domain.plan import Draft, StepDraft
from scheduler.domain.reasons import explain_step
from scheduler.domain.states import State
from scheduler.service.runs import LAST_RUN
from scheduler.store.queries.jobs import JobDetail
from scheduler.store.queries.templates import Template

TEMPLATE: Final = "iflearner.template"
TASK: Final = "iflearner.task"
"""The kinds of stored definitions; the latter is also the label by which a task's runs are found."""
ENGINE: Final = "iflearner"
FEDERATE: Final = "federate"
SERVER: Final = "server"
STEP: Final = "run"


class Status(StrEnum):
    """Where a task stands; one that was never started has none."""

    STARTED = "Started"
    PENDING = "Pending"
    RUNNING = "Running"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    CANCELLED = "Cancelled"
    UNKNOWN = "Unknown"
    VANISHED = ""
    """The run's job was deleted through another interface."""


_ENDED: Final[Mapping[State, Status]] = MappingProxyType(
    {
        State.SUCCESS: Status.SUCCEEDED,
        State.FAILED: Status.FAILED,
        State.TIMEOUT: Status.FAILED,
        State.CANCELED: Status.CANCELLED,
    }
)


def find_status(run: JobDetail | None, *, was_started: bool) -> Status | None:
    """A task's status by its latest run; a run that is being stopped counts as ended already."""
    if run is None:
        return Status.VANISHED if was_started else None
    ended = _ENDED.get(run.job.state) or _ENDED.get(run.job.stop_kind or State.WAITING)
    if ended is not None:
        return ended
    states = {task.state for task in run.tasks}
    if State.LOST_CONTACT in states:
        return Status.UNKNOWN
    if states <= {State.RUNNING, State.SUCCESS}:
        return Status.RUNNING
    is_untouched = states == {State.WAITING} and all(step.step.attempt == 1 for step in run.steps)
    return Status.STARTED if is_untouched and not _is_looked_at(run) else Status.PENDING


def _is_looked_at(run: JobDetail) -> bool:
    """Whether the scheduler has seen the run and left it waiting, with a reason."""
    return any(step.step.reason != explain_step(replace(step.step, reason=""), frozenset()) for step in run.steps)


def list_party_status(run: JobDetail) -> list[dict[str, Any]]:
    """How far each federate of a run is, from what is stored: live, and as it was at the end."""
    return [
        _render_party(task, total=int(step.step.run.get("epochs", 0)), has_server=bool(step.step.run.get("aggregator")))
        for step in run.steps
        for task in step.tasks
        if task.role == FEDERATE
    ]


def _render_party(task: Task, *, total: int, has_server: bool) -> dict[str, Any]:
    """With an aggregator a federate is ready once that says so, without one as soon as it runs."""
    is_complete = task.state is State.SUCCESS
    is_ready = task.progress is not None or is_complete or (not has_server and task.started is not None)
    done = round((task.progress or 0.0) * total)
    return {
        "name": task.party,
        "ready": is_ready,
        "complete": is_complete,
        "current_epoch": total if is_complete else min(done + 1, total) if is_ready else 0,
        "total_epoch": total,
    }


def merge_flags(*given: Iterable[str]) -> list[str]:
    """Command-line flags of hyper-parameters: later ones replace earlier ones of the same key.

    `k=v` becomes `--k=v`; what begins with a dash stays as it is, together with plain words that follow it.
    """
    flags: dict[str, list[str]] = {}
    key = ""
    for entry in (entry for entries in given for entry in entries):
        name, equals, _ = entry.partition("=")
        if entry.startswith("-"):
            key = name.lstrip("-")
            flags[key] = [entry]
            key = "" if equals else key
        elif equals and name:
            flags[name] = [f"--{entry}"]
            key = ""
        else:
            flags.setdefault(key, []).append(entry)
    return [flag for key, group in flags.items() if key not in EPOCH_KEYS for flag in group]


def make_draft(
    task: Template, template: Template, start: StartForm, *, parties: Sequence[Party], server: str, by: Principal
) -> Draft:
    """The job that a start asks for, with a frozen copy of task and template.

    `parties` are all that are registered, `server` the one that an operator chose for aggregators.
    """
    federates = [(item["federated_id"], item["federated_data"]) for item in task.body["federate_data"]]
    members = tuple(party for party, _ in federates)
    _check_parties(members, {party.id for party in parties})
    host = find_host(template.body["image_url"], members, parties, chosen=server)
    step = StepDraft(
        name=STEP,
        run=make_run(template, start, has_aggregator=bool(host)),
        overrides={f"{FEDERATE}.{number}": {"data": path} for number, (_, path) in enumerate(federates)},
        gang=True,
        services=(SERVER,) if host else (),
    )
    return Draft(
        name=task.name,
        owner=by.name,
        org=by.org,
        project=by.project,
        roles={FEDERATE: members, **({SERVER: (host,)} if host else {})},
        steps=(step,),
        dialect="iflearner",
        labels={TASK: task.id, TEMPLATE: template.id},
        origin={
            "task": {"name": task.name, **{key: value for key, value in task.body.items() if key != LAST_RUN}},
            "template": {"name": template.name, **template.body},
            "start": {"epochs": start.epochs, "hyper_parameter": list(start.hyper_parameter)},
        },
    )


def make_run(template: Template, start: StartForm, *, has_aggregator: bool) -> dict[str, Any]:
    """What each party's worker is told: the template's command with its flags, but for the aggregator's address."""
    hyper = tuple(template.body["hyper_parameter"] or ())
    epochs = start.epochs or find_epochs(hyper) or DEFAULT_EPOCHS
    return {
        "engine": ENGINE,
        "image": template.body["image_url"],
        "workdir": template.body["workdir"],
        "command": template.body["command"],
        "flags": [*merge_flags(hyper, start.hyper_parameter, ["--name={party}"]), f"--epochs={epochs}"],
        "epochs": epochs,
        "aggregator": has_aggregator,
    }


def _check_parties(members: Sequence[str], registered: set[str]) -> None:
    unknown = [party for party in members if party not in registered]
    if unknown or not members:
        detail = f"not registered: {', '.join(unknown)}" if unknown else "the task names no party"
        raise RefusedError(TASK_PARTY_NOT_FOUND, detail=detail)


def find_host(image: str, members: Sequence[str], parties: Sequence[Party], *, chosen: str) -> str:
    """The party that hosts the aggregator of a run with this image, or empty where the run goes without one.

    `local` never has one; `iflearner` must have one; any other image has one where a party can host it.
    """
    runtime = image.partition(":")[0]
    if runtime == "local":
        return ""
    known = {party.id: party for party in parties}
    if chosen and chosen not in known:
        raise make_invalid(f"FEDROTA_IFLEARNER_SERVER names the party {chosen!r}, which is not registered")
    if chosen:
        return chosen
    able = (party for party in members if ENGINE in known[party].facts.get("engines", ()) and known[party].slots > 1)
    host = next(able, "")
    if runtime == ENGINE and not host:
        raise make_invalid(
            "none of the task's parties can host the aggregator: set FEDROTA_ENGINES at the worker of one that has "
            "2 slots or more, or name a party in FEDROTA_IFLEARNER_SERVER"
        )
    return host
