"""Files as NVFLARE 2.4 moves them: a job's zip in base64 inside its command, a result in chunks.

Source: NVIDIA FLARE 2.4.2, modules `nvflare.fuel.hci.client.file_transfer` and `nvflare.fuel.hci.chunk`.
"""

import asyncio
import base64
import binascii
import struct
import zlib
from collections import OrderedDict
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import IO, Final

from api.dialects.flare.command import PUSH_FOLDER, Call, Reply
from api.dialects.flare.errors import FlareError, MetaStatus
from api.dialects.flare.listener.framing import BLOCK_BYTES, FramingError, Out, drain

UPLOAD_FOLDER: Final = "file_transfer.upload_folder"
"""What PUSH_FOLDER was called up to 2.4."""
CLIENT_CMD: Final = 5
"""The column of the command table that names the handler."""
REMEMBERED: Final = 10_000
_CHUNK: Final = struct.Struct(">BII")
_MORE, _END = 101, 102


class Generations:
    """Which clients were seen to upload in the old way: nothing else tells a client's version.

    A session that has not uploaded counts as the certificate's last one that has.
    """

    def __init__(self) -> None:
        self._seen: OrderedDict[str | int, bool] = OrderedDict()

    def note(self, token: str, serial: int, *, is_old: bool) -> None:
        """The certificate's client has just uploaded in the session with this token."""
        for key in (token, serial):
            self._seen.pop(key, None)
            self._seen[key] = is_old
        while len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)

    def is_old(self, token: str, serial: int) -> bool:
        """Whether the session's client is one of 2.4, as far as is known."""
        return self._seen.get(token, self._seen.get(serial, False))


def offer_old_upload(commands: Reply) -> Reply:
    """The table of commands with the old handler beside the new one; clients pass over the one that they do not know."""
    (table,) = commands.items
    rows = list(table["rows"])
    old = [[*row[:CLIENT_CMD], UPLOAD_FOLDER, *row[CLIENT_CMD + 1 :]] for row in rows if row[CLIENT_CMD] == PUSH_FOLDER]
    return replace(commands, items=[{**table, "rows": [*rows, *old]}])


def unwrap_upload(call: Call) -> Call:
    """The call with the file that came as its last word; FlareError where that is none."""
    try:
        content = base64.b64decode(call.words[-1], validate=True)
    except (binascii.Error, ValueError) as wrong:
        raise FlareError(MetaStatus.SYNTAX_ERROR, f"the job's files are no base64: {wrong}") from wrong
    return replace(call, words=call.words[:-1], upload=_give(content))


async def _give(content: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(content), BLOCK_BYTES):
        yield content[start : start + BLOCK_BYTES]


async def write_chunks(writer: Out, file: IO[bytes], size: int) -> None:
    """Send the next `size` bytes of a file in chunks."""
    crc, number = 0, 0
    while size:
        piece = await asyncio.to_thread(file.read, min(size, BLOCK_BYTES))
        if not piece:
            raise FramingError("the file became shorter")
        size, number, crc = size - len(piece), number + 1, zlib.crc32(piece, crc)
        writer.write(_CHUNK.pack(_MORE, number, len(piece)) + piece)
        await drain(writer)
    writer.write(_CHUNK.pack(_END, 0, crc))
    await drain(writer)
