"""From a job document to a submission."""

import asyncio
from typing import Any, Final

from aiohttp import web

from api.bodies import parse_json, read_bytes
from api.native.documents import JobDocument, RetryDocument, StepDocument
from api.native.yaml_documents import MEDIA, parse_yaml
from api.parsing import parse_body
from api.planning import plan_job
from scheduler.domain.access import Principal
from scheduler.domain.errors import InvalidDocumentError, Problem
from scheduler.domain.model import Retry, Submission
from scheduler.domain.plan import Draft, StepDraft

KEY_HEADER: Final = "Idempotency-Key"
_DEFAULT_RETRY: Final = Retry()


async def read_submission(request: web.Request, principal: Principal) -> Submission:
    """The submission that a request's document asks for; InvalidDocumentError names what is wrong."""
    raw = await read_bytes(request)
    if request.content_type in MEDIA:
        given = await asyncio.to_thread(parse_yaml, raw)  # a second for a long one; others must not wait for it
    else:
        given = parse_json(raw)
    if not isinstance(given, dict):
        raise InvalidDocumentError(
            Problem("body", "is no object, but a job document is", "Begin with name, parties and steps.")
        )
    draft = make_draft(parse_body(JobDocument, given), principal, origin=given, key=_read_key(request))
    return await plan_job(request, draft)


def _read_key(request: web.Request) -> str | None:
    key = request.headers.get(KEY_HEADER)
    if key is None:
        return None
    if not (0 < len(key) <= 200 and key.isascii() and key.isprintable()):
        raise InvalidDocumentError(Problem(f"header {KEY_HEADER}", "has 1 to 200 printable ASCII characters"))
    return key


def make_draft(document: JobDocument, principal: Principal, *, origin: dict[str, Any], key: str | None) -> Draft:
    """The document in the core's words; `origin` is what the caller sent."""
    return Draft(
        name=document.name,
        owner=principal.name,
        org=principal.org,
        project=principal.project,
        roles={role: tuple(parties) for role, parties in document.parties.items()},
        steps=tuple(draft_step(step) for step in document.steps),
        priority=document.priority,
        deadline_s=document.deadline_s,
        labels=document.labels,
        origin=origin,
        attachments=document.attachments,
        idempotency_key=key,
    )


def draft_step(step: StepDocument) -> StepDraft:
    """A step of a document in the core's words."""
    return StepDraft(
        name=step.name,
        run=_render_run(step),
        roles=None if step.roles is None else tuple(step.roles),
        needs=tuple(step.needs),
        inputs=step.inputs,
        params=step.params,
        overrides=step.overrides,
        services=tuple(step.services),
        retry=_make_retry(step.retry) if "retry" in step.model_fields_set else _DEFAULT_RETRY,
        timeout_s=step.timeout_s,
        slots=step.slots,
        gang=step.gang,
    )


def _render_run(step: StepDocument) -> dict[str, Any]:
    if step.component:
        return {"component": step.component}
    run: dict[str, Any] = {"command": step.command}
    if step.image:
        run["image"] = step.image
    if step.outputs:
        run["outputs"] = step.outputs
    return run


def _make_retry(retry: RetryDocument) -> Retry:
    return Retry(attempts=retry.attempts, backoff_s=retry.backoff_s, cap_s=retry.cap_s, on=tuple(retry.on))
