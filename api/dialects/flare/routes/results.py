"""Commands on what a job leaves: its result, and the error logs of its sites."""

import asyncio
import tempfile
import zipfile
from collections.abc import AsyncIterator, Sequence
from typing import IO, Final

from api.dialects.flare.command import PULL_FOLDER, Call, Command, Reply
from api.dialects.flare.errors import FlareError, MetaStatus
from api.dialects.flare.requests.flags import take_one
from api.dialects.flare.requests.job_folder import SERVER
from api.dialects.flare.responses import make_dict, make_success
from api.dialects.flare.routes.jobs import check_job, list_tasks, load_meta
from api.dialects.flare.routes.logs import read_log
from api.dialects.flare.routes.packing import IN_MEMORY_BYTES, pack_result
from api.dialects.flare.vocabulary.targets import name_site
from scheduler.domain.access import Action
from scheduler.domain.errors import TooLargeError, UnreachableError
from scheduler.domain.model import Task
from scheduler.domain.states import TERMINAL, State

BLOCK_BYTES: Final = 256 << 10
ERROR_LOG: Final = "ERRORLOG_"


async def download_job(call: Call) -> Reply:
    """Fetch what a finished job has left, as a zip file with `job`, `workspace` and `meta.json`."""
    job = take_one(call.words, "download_job", "job_id")
    await _check_done(call, job)
    file = await pack_result(call, job, meta=await load_meta(call, job), log=await _read_server_log(call, job))
    return make_success(download=read_file(file), job_id=job)


async def _check_done(call: Call, job: str) -> None:
    found = await check_job(call, job, Action.READ_OUTPUT)
    if found.state not in TERMINAL:
        raise FlareError(MetaStatus.JOB_RUNNING, f"job {job} is still running")


async def _read_server_log(call: Call, job: str) -> bytes:
    """The server's log; where its party cannot be reached, why."""
    server = next((task for task in await list_tasks(call, job) if task.role == SERVER), None)
    return b"" if server is None else await _read_log_anyway(call, server)


async def _read_log_anyway(call: Call, task: Task) -> bytes:
    try:
        return await read_log(call, task)
    except (UnreachableError, TooLargeError) as wrong:
        return f"[fedrota] the log cannot be read now: {wrong}\n".encode()


async def list_components(call: Call) -> Reply:
    """List what a job has left beside its result: the error logs of sites where it failed."""
    job = take_one(call.words, "list_job", "job_id")
    await check_job(call, job, Action.READ_JOB)
    return make_dict({}, job_components=[_name_component(task) for task in _list_failed(await list_tasks(call, job))])


def _list_failed(tasks: Sequence[Task]) -> list[Task]:
    """Those that failed by themselves; the others of the attempt were only stopped with them."""
    return [task for task in tasks if task.state is State.FAILED and task.failure and task.failure.kind != "stopped"]


def _name_component(task: Task) -> str:
    return f"{ERROR_LOG}{name_site(task)}"


async def download_components(call: Call) -> Reply:
    """Fetch the error logs of the sites where a job failed, as a zip file."""
    job = take_one(call.words, "download_job_components", "job_id")
    await check_job(call, job, Action.READ_OUTPUT)
    file: IO[bytes] = tempfile.SpooledTemporaryFile(IN_MEMORY_BYTES)  # noqa: SIM115  closed once it is sent
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for task in _list_failed(await list_tasks(call, job)):
            why = "" if task.failure is None else f"{task.failure.message}\n{task.failure.detail}\n"
            archive.writestr(_name_component(task), why.encode() + await _read_log_anyway(call, task))
    file.seek(0)
    return make_success(download=read_file(file), job_id=job)


async def read_file(file: IO[bytes]) -> AsyncIterator[bytes]:
    """The pieces of a file, which is closed at the end."""
    with file:
        while piece := await asyncio.to_thread(file.read, BLOCK_BYTES):
            yield piece


COMMANDS: Final[Sequence[Command]] = (
    Command(name="download_job", scope="job", serve=download_job, usage="download_job job_id",
            client_cmd=PULL_FOLDER),
    Command(name="list_job", scope="job", serve=list_components, usage="list_job job_id"),
    Command(name="download_job_components", scope="job", serve=download_components,
            usage="download_job_components job_id", client_cmd=PULL_FOLDER),
)  # fmt: skip
