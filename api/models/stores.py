"""The parties' model stores: every party keeps its own part, and the manifest of the whole."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Final

from aiohttp import web

from api.agent.channel import CHANNEL_HUB
from api.models.manifest import Manifest, PartEntry, make_manifest, parse_manifest
from api.party_calls import ask_party
from scheduler.domain.errors import InvalidDocumentError, Problem
from scheduler.service.models import ModelName
from scheduler.store.queries.models import Model, Part

COPY_S: Final = 600.0


async def store_parts(
    request: web.Request,
    model: Model,
    parts: Sequence[Part],
    *,
    recipe: Mapping[str, Any],
    exported_by: tuple[str, str],
    replaces: bool,
) -> None:
    """Let each party that holds a part copy it into its store; ConflictError where one has the model already.

    A party's refusal (it has no store, say) leaves the others' copies: storing again with `replaces` overwrites them.
    """
    manifest = make_manifest(model, parts, recipe=recipe, exported_by=exported_by)
    name = ModelName(project=model.project, model_id=model.model_id, version=model.version)
    holders = dict.fromkeys([*(part.output.where.party for part in parts), exported_by[1]])
    for party in holders:
        mine = [_locate(part) for part in parts if part.output.where.party == party]
        args = {**_address(name), "parts": mine, "replace": replaces}
        await request.app[CHANNEL_HUB].call_upload(party, "model.store", args, _once(manifest.render()))


def _locate(part: Part) -> dict[str, Any]:
    output = part.output
    return {
        "task": output.where.task,
        "seq": output.seq,
        "name": output.name,
        "role": part.member.role,
        "step": output.where.step,
    }


async def recall_manifest(request: web.Request, name: ModelName, party: str) -> Manifest:
    """What the party's store says of a model; NotFoundError where it has none of that name."""
    _, body = await ask_party(request, party, "model.recall", _address(name))
    manifest = parse_manifest(body)
    if (manifest.model_id, manifest.model_version) != (name.model_id, name.version):
        raise InvalidDocumentError(Problem("manifest", f"the store of party {party} holds another model there"))
    return manifest


async def restore_part(
    request: web.Request, name: ModelName, entry: PartEntry, place: Mapping[str, Any]
) -> Mapping[str, Any]:
    """Let a party copy its part from its store to `place`, where the job that takes it over finds it."""
    args = {**_address(name), **place, "role": entry.role}
    return await request.app[CHANNEL_HUB].call(entry.party, "model.fetch", args, timeout_s=COPY_S)


def _address(name: ModelName) -> dict[str, str]:
    return {"project": name.project, "model_id": name.model_id, "version": name.version}


async def _once(content: bytes) -> AsyncIterator[bytes]:
    yield content
