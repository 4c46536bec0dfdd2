"""FATE's tags: `model/tag/*` for the words themselves, `model/model_tag/*` for which model bears which."""

from functools import partial
from typing import Any, Final

from aiohttp import web

from api.auth import require
from api.bridge import utc_now
from api.dialects.fate.errors import FateError, RetCode
from api.dialects.fate.requests.bodies import read_members
from api.dialects.fate.requests.models import find_text, need_texts
from api.dialects.fate.requests.whole import parse_whole
from api.dialects.fate.responses.envelope import render_success
from api.dialects.fate.routes.answer import Routes
from api.dialects.fate.routes.model_access import find_by_version, measure_parts
from api.keys import PRINCIPAL, READER, WRITER
from scheduler.domain.access import Action
from scheduler.domain.errors import ConflictError, NotFoundError
from scheduler.service.models import ModelName
from scheduler.service.tags import change_tag, create_tag, forget_tag, tag_model, untag_model
from scheduler.store.queries.models import Model, ModelFilter, count_tagged, list_models
from scheduler.store.queries.tags import Tag, get_tag, list_tags
from scheduler.store.tx import Tx

MAX_LISTED: Final = 1000
PAGE: Final = 100
"""Models read in one transaction: each has parts to measure."""


async def retrieve_of_model(request: web.Request) -> web.StreamResponse:
    """The tags of a model, which `job_id` names by its version."""
    model = await _read_model(request, await read_members(request), Action.READ_JOB)

    def find(tx: Tx) -> list[Tag]:
        return [get_tag(tx, model.project, name) for name in model.tags]

    tags = await request.app[READER].read(find)
    return render_success({"tags": [_render_tag(tag) for tag in tags], "count": len(tags)})


async def attach(request: web.Request) -> web.StreamResponse:
    """Tag a model; the tag is made where there is none of that name."""
    body = await read_members(request)
    (tag,) = need_texts(body, "tag_name")
    model = await _read_model(request, body, Action.CONTROL_JOB)
    if tag in model.tags:
        raise FateError(RetCode.EXCEPTION, f"model {model.version} bears the tag {tag!r} already")
    by = request[PRINCIPAL]
    await request.app[WRITER].write(lambda tx: tag_model(tx, _name(model), tag, by=by, now=utc_now()))
    return render_success(message=f"Adding tag {tag!r} for model with job id {model.version} successfully.")


async def detach(request: web.Request) -> web.StreamResponse:
    """Take a tag from a model."""
    body = await read_members(request)
    (tag,) = need_texts(body, "tag_name")
    model = await _read_model(request, body, Action.CONTROL_JOB)
    if tag not in model.tags:
        raise FateError(RetCode.EXCEPTION, f"model {model.version} bears no tag {tag!r}")
    by = request[PRINCIPAL]
    await request.app[WRITER].write(lambda tx: untag_model(tx, _name(model), tag, by=by))
    return render_success(message=f"Removing tag {tag!r} from model with job id {model.version} successfully.")


async def _read_model(request: web.Request, body: dict[str, Any], action: Action) -> Model:
    (version,) = need_texts(body, "job_id")
    try:
        return await find_by_version(request, version, action)
    except NotFoundError as wrong:
        raise FateError(RetCode.EXCEPTION, f"Can not found model by job id {version}.") from wrong


def _name(model: Model) -> ModelName:
    return ModelName(project=model.project, model_id=model.model_id, version=model.version)


async def create(request: web.Request) -> web.StreamResponse:
    """Make a tag."""
    body = await read_members(request)
    (tag,) = need_texts(body, "tag_name")
    by, notes = _check_writer(request), find_text(body, "tag_desc")
    try:
        await request.app[WRITER].write(lambda tx: create_tag(tx, tag, notes=notes, by=by, now=utc_now()))
    except ConflictError as wrong:
        raise FateError(RetCode.EXCEPTION, f"Tag {tag!r} already exists.") from wrong
    return render_success(message=f"Tag {tag!r} created successfully.")


async def retrieve(request: web.Request) -> web.StreamResponse:
    """Tags whose name contains a word, or the models that bear a tag."""
    body = await read_members(request)
    (tag,) = need_texts(body, "tag_name")
    require(request[PRINCIPAL], Action.READ_JOB)
    project = request[PRINCIPAL].project
    if body.get("with_model"):
        models = await _list_tagged(request, project, tag)
        return render_success({"models": models, "count": len(models)})
    tags = await request.app[READER].read(lambda tx: list_tags(tx, project, keyword=tag))
    if not tags:
        raise FateError(RetCode.EXCEPTION, "No tags found.")
    return render_success({"tags": [_render_tag(each) for each in tags]})


