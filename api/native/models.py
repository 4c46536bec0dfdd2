"""Models: list, read, deploy, tag, forget."""

from typing import Any, Final

from aiohttp import web
from pydantic import Field

from api.auth import require
from api.bridge import utc_now
from api.callers import actor_of
from api.keys import PRINCIPAL, READER, WRITER
from api.models.access import describe_recipe, name_model, read_model
from api.native.jobs import AFTER, LIMIT
from api.native.model_replies import (
    ModelDetailReply,
    ModelReply,
    TagReply,
    render_model,
    render_model_detail,
    render_tag,
)
from api.native.replies import Page
from api.parsing import Body, Query, Whole
from api.routing import Endpoints
from scheduler.domain.access import Action, Subject, is_visible
from scheduler.domain.errors import InvalidDocumentError, Problem
from scheduler.service.ids import new_job_id
from scheduler.service.models import Deployment, ModelName, deploy_model, forget_model
from scheduler.service.tags import forget_tag, tag_model, untag_model
from scheduler.store.queries.jobs import get_job_detail
from scheduler.store.queries.models import Model, ModelFilter, list_models, list_parts
from scheduler.store.queries.tags import list_tags

endpoint: Final = Endpoints("models")

MODEL: Final = "/models/{model}/{version}"


class ModelsQuery(Query):
    """Which models; fields that are left out do not narrow."""

    model_id: str = Field(default="", max_length=1000)
    version: str = Field(default="", max_length=200)
    role: str = Field(default="", max_length=64, description="Together with `party`: who has a part in it.")
    party: str = Field(default="", max_length=64)
    tag: str = Field(default="", max_length=200)
    job: str = Field(default="", max_length=64, description="The job that holds its parts.")
    limit: Whole = LIMIT
    after: str | None = AFTER


class DeployBody(Body):
    """Which steps of a model predict."""

    components: list[str] = Field(default=[], max_length=1000, description="Steps of its job; empty: all of them.")


@endpoint("GET", "/models", reply=Page[ModelReply])
async def find_models(request: web.Request, query: ModelsQuery) -> dict[str, Any]:
    """List the models of the project, the newest first.

    A job with the label `model` makes one as soon as it succeeds: the label's value is the model's id, the job's id
    is the version.
    """
    principal = request[PRINCIPAL]
    require(principal, Action.READ_JOB)
    wanted = ModelFilter(project=principal.project, **query.model_dump(exclude={"limit", "after"}))
    page = await request.app[READER].read(lambda tx: list_models(tx, wanted, after=query.after, limit=query.limit))
    visible = [model for model in page.items if is_visible(principal, Subject(project=model.project))]
    return {"items": [render_model(model) for model in visible], "next": page.next}


@endpoint("GET", MODEL, reply=ModelDetailReply)
async def read_one_model(request: web.Request) -> ModelDetailReply:
    """Get a version of a model with its parts."""
    return await _render(request, await read_model(request, _name(request), Action.READ_JOB))


@endpoint("POST", f"{MODEL}/deploy", status=201, reply=ModelDetailReply, is_body_optional=True)
async def deploy_version(request: web.Request, body: DeployBody) -> ModelDetailReply:
    """Make a version of a model of which it is settled which steps predict; the one it comes from stays as it is."""
    model = await read_model(request, _name(request), Action.CONTROL_JOB)
    steps = await request.app[READER].read(
        lambda tx: [each.step.name for each in get_job_detail(tx, model.job).steps]
    )  # fmt: skip
    for place, name in enumerate(body.components):
        if name not in steps:
            known = f"It has {', '.join(steps)}."
            raise InvalidDocumentError(Problem(f"components.{place}", f"the model has no step {name!r}.", known))
    recipe = await request.app[READER].read(lambda tx: describe_recipe(tx, model))
    by, now = actor_of(request), utc_now()
    deployment = Deployment(version=new_job_id(now), components=tuple(body.components or steps), recipe=recipe)
    return await _render(
        request,
        await request.app[WRITER].write(lambda tx: deploy_model(tx, _name(request), deployment, by=by, now=now)),
    )


@endpoint("DELETE", MODEL, status=204)
async def delete_model(request: web.Request) -> None:
    """Delete a version of a model; the job that made it stays, and may be deleted then."""
    name = _name(request)
    await read_model(request, name, Action.DELETE_JOB)
    by = actor_of(request)
    await request.app[WRITER].write(lambda tx: forget_model(tx, name, by=by, now=utc_now()))


@endpoint("PUT", f"{MODEL}/tags/{{tag}}", reply=TagReply)
async def put_model_tag(request: web.Request) -> TagReply:
    """Tag a model; the tag is made where there is none of that name."""
    name, tag = _name(request), request.match_info["tag"]
    if len(tag) > 200 or not tag.isprintable() or not tag.strip():
        raise InvalidDocumentError(Problem("tag", "is no printable text of at most 200 characters"))
    await read_model(request, name, Action.CONTROL_JOB)
    by = request[PRINCIPAL]
    return render_tag(await request.app[WRITER].write(lambda tx: tag_model(tx, name, tag, by=by, now=utc_now())))


@endpoint("DELETE", f"{MODEL}/tags/{{tag}}", status=204)
async def delete_model_tag(request: web.Request) -> None:
    """Take a tag from a model."""
    name, tag = _name(request), request.match_info["tag"]
    await read_model(request, name, Action.CONTROL_JOB)
    by = request[PRINCIPAL]
    await request.app[WRITER].write(lambda tx: untag_model(tx, name, tag, by=by))


@endpoint("GET", "/tags", reply=Page[TagReply])
async def find_tags(request: web.Request) -> dict[str, Any]:
    """List the project's tags, by name."""
    principal = request[PRINCIPAL]
    require(principal, Action.READ_JOB)
    tags = await request.app[READER].read(lambda tx: list_tags(tx, principal.project))
    return {"items": [render_tag(tag) for tag in tags], "next": None}


@endpoint("DELETE", "/tags/{tag}", status=204)
async def delete_tag(request: web.Request) -> None:
    """Delete a tag; models that bore it bear it no more."""
    principal, tag = request[PRINCIPAL], request.match_info["tag"]
    require(principal, Action.SUBMIT_JOB)
    await request.app[WRITER].write(lambda tx: forget_tag(tx, tag, by=principal))


def _name(request: web.Request) -> ModelName:
    return name_model(request, request.match_info["model"], request.match_info["version"])


async def _render(request: web.Request, model: Model) -> ModelDetailReply:
    parts = await request.app[READER].read(lambda tx: list_parts(tx, model))
    return render_model_detail(model, parts)
