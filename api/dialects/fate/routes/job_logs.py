"""A job's logs as one archive, read at the parties while it is sent."""

import asyncio
import io
import tarfile
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import IO, Final

from aiohttp import web

from api.dialects.fate.errors import FateError
from api.dialects.fate.requests.members import need, read_all
from api.dialects.fate.responses.envelope import render_success
from api.dialects.fate.routes.answer import Routes, Streaming
from api.dialects.fate.routes.job_access import FateDetail, check_fate_job
from api.dialects.fate.vocabulary.states import render_time
from api.party_calls import ask_party
from scheduler.domain.access import Action
from scheduler.domain.errors import FedrotaError
from scheduler.domain.model import Task

PIECE_BYTES: Final = 1 << 20
IN_MEMORY: Final = 4 << 20
INFO: Final = "INFO.log"
ERROR: Final = "ERROR.log"
NO_LOG: Final = 404


@dataclass(slots=True)
class _Archive:
    """A tar.gz that grows at one end and is taken away at the other; to compress is no work for the event loop."""

    at: int
    out: io.BytesIO = field(default_factory=io.BytesIO)
    tar: tarfile.TarFile = field(init=False)

    def __post_init__(self) -> None:
        self.tar = tarfile.open(fileobj=self.out, mode="w|gz", format=tarfile.GNU_FORMAT)  # noqa: SIM115  closed at the archive's end

    async def add(self, name: str, content: IO[bytes]) -> None:
        """Add a file with everything that `content` holds."""
        await asyncio.to_thread(self._add, name, content)

    def _add(self, name: str, content: IO[bytes]) -> None:
        member = tarfile.TarInfo(name)
        member.size, member.mtime = content.seek(0, io.SEEK_END), self.at
        content.seek(0)
        self.tar.addfile(member, content)

    def take(self) -> bytes:
        """What has been made since the last time."""
        made = self.out.getvalue()
        self.out.seek(0)
        self.out.truncate()
        return made


async def download_logs(request: web.Request) -> web.StreamResponse:
    """Stream `<role>/<party>/INFO.log` and one for each component; what failed stands in ERROR.log beside it."""
    (job,) = need(await read_all(request), "job_id")
    found = await _check(request, job)
    response = web.StreamResponse(
        headers={
            "Content-Type": "application/x-tar",
            # FATE's clients take the name as it stands, so it must not be quoted.
            "Content-Disposition": f"attachment; filename=job_{job}_log.tar.gz",
        }
    )
    await response.prepare(request)
    async for piece in make_archive(request, found):
        await response.write(piece)
    await response.write_eof()
    return response


async def _check(request: web.Request, job: str) -> FateDetail:
    try:
        return await check_fate_job(request, job, Action.READ_JOB, missing="log path not found")
    except FateError as wrong:
        raise FateError(NO_LOG, wrong.message, status=NO_LOG) from wrong


async def make_archive(request: web.Request, found: FateDetail) -> AsyncIterator[bytes]:
    """The archive, a piece after each task."""
    archive = _Archive(at=(render_time(found.job.created) or 0) // 1000)
    for role, parties in found.job.roles.items():
        for party in parties:
            async for piece in _add_member(request, archive, found, role=role, party=party):
                yield piece
    archive.tar.close()
    yield archive.take()


async def _add_member(
    request: web.Request, archive: _Archive, found: FateDetail, *, role: str, party: str
) -> AsyncIterator[bytes]:
    """The logs of one role at one party: each component's, and all of them in a row."""
    tasks = [task for task in found.detail.tasks if (task.role, task.party) == (role, party)]
    with tempfile.SpooledTemporaryFile(IN_MEMORY) as whole:
        errors: list[str] = []
        for task in tasks:
            with tempfile.SpooledTemporaryFile(IN_MEMORY) as own:
                trouble = await _copy_log(request, task, own, whole)
                await archive.add(f"{role}/{party}/{task.step}/{INFO}", own)
            said = [f"[{task.step}] {line}" for line in _list_errors(task, trouble)]
            if said:
                await archive.add(f"{role}/{party}/{task.step}/{ERROR}", _to_file(said))
            errors += said
            yield archive.take()
        await archive.add(f"{role}/{party}/{INFO}", whole)
        await archive.add(f"{role}/{party}/{ERROR}", _to_file(errors))
        yield archive.take()


async def _copy_log(request: web.Request, task: Task, *copies: IO[bytes]) -> str:
    """Write a task's log as it is now to each of `copies`; why that was not possible, else nothing."""
    if not task.seq or task.started is None:
        return ""
    offset, size = 0, 1
    try:
        while offset < size:
            args = {"task": task.id, "seq": task.seq, "offset": offset, "limit": PIECE_BYTES}
            result, body = await ask_party(request, task.party, "log.read", args)
            for copy in copies:
                copy.write(body)
            offset += len(body)
            found = result.get("size")
            size = found if isinstance(found, int) and body else offset
    except FedrotaError as wrong:
        return f"the log could not be read at party {task.party}: {wrong.message}"
    return ""


def _list_errors(task: Task, trouble: str) -> Iterator[str]:
    if task.failure is not None:
        yield f"{task.failure.kind}: {task.failure.message}"
        if task.failure.detail:
            yield task.failure.detail
    if trouble:
        yield trouble


def _to_file(lines: list[str]) -> IO[bytes]:
    return io.BytesIO("".join(f"{line}\n" for line in lines).encode())


async def find_log_path(request: web.Request) -> web.Response:
    """Where a job's logs are: under this name in the archive of `job/log/download`; no folder of a server."""
    (job,) = need(await read_all(request), "job_id")
    await _check(request, job)
    return render_success({"logs_directory": f"logs/{job}"})


ROUTES: Final[Routes] = {
    "/job/log": {"GET": Streaming(download_logs), "POST": Streaming(download_logs)},
    "/job/log/download": {"GET": Streaming(download_logs), "POST": Streaming(download_logs)},
    "/job/log/path": {"POST": find_log_path},
}