async def _list_tagged(request: web.Request, project: str, tag: str) -> list[dict[str, Any]]:
    """A row for each party of each model that bears the tag; FateError where there is no such tag."""

    def find(tx: Tx, after: str | None) -> tuple[list[dict[str, Any]], str | None]:
        get_tag(tx, project, tag)
        page = list_models(tx, ModelFilter(project=project, tag=tag), after=after, limit=PAGE)
        return [row for model in page.items for row in _render_tagged(tx, model)], page.next

    try:
        rows, after = await request.app[READER].read(partial(find, after=None))
        while after is not None:
            more, after = await request.app[READER].read(partial(find, after=after))
            rows += more
    except NotFoundError as wrong:
        raise FateError(RetCode.EXCEPTION, f"Can not found {tag!r}.") from wrong
    return rows


def _render_tagged(tx: Tx, model: Model) -> list[dict[str, Any]]:
    sizes = measure_parts(tx, model)
    return [
        {
            "model_id": model.model_id,
            "model_version": model.version,
            "model_size": sizes.get((member.role, member.party), 0),
            "role": member.role,
            "party_id": member.party,
        }
        for member in model.members
    ]


async def update(request: web.Request) -> web.StreamResponse:
    """Rename or describe a tag."""
    body = await read_members(request)
    (tag,) = need_texts(body, "tag_name")
    by = _check_writer(request)
    new_name = find_text(body, "new_tag_name") or None
    notes = find_text(body, "new_tag_desc") if body.get("new_tag_desc") is not None else None
    if new_name is None and notes is None:
        raise FateError(RetCode.EXCEPTION, "Nothing to be updated.")
    try:
        await request.app[WRITER].write(
            lambda tx: change_tag(tx, tag, new_name=new_name, notes=notes, by=by, now=utc_now())
        )
    except (ConflictError, NotFoundError) as wrong:
        raise FateError(RetCode.EXCEPTION, wrong.message) from wrong
    return render_success(message=f"Information of tag {tag!r} has been updated successfully.")


async def destroy(request: web.Request) -> web.StreamResponse:
    """Delete a tag; models that bore it bear it no more."""
    (tag,) = need_texts(await read_members(request), "tag_name")
    by = _check_writer(request)
    try:
        await request.app[WRITER].write(lambda tx: forget_tag(tx, tag, by=by))
    except NotFoundError as wrong:
        raise FateError(RetCode.EXCEPTION, f"Tag {tag!r} not found.") from wrong
    return render_success(message=f"Tag {tag!r} has been deleted successfully.")


async def list_all(request: web.Request) -> web.StreamResponse:
    """The first `limit` tags, each with the number of models that bear it."""
    body = await read_members(request)
    require(request[PRINCIPAL], Action.READ_JOB)
    project, limit = request[PRINCIPAL].project, parse_whole(find_text(body, "limit") or 10)
    if limit is None or not 0 < limit <= MAX_LISTED:
        raise FateError(RetCode.ARGUMENT, f"limit must be a whole number from 1 to {MAX_LISTED}")

    def find(tx: Tx) -> list[dict[str, Any]]:
        counts = count_tagged(tx, project)
        tags = list_tags(tx, project, limit=limit)
        return [{**_render_tag(tag), "model_count": counts.get(tag.name, 0)} for tag in tags]

    return render_success({"tags": await request.app[READER].read(find)})


def _check_writer(request: web.Request) -> Any:
    """Who calls, if they may write tags: whoever may submit jobs."""
    require(request[PRINCIPAL], Action.SUBMIT_JOB)
    return request[PRINCIPAL]


def _render_tag(tag: Tag) -> dict[str, str]:
    return {"name": tag.name, "description": tag.notes}


ROUTES: Final[Routes] = {
    "/model/model_tag/retrieve": {"POST": retrieve_of_model},
    "/model/model_tag/create": {"POST": attach},
    "/model/model_tag/remove": {"POST": detach},
    "/model/tag/create": {"POST": create},
    "/model/tag/retrieve": {"POST": retrieve},
    "/model/tag/update": {"POST": update},
    "/model/tag/destroy": {"POST": destroy},
    "/model/tag/list": {"POST": list_all},
}
