"""What users change of jobs that exist: their labels, parameters before a rerun, and what they left that nobody needs."""

from collections.abc import Mapping, Sequence

from scheduler.domain.access import Action, Principal, is_allowed, subject_of
from scheduler.domain.errors import ConflictError, NotFoundError
from scheduler.domain.model import Job, JsonObject, StepPlan
from scheduler.domain.states import TERMINAL
from scheduler.store.queries.jobs import get_job
from scheduler.store.queries.old_jobs import list_read_outputs
from scheduler.store.queries.snapshots import find_snapshot
from scheduler.store.queries.tracking import OutputView, list_jobs_of_day, list_outputs
from scheduler.store.tx import Tx
from scheduler.store.writes import amend
from scheduler.store.writes.moves import lock_jobs


def label_job(tx: Tx, job: str, labels: Mapping[str, str]) -> None:
    """Set some labels of a job, whatever its state; NotFoundError where there is none."""
    lock_jobs(tx, [job])
    get_job(tx, job)
    for name, value in labels.items():
        amend.put_label(tx, job, name, value)


def replan_job(tx: Tx, job: str, steps: Mapping[str, StepPlan], origin: JsonObject) -> None:
    """Give an ended job's steps other parameters, retries and timeouts, which a rerun then uses.

    ConflictError while it is open, or where `steps` are not the steps that it has.
    """
    found = _get_ended(tx, job)
    snapshot = find_snapshot(tx, job)
    known = {step.name for step in snapshot[1]} if snapshot else set()
    if known != set(steps):
        odd = ", ".join(sorted(known ^ set(steps)))
        raise ConflictError(f"job {found.id} would have other steps ({odd}): submit a new job")
    changes = {
        name: amend.StepChange(
            params=step.params, overrides=step.overrides, retry=step.retry, timeout_s=step.timeout_s
        )
        for name, step in steps.items()
    }  # fmt: skip
    amend.change_steps(tx, job, changes, origin)


def forget_results(tx: Tx, job: str, *, step: str = "", role: str = "", party: str = "") -> int:
    """Forget what tasks of an ended job left: metrics, summaries, and outputs but for models; how many tasks that were.

    ConflictError while the job is open, or where one of those outputs is still to be read by another that is.
    """
    _get_ended(tx, job)
    _check_unread(
        tx, job, list_outputs(tx, job, step=step, party=party, is_every_attempt=True), role=role, is_model=False
    )
    return amend.delete_results(tx, job, step=step, role=role, party=party)


def forget_curves(tx: Tx, job: str, *, step: str, role: str, party: str) -> int:
    """Forget the points of one task's curves, its summary stays; how many tasks that were. ConflictError while it is open."""
    _get_ended(tx, job)
    return amend.delete_curves(tx, job, step=step, role=role, party=party)


def forget_models(tx: Tx, job: str, *, step: str, role: str, party: str) -> int:
    """Forget the models that one task of an ended job left; how many that were. ConflictError as in `forget_results`."""
    _get_ended(tx, job)
    _check_unread(
        tx, job, list_outputs(tx, job, step=step, party=party, is_every_attempt=True), role=role, is_model=True
    )
    return amend.delete_models(tx, job, step=step, role=role, party=party)


def forget_metrics(tx: Tx, jobs: Sequence[str]) -> None:
    """Delete every point of the jobs' curves; the jobs and their summaries stay."""
    amend.delete_metrics(tx, jobs)


def forget_metrics_of_day(tx: Tx, day: str, *, by: Principal) -> list[str]:
    """As `forget_metrics`, for the jobs that were made on a day (YYYYMMDD, UTC) and are `by`'s to delete; their ids."""
    mine = [job.id for job in list_jobs_of_day(tx, day) if is_allowed(by, Action.DELETE_JOB, subject_of(job))]
    amend.delete_metrics(tx, mine)
    return mine


def _check_unread(tx: Tx, job: str, outputs: Sequence[OutputView], *, role: str, is_model: bool) -> None:
    going = [each for each in outputs if role in {"", each.where.role} and (each.kind == "model") is is_model]
    read = list_read_outputs(tx, job) if going else set()
    wanted = next((each for each in going if (each.where.step, each.name) in read), None)
    if wanted is not None:
        raise ConflictError(
            f"output {wanted.name} of step {wanted.where.step} is still to be read by an open job: "
            "stop that first, or wait for its end"
        )


def _get_ended(tx: Tx, job: str) -> Job:
    if job not in lock_jobs(tx, [job]):
        raise NotFoundError("job", job)
    found = get_job(tx, job)
    if found.state not in TERMINAL:
        raise ConflictError(f"job {job} is {found.state}: stop it first, or wait for its end")
    return found
