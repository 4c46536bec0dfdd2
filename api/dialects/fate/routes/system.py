"""FATE's calls about the installation: versions, capacity, addresses; what only its own servers need is refused."""

import platform
from collections.abc import Callable
from typing import Any, Final

from aiohttp import web

from api.dialects.fate.errors import FateError, RetCode
from api.dialects.fate.requests.bodies import read_members
from api.dialects.fate.requests.job_settings import RETRY_DELAY_S, TIMEOUT_S
from api.dialects.fate.responses.envelope import render_success
from api.dialects.fate.responses.models import VERSION
from api.dialects.fate.routes.answer import Answer, Routes
from api.dialects.fate.vocabulary.slots import SLOTS
from api.keys import PRINCIPAL, READER, SETTINGS
from api.monitor.state import PartyState, find_states
from api.native.system import find_version
from scheduler.domain.errors import NotFoundError
from scheduler.store.queries.holdings import Holding, list_holdings

API: Final = "v1"


def list_versions() -> dict[str, str]:
    """What can be asked for by name."""
    return {
        "FATE": VERSION,
        "FATEFlow": VERSION,
        "fedrota": find_version(),
        "PYTHON": platform.python_version(),
    }


async def get_version(request: web.Request) -> web.Response:
    """`version/get`: the version of one thing, of FATE's interface where none is named."""
    module = (await read_members(request)).get("module", "FATE")
    known = {name.lower(): version for name, version in list_versions().items()}
    found = known.get(module.lower()) if isinstance(module, str) else None
    if found is None:
        raise FateError(404, f"this installation has no {module}: ask for {', '.join(list_versions())}", status=404)
    return render_success({module: found, "API": API})


async def get_versions(request: web.Request) -> web.Response:
    """`server/version/get`: all versions, or one."""
    if (await read_members(request)).get("module"):
        return await get_version(request)
    return render_success({**list_versions(), "API": API})


async def query_resources(request: web.Request) -> web.Response:
    """`resource/query`: the slots of all parties together, and which jobs hold some."""
    states = await find_states(request.app)
    project = request[PRINCIPAL].project
    running = await request.app[READER].read(lambda tx: list_holdings(tx, project=project))
    return render_success(
        {
            "use_resource_job": [_render_holder(each) for each in running],
            "computing_engine_resource": _render_engine(states),
        }
    )


def _render_holder(found: Holding) -> dict[str, Any]:
    return {"job_id": found.job, "role": found.role, "party_id": found.party, "core": found.slots, "memory": 0}


def _render_engine(states: list[PartyState]) -> dict[str, Any]:
    cores = sum(state.party.slots for state in states)
    return {
        "f_engine_type": "computing",
        "f_engine_name": "FEDROTA",
        "f_engine_entrance": "fedrota",
        "f_engine_config": {state.party.id: {"cores": state.party.slots} for state in states},
        "f_cores": cores,
        "f_remaining_cores": cores - sum(state.load.in_use for state in states),
        "f_memory": 0,
        "f_remaining_memory": 0,
        "f_nodes": sum(state.is_online for state in states),
    }


async def return_resources(request: web.Request) -> web.Response:
    """`resource/return`: slots follow what runs, so there is never anything to give back."""
    job = (await read_members(request)).get("job_id")
    if not isinstance(job, str) or not job:
        raise FateError(RetCode.ARGUMENT, "required parameters are missing: job_id; ")
    project = request[PRINCIPAL].project
    running = await request.app[READER].read(lambda tx: list_holdings(tx, project=project, job=job))
    rows = [
        {
            "job_id": each.job,
            "role": each.role,
            "party_id": each.party,
            "resource_in_use": True,
            "resource_return_status": False,
        }
        for each in running
    ]
    return render_success(rows, "slots are free as soon as nothing runs in them: stop the job to free these")


