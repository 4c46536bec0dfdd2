"""From a draft in whatever dialect to a submission in which every reference is known to hold."""

from collections.abc import Iterator, Sequence
from itertools import chain

from aiohttp import web

from api.attachments import check_attachments
from api.auth import require
from api.keys import CATALOGUE, PRINCIPAL, READER
from scheduler.domain.access import Action, Principal, subject_of
from scheduler.domain.errors import FedrotaError, InvalidDocumentError, Problem, first_problems
from scheduler.domain.model import StepPlan, Submission
from scheduler.domain.plan import Draft, find_read_table, make_submission, merge_params, nearest, number_members
from scheduler.domain.references import Reference, find_reference
from scheduler.store.queries.data_tables import find_data_tables
from scheduler.store.queries.jobs import get_job
from scheduler.store.queries.tracking import list_outputs
from scheduler.store.tx import Tx


async def plan_job(request: web.Request, draft: Draft) -> Submission:
    """The submission of a draft that its caller's request brings; errors as in `plan_draft`."""
    return await plan_draft(request.app, request[PRINCIPAL], draft)


async def plan_draft(app: web.Application, principal: Principal, draft: Draft) -> Submission:
    """The submission of a draft, against what the parties offer and earlier jobs have left.

    InvalidDocumentError names the first faults in the draft itself; where it has none, the first outputs of earlier jobs,
    tables and uploaded files that it names and may not have.
    """
    submission = make_submission(draft, await app[CATALOGUE].get())
    wanted = list(_list_earlier(submission))
    if wanted or submission.attachments or any(True for step in submission.steps for _ in list_read(step)):
        problems = await app[READER].read(
            lambda tx: first_problems(
                chain(
                    _check_earlier(tx, wanted, principal),
                    check_readable(tx, submission),
                    check_attachments(tx, submission.attachments, principal),
                )
            )
        )
        if problems:
            raise InvalidDocumentError(*problems)
    return submission


EarlierInput = tuple[str, StepPlan, Reference]
"""An earlier job's output as an input: where the document names it, for which step, and which one."""


def _list_earlier(submission: Submission) -> Iterator[EarlierInput]:
    for position, step in enumerate(submission.steps):
        for port, text in step.inputs.items():
            reference = find_reference(text)
            if reference is not None and reference.job:
                yield f"steps.{position}.inputs.{port}", step, reference


def _check_earlier(tx: Tx, wanted: Sequence[EarlierInput], principal: Principal) -> Iterator[Problem]:
    outputs: dict[str, dict[tuple[str, str], set[str]]] = {}
    for where, step, reference in wanted:
        try:
            if reference.job not in outputs:
                outputs[reference.job] = _list_written(tx, reference.job, principal)
        except FedrotaError as error:
            yield Problem(where, error.message)
        else:
            yield from _check_output(outputs[reference.job], reference, step, where)


def _list_written(tx: Tx, job: str, principal: Principal) -> dict[tuple[str, str], set[str]]:
    """(step, output) -> the parties at which it lies; NotFoundError or ForbiddenError as for a read of it."""
    found = get_job(tx, job)
    require(principal, Action.READ_OUTPUT, subject_of(found), kind="job", identity=job)
    written: dict[tuple[str, str], set[str]] = {}
    for output in list_outputs(tx, job):
        written.setdefault((output.where.step, output.name), set()).add(output.where.party)
    return written


def _check_output(
    written: dict[tuple[str, str], set[str]], reference: Reference, step: StepPlan, where: str
) -> Iterator[Problem]:
    parties = written.get((reference.step, reference.output))
    if parties is None:
        known = sorted(f"{name}.{output}" for name, output in written)
        hint = nearest(f"{reference.step}.{reference.output}", known)
        yield Problem(where, f"job {reference.job} has no output {reference.step}.{reference.output}.", hint)
    elif parties.isdisjoint(party for _, party in step.members):
        yield Problem(
            where,
            f"{reference} lies at {', '.join(sorted(parties))} only, and none of them takes part in step {step.name!r}",
        )


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
    for role, party, position in number_members(step.members):
        table = find_read_table(merge_params(step.params, step.overrides, role, position))
        if table is not None:
            yield party, *table
