"""Models: written to a path of their party, taken in, forgotten, stored, handed to what serves them."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import PurePosixPath
from typing import IO, Any, Final

from aiohttp import web

from api.agent.channel import CHANNEL_HUB
from api.bridge import utc_now
from api.callers import actor_of
from api.dialects.fate.routes import model_files, publish
from api.dialects.fate.routes.answer import Answer, Routes
from api.dialects.fate.routes.model_files import find_exported
from api.dialects.fate.v2.errors import Code, FlowError
from api.dialects.fate.v2.requests.members import Members, give, need, read_all
from api.dialects.fate.v2.responses.envelope import render_success, take_data
from api.keys import WRITER
from api.models.access import name_model, read_model, read_parts
from api.models.packing import pack_model
from api.uploads import BLOCK_BYTES
from scheduler.domain.access import Action
from scheduler.domain.errors import NotFoundError
from scheduler.service.models import forget_model

ZIP: Final = ".zip"
_UNSAFE: Final = str.maketrans(dict.fromkeys('/\\"\r\n\t;', "_"))


async def export(request: web.Request) -> web.Response:
    """Let the party write the model's archive to a path of its own: a file that ends in .zip, or a folder."""
    members = await read_all(request)
    need(members, "path")
    return await _export(request, members, str(members["path"]))


async def migrate(request: web.Request) -> web.Response:
    """As `export`, to the folder `dir_path`: another installation imports the archive from there."""
    members = await read_all(request)
    need(members, "dir_path")
    return await _export(request, members, str(members["dir_path"]))


async def _export(request: web.Request, members: Members, path: str) -> web.Response:
    model_id, version, role, party = need(members, "model_id", "model_version", "role", "party_id")
    model, recipe = await find_exported(request, name_model(request, model_id, version), (role, party))
    title = f"{role}_{party}_{model_id}_{version}{ZIP}".translate(_UNSAFE)
    target = path if path.endswith(ZIP) else str(PurePosixPath(path) / title)
    parts = await read_parts(request, model)
    with await pack_model(request, model, parts, recipe=recipe, exported_by=(role, party)) as file:
        hub = request.app[CHANNEL_HUB]
        written = await hub.call_upload(party, "file.save", {"path": target}, _read(file))
    return render_success([written.get("path")])


async def _read(file: IO[bytes]) -> AsyncIterator[bytes]:
    while piece := await asyncio.to_thread(file.read, BLOCK_BYTES):
        yield piece


async def import_model(request: web.Request) -> web.Response:
    """Take in an archive that an export has written."""
    return render_success(take_data(await model_files.import_model(request)))


async def delete(request: web.Request) -> web.Response:
    """Forget a version of a model; its job and what that left stay. Single parts of a version cannot be forgotten."""
    members = await read_all(request)
    model_id, version = need(members, "model_id", "model_version")
    narrow = [name for name in ("role", "party_id", "task_name", "output_key") if members.get(name)]
    if narrow:
        raise FlowError(
            Code.RESTRICTED,
            f"a version of a model is forgotten as a whole: leave {', '.join(narrow)} out, or delete what one task left "
            "with output/model/delete",
        )
    name, by = name_model(request, model_id, version), actor_of(request)
    try:
        found = await read_model(request, name, Action.DELETE_JOB)
    except NotFoundError:
        return render_success({"count": 0}, "there is no such model")
    await request.app[WRITER].write(lambda tx: forget_model(tx, name, by=by, now=utc_now()))
    return render_success({"count": len(found.members)})


async def load(request: web.Request) -> web.StreamResponse:
    """Tell what serves predictions of a model, for all its parties."""
    model_id, version = need(await read_all(request), *MODEL)
    model = await read_model(request, name_model(request, model_id, version), Action.READ_JOB)
    roles: dict[str, list[str]] = {}
    for member in model.members:
        roles.setdefault(member.role, []).append(member.party)
    give(request, {"job_parameters": {"model_id": model_id, "model_version": version}, "role": roles})
    return render_success(take_data(await publish.load(request)))


def _pass_on(answer: Answer) -> Answer:
    """FATE 1.x's call of the same meaning; the functions of client 2.2.0 cannot name the model yet, requests can."""

    async def handle(request: web.Request) -> web.StreamResponse:
        need(await read_all(request), *MEMBER)
        found: Any = take_data(await answer(request))
        return render_success(found)

    return handle


MODEL: Final = ("model_id", "model_version")
MEMBER: Final = (*MODEL, "role", "party_id")
ROUTES: Final[Routes] = {
    "/model/export": {"POST": export},
    "/model/migrate": {"POST": migrate},
    "/model/import": {"POST": import_model},
    "/model/delete": {"POST": delete},
    "/model/load": {"POST": load},
    "/model/store": {"POST": _pass_on(model_files.store)},
    "/model/restore": {"POST": _pass_on(model_files.restore)},
}