def list_servers(request: web.Request) -> dict[str, dict[str, Any]]:
    """The servers that clients can reach: this gateway."""
    settings = request.app[SETTINGS]
    return {"FATEFLOW": {"host": settings.host, "http_port": settings.port, "version": find_version()}}


async def get_servers(request: web.Request) -> web.Response:
    """`server/get` and its likes: every server by name."""
    return render_success(list_servers(request))


async def get_server(request: web.Request) -> web.Response:
    """`server/NAME/get`: one server."""
    name = request.match_info["name"]
    found = list_servers(request).get(name.upper())
    if found is None:
        raise NotFoundError("server", name)
    return render_success(found)


async def get_defaults(_request: web.Request) -> web.Response:
    """`server/config/job/default`: what a job has where its conf does not say."""
    return render_success(
        {
            "job_timeout": TIMEOUT_S,
            "task_cores": SLOTS,
            "task_parallelism": 1,
            "auto_retries": 0,
            "auto_retry_delay": RETRY_DELAY_S,
            "federated_status_collect_type": "PUSH",
        }
    )


async def get_common(request: web.Request) -> web.Response:
    """`info/common`: the interface's version and this gateway's address."""
    settings = request.app[SETTINGS]
    return render_success({"version": VERSION, "host": settings.host, "http_port": settings.port})


async def get_board(request: web.Request) -> web.Response:
    """`info/fateboard`: where jobs can be looked at; the gateway itself shows them."""
    settings = request.app[SETTINGS]
    return render_success({"host": settings.host, "port": settings.port})


async def get_info_version(_request: web.Request) -> web.Response:
    """`info/version`."""
    return render_success({**list_versions(), "API": API})


async def get_party_info(request: web.Request) -> web.Response:
    """`info/party/ID`: whether a party can be reached, and what its worker is."""
    wanted = request.match_info["party"]
    for state in await find_states(request.app):
        if state.party.id == wanted:
            return render_success(
                {
                    "party_id": wanted,
                    "online": state.is_online,
                    "version": state.party.version,
                    "cores": state.party.slots,
                    "reason": state.reason,
                }
            )
    raise NotFoundError("party", wanted)


def _refuse(sentence: str, retcode: int = RetCode.OPERATING, status: int = 200) -> Answer:
    async def answer(_request: web.Request) -> web.StreamResponse:
        raise FateError(retcode, sentence, status=status)

    return answer


def _post(answer: Callable[[web.Request], Any]) -> dict[str, Answer]:
    return {"POST": answer}


_FIXED: Final = "settings are read when the gateway starts: change them there and start it again"
_NO_SERVERS: Final = "parties connect to this gateway by themselves: no server is registered"
_NO_KEYS: Final = "parties prove who they are by their worker's token: there are no public keys of sites here"

ROUTES: Final[Routes] = {
    "/version/get": _post(get_version),
    "/version/set": _post(_refuse("versions are those of the installed release: none can be set")),
    "/server/version/get": _post(get_versions),
    "/server/service/get": _post(get_servers),
    "/server/get": _post(get_servers),
    "/server/fateflow/info": _post(get_servers),
    "/server/config/job/default": _post(get_defaults),
    "/server/reload": _post(_refuse(_FIXED)),
    "/server/{name}/get": _post(get_server),
    "/server/{name}/register": _post(_refuse(_NO_SERVERS)),
    "/service/query": _post(get_servers),
    "/service/registry": _post(_refuse(_NO_SERVERS)),
    "/resource/query": _post(query_resources),
    "/resource/return": _post(return_resources),
    "/info/common": _post(get_common),
    "/info/fateboard": _post(get_board),
    "/info/version": _post(get_info_version),
    "/info/eggroll": _post(_refuse("this installation has no eggroll", 404, 404)),
    "/info/party/{party}": _post(get_party_info),
    "/key/public/save": _post(_refuse(_NO_KEYS)),
    "/key/public/delete": _post(_refuse(_NO_KEYS)),
    "/key/query": _post(_refuse(_NO_KEYS)),
}
