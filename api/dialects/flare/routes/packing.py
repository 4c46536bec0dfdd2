"""Puts a job's result together as FLARE lays it out: `job/<folder>`, `workspace/...`, `meta.json`, in one zip file."""

import asyncio
import json
import shutil
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from typing import IO, Any, Final

from api.attachments import read_blob
from api.dialects.flare.command import Call
from api.dialects.flare.errors import FlareError, MetaStatus
from api.dialects.flare.requests.job_folder import SERVER
from api.dialects.flare.vocabulary.draft import ARCHIVE
from api.keys import READER, SETTINGS
from api.output_files import copy_output
from api.party_calls import GarbledAnswerError
from api.zip_errors import UNREADABLE
from scheduler.store.queries.attachments import Blob, list_attachments
from scheduler.store.queries.tracking import OutputView, list_outputs
from scheduler.store.tx import Tx

IN_MEMORY_BYTES: Final = 8 << 20
JOB: Final = "job"
WORKSPACE: Final = "workspace"
META: Final = "meta.json"


async def pack_result(call: Call, job: str, *, meta: Mapping[str, Any], log: bytes) -> IO[bytes]:
    """The result as an open file at its start, which the caller closes; what is large never lies in memory.

    `log` is the log of the job's server, which a run that failed leaves instead of a workspace.
    """

    def read(tx: Tx) -> tuple[list[OutputView], Blob | None]:
        sent = {item.name: item.blob for item in list_attachments(tx, job)}
        return list_outputs(tx, job), sent.get(ARCHIVE)

    outputs, blob = await call.app[READER].read(read)
    file: IO[bytes] = tempfile.SpooledTemporaryFile(IN_MEMORY_BYTES)  # noqa: SIM115  the caller closes it
    try:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as result:
            result.writestr(META, json.dumps(meta, indent=2, default=str))
            await _add_job(call, result, blob)
            await _add_outputs(call, result, [output for output in outputs if output.where.role == SERVER])
            if f"{WORKSPACE}/log.txt" not in result.namelist():
                result.writestr(f"{WORKSPACE}/log.txt", log)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return file


async def _add_job(call: Call, result: zipfile.ZipFile, blob: Blob | None) -> None:
    """The job's folder as it was sent."""
    if blob is None:
        return
    with tempfile.SpooledTemporaryFile(IN_MEMORY_BYTES) as file:
        async for piece in read_blob(call.app, blob):
            await asyncio.to_thread(file.write, piece)
        await asyncio.to_thread(copy_members, file, result, JOB, limit=_find_limit(call))


async def _add_outputs(call: Call, result: zipfile.ZipFile, outputs: Sequence[OutputView]) -> None:
    """What the server's tasks have left: FLARE's workspace as its files, anything else under step and name."""
    for output in outputs:
        with tempfile.SpooledTemporaryFile(IN_MEMORY_BYTES) as file:
            await _fetch(call, output, file)
            if output.name == WORKSPACE and zipfile.is_zipfile(file):
                await asyncio.to_thread(copy_members, file, result, WORKSPACE, limit=_find_limit(call))
                continue
            file.seek(0)
            with result.open(f"{WORKSPACE}/{output.where.step}/{output.name}", "w", force_zip64=True) as target:
                await asyncio.to_thread(shutil.copyfileobj, file, target)


async def _fetch(call: Call, output: OutputView, file: IO[bytes]) -> None:
    try:
        await copy_output(call.app, output, file)
    except GarbledAnswerError as wrong:  # no NO_REPLY: to ask once more would change nothing
        raise FlareError(MetaStatus.ERROR, wrong.message) from wrong


def _find_limit(call: Call) -> int:
    return call.app[SETTINGS].upload_limit_bytes


def copy_members(source: IO[bytes], result: zipfile.ZipFile, below: str, *, limit: int) -> None:
    """Copy the plain files of a zip below the folder `below`.

    FlareError where one would lie outside of it, or where they have more than `limit` bytes once unpacked.
    """
    source.seek(0)
    try:
        with zipfile.ZipFile(source) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
            if sum(member.file_size for member in members) > limit:
                raise FlareError(MetaStatus.ERROR, f"the {below} of the result has more than {limit} bytes unpacked")
            for member in members:
                _copy_member(archive, member, result, f"{below}/{check_path(member.filename)}")
    except UNREADABLE as wrong:
        if isinstance(wrong, OSError) and wrong.errno is not None:
            raise  # our own disk's, e.g. that it is full
        raise FlareError(MetaStatus.ERROR, f"the {below} of the result is damaged: {wrong}") from wrong


def _copy_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, result: zipfile.ZipFile, name: str) -> None:
    with archive.open(member) as found, result.open(name, "w", force_zip64=True) as target:
        shutil.copyfileobj(found, target)


def check_path(name: str) -> str:
    """A path inside an archive; FlareError where it leads out of it."""
    if "\\" in name or "\0" in name or any(part in {"", ".", ".."} for part in name.split("/")):
        raise FlareError(MetaStatus.ERROR, f"the result holds {ascii(name)[:100]}, which is no path inside it")
    return name
