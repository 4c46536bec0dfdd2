"""FATE's models on the move: export, import, the parties' model stores, raw parts for what serves them."""

import base64
from collections.abc import Mapping
from typing import IO, Any, Final

from aiohttp import web

from api.auth import require
from api.dialects.fate.errors import FateError
from api.dialects.fate.requests.bodies import read_members
from api.dialects.fate.requests.model_import import ModelImport, take_archive
from api.dialects.fate.requests.models import Member, find_text, need_texts, read_member
from api.dialects.fate.responses.envelope import render_success
from api.dialects.fate.responses.submitted import render_submitted
from api.dialects.fate.routes.admission import settle_form
from api.dialects.fate.routes.answer import Routes, Streaming
from api.dialects.fate.routes.model_access import read_with_recipe
from api.dialects.fate.vocabulary.fate_job import DIALECT
from api.dialects.fate.vocabulary.model_jobs import IMPORT, RESTORE, describe_model_job, make_store_draft
from api.keys import PRINCIPAL
from api.models.access import name_model, read_parts
from api.models.arrival import ImportRequest, install_model
from api.models.manifest import Manifest, PartEntry
from api.models.packing import pack_model
from api.models.stores import recall_manifest, restore_part, store_parts
from api.models.unpacking import Archive
from api.models.waiting import run_to_end
from api.native.archives import make_deliver, open_archive, send_file
from api.output_files import name_output
from api.party_calls import ask_party
from api.planning import plan_job
from scheduler.domain.access import Action
from scheduler.domain.errors import ConflictError, InvalidDocumentError, NotFoundError, TooLargeError
from scheduler.domain.plan import Draft
from scheduler.service.models import ModelName
from scheduler.store.queries.models import Model

_UNSAFE: Final = str.maketrans(dict.fromkeys('/\\"\r\n\t;', "_"))


async def export(request: web.Request) -> web.StreamResponse:
    """A model as a zip file."""
    body = await read_members(request)
    name = name_model(request, *need_texts(body, "model_id", "model_version"))
    role, party = read_member(body)
    model, recipe = await find_exported(request, name, (role, party))
    parts = await read_parts(request, model)
    title = f"{role}#{party}#{model.model_id}_{model.version}.zip".translate(_UNSAFE)
    with await pack_model(request, model, parts, recipe=recipe, exported_by=(role, party)) as file:
        return await send_file(request, file, title)


async def find_exported(request: web.Request, name: ModelName, member: Member) -> tuple[Model, dict[str, Any]]:
    """The model and its recipe as archives keep it; FateError (404) where the member has no such model."""
    missing = f"Model {member[0]}#{member[1]}#{name.model_id} {name.version} does not exist."
    try:
        model, recipe = await read_with_recipe(request, name, Action.READ_OUTPUT)
    except NotFoundError as wrong:
        raise FateError(404, missing, status=404) from wrong
    if member not in {(each.role, each.party) for each in model.members}:
        raise FateError(404, missing, status=404)
    return model, recipe.render()


async def import_model(request: web.Request) -> web.StreamResponse:
    """Take in an exported model; 409 where it exists, unless `force_update` is set."""
    require(request[PRINCIPAL], Action.SUBMIT_JOB)
    async with take_archive(request) as (file, wanted):
        settle_form(request, wanted.fields)
        archive = await _open(request, file)
        manifest = archive.manifest
        name = _check_named(request, manifest, wanted)
        taken = ImportRequest(
            name=name,
            replaces=wanted.force_update,
            dialect=DIALECT,
            describe=lambda draft: _describe(IMPORT, name, draft),
        )

        try:
            model = await install_model(request, manifest, make_deliver(request, archive), taken)
        except ConflictError as wrong:
            raise FateError(409, f"Model already exists. {wrong.message}", status=409) from wrong
    role, party = _pick_member(manifest, wanted)
    data = {"role": role, "party_id": party, "model_id": name.model_id, "model_version": name.version}
    return render_success({"job_id": model.job, **data})


async def _open(request: web.Request, file: IO[bytes]) -> Archive:
    try:
        return await open_archive(request, file)
    except (InvalidDocumentError, TooLargeError) as wrong:
        raise FateError(400, wrong.message, status=400) from wrong


def _check_named(request: web.Request, manifest: Manifest, wanted: ModelImport) -> ModelName:
    """The archive's model, if it is the one that the form names."""
    for what, named, found in (
        ("model_id", wanted.model_id, manifest.model_id),
        ("model_version", wanted.model_version, manifest.model_version),
    ):
        if named and named != found:
            raise FateError(400, f"the archive holds {what} {found}, not {named}", status=400)
    member = (wanted.role, wanted.party)
    if all(member) and member not in {(each.role, each.party) for each in manifest.members}:
        raise FateError(400, f"party id {wanted.party} is not in role {wanted.role} of the model", status=400)
    return name_model(request, manifest.model_id, manifest.model_version)


def _pick_member(manifest: Manifest, wanted: ModelImport) -> Member:
    return (
        wanted.role or manifest.exported_by.role,
        wanted.party or manifest.exported_by.party,
    )


def _describe(kind: str, name: ModelName, draft: Draft) -> dict[str, Any]:
    return describe_model_job(kind, name, draft.roles, [step.name for step in draft.steps]).render()


async def store(request: web.Request) -> web.StreamResponse:
    """Copy a model into the stores of its parties; a job of role local says so."""
    body = await read_members(request)
    name = name_model(request, *need_texts(body, "model_id", "model_version"))
    member = read_member(body)
    model, recipe = await find_exported(request, name, member)
    require(request[PRINCIPAL], Action.SUBMIT_JOB)
    parts = await read_parts(request, model)
    replaces = str(body.get("force_update")).lower() in {"true", "1"}
    await store_parts(request, model, parts, recipe=recipe, exported_by=member, replaces=replaces)
    submission = await plan_job(request, make_store_draft(name, member, by=request[PRINCIPAL]))
    job = await run_to_end(request, submission)
    return _render_job(request, job, name, ("local", member[1]))


async def restore(request: web.Request) -> web.StreamResponse:
    """Take a model back from the stores of its parties."""
    body = await read_members(request)
    require(request[PRINCIPAL], Action.SUBMIT_JOB)
    name = name_model(request, *need_texts(body, "model_id", "model_version"))
    member = read_member(body)
    manifest = await recall_manifest(request, name, member[1])
    taken = ImportRequest(
        name=name, replaces=True, dialect=DIALECT, describe=lambda draft: _describe(RESTORE, name, draft)
    )

    async def deliver(entry: PartEntry, place: Mapping[str, Any]) -> object:
        return await restore_part(request, name, entry, place)

    model = await install_model(request, manifest, deliver, taken)
    return _render_job(request, model.job, name, member)


def _render_job(request: web.Request, job: str, name: ModelName, member: Member) -> web.Response:
    named = {"model_id": name.model_id, "model_version": name.version}
    return render_submitted(request, job, model_id=name.model_id, initiator=member, model_info=named)


async def transfer(request: web.Request) -> web.StreamResponse:
    """A party's parts of a model as base64 texts by name, for what serves them."""
    body = await read_members(request)
    namespace, version = find_text(body, "namespace"), find_text(body, "name")
    if not (namespace and version):
        raise FateError(400, "namespace and name are required", status=400)
    return await _transfer(request, namespace, version)


async def transfer_named(request: web.Request) -> web.StreamResponse:
    """As `transfer`, with the names in the path, `~` for `#`."""
    named = request.match_info
    return await _transfer(request, named["party_model_id"].replace("~", "#"), named["model_version"])


async def _transfer(request: web.Request, party_model_id: str, version: str) -> web.StreamResponse:
    role, _, rest = party_model_id.partition("#")
    party, _, model_id = rest.partition("#")
    try:
        model, _ = await read_with_recipe(request, name_model(request, model_id, version), Action.READ_OUTPUT)
    except NotFoundError as wrong:
        raise FateError(404, f"model {party_model_id} {version} not found", status=404) from wrong
    parts = [
        part for part in await read_parts(request, model) if (part.member.role, part.member.party) == (role, party)
    ]
    if not parts:
        raise FateError(404, f"model {party_model_id} {version} not found", status=404)
    buffers = {}
    for part in parts:
        output = part.output
        _, content = await ask_party(request, output.where.party, "output.read", name_output(output))
        buffers[f"{output.where.step}.{output.name}"] = base64.b64encode(content).decode()
    return render_success(buffers)


ROUTES: Final[Routes] = {
    "/model/export": {"GET": Streaming(export), "POST": Streaming(export)},
    "/model/import": {"POST": import_model},
    "/model/store": {"POST": store},
    "/model/restore": {"POST": restore},
    "/model/transfer": {"POST": transfer},
    "/model/transfer/{party_model_id}/{model_version}": {"POST": transfer_named},
}
