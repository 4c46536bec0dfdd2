"""Files on their way from clients to the gateway, chunk by chunk, without being stored here."""

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, Full, Queue
from typing import Any, Final

from fedrota.bridge.members import Member

MAX_UPLOADS: Final = 32
MAX_OF_USER: Final = 8
MAX_CHUNK_BYTES: Final = 8 << 20
WAITING_CHUNKS: Final = 4
IDLE_S: Final = 30.0
"""A client that sends nothing for so long has gone."""
REPLY_S: Final = 4.5
"""A client waits 5 s for the reply to a chunk."""
MAX_REST_BYTES: Final = 64 << 20
"""So much of a refused file is still taken, so that its sender reads why."""

Send = Callable[[Any, Member, Iterator[bytes]], str]


class BrokenOffError(Exception):
    """The client went away in the middle, or sent what does not fit together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """A piece of a file; the first one (`place` 0) brings the request and how long the file is."""

    upload: str
    place: int
    content: bytes
    is_last: bool
    request: Any = None
    size: int = 0


class Upload:
    """One file under way; a thread hands it to the gateway while the chunks come in."""

    def __init__(self, member: Member, chunk: Chunk, send: Send) -> None:
        self.member = member
        self._left = chunk.size
        self._place = 0
        self._rest = 0
        self._chunks: Queue[bytes | None] = Queue(maxsize=WAITING_CHUNKS)
        self._is_broken = False
        self._done = threading.Event()
        self._reply: str | None = None
        self._thread = threading.Thread(target=self._run, args=(send, chunk.request), daemon=True, name="upload")
        self._thread.start()

    def take(self, chunk: Chunk) -> str | None:
        """Hand a chunk on; the reply after the last one. BrokenOffError where it does not fit, or nobody takes it."""
        if chunk.place != self._place or len(chunk.content) > min(self._left, MAX_CHUNK_BYTES):
            raise BrokenOffError(f"chunk {chunk.place} does not fit")
        if chunk.is_last and len(chunk.content) != self._left:
            raise BrokenOffError(f"the file ends {self._left - len(chunk.content)} bytes early")
        self._place += 1
        self._left -= len(chunk.content)
        self._put(chunk.content)
        if not chunk.is_last:
            return None
        self._put(None)
        if not self._done.wait(REPLY_S) or self._reply is None:
            raise BrokenOffError("the gateway took the file but has not answered yet")
        return self._reply

    def _put(self, content: bytes | None) -> None:
        if self._done.is_set():
            self._rest += len(content or b"")
            if self._reply is None or self._rest > MAX_REST_BYTES:
                raise BrokenOffError("the gateway does not take the file")
            return
        try:
            self._chunks.put(content, timeout=REPLY_S)
        except Full as wrong:
            raise BrokenOffError("the gateway does not keep up") from wrong

    def end(self) -> None:
        """Send nothing more; the gateway sees the file break off."""
        self._is_broken = True

    @property
    def is_done(self) -> bool:
        """Whether the gateway has answered, or nothing more goes to it."""
        return self._done.is_set()

    def _run(self, send: Send, request: Any) -> None:
        try:
            self._reply = send(request, self.member, self._read())
        except BrokenOffError:
            self._reply = None
        finally:
            self._done.set()
            self._drain()

    def _drain(self) -> None:
        """Let a caller go on who waits for room: nobody reads any more."""
        with suppress(Empty):
            while True:
                self._chunks.get_nowait()

    def _read(self) -> Iterator[bytes]:
        idle_s = 0.0
        while not self._is_broken and idle_s < IDLE_S:
            try:
                content = self._chunks.get(timeout=0.5)
            except Empty:
                idle_s += 0.5
                continue
            idle_s = 0.0
            if content is None:
                return
            if content:
                yield content
        raise BrokenOffError("the client went away")


class Uploads:
    """All files under way; callers may use it from any thread."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._lock = threading.Lock()
        self._uploads: dict[str, Upload] = {}

    def take(self, member: Member, chunk: Chunk) -> str | None:
        """Hand a chunk on; the reply after the last one, BrokenOffError where the upload is over."""
        upload = self._find(member, chunk)
        try:
            reply = upload.take(chunk)
        except BrokenOffError:
            self.end(member, chunk.upload)
            raise
        if reply is not None:
            self.end(member, chunk.upload)
        return reply

    def _find(self, member: Member, chunk: Chunk) -> Upload:
        with self._lock:
            found = self._uploads.get(chunk.upload)
            if found is not None:
                if found.member != member:
                    raise BrokenOffError("the upload is somebody else's")
                return found
            if chunk.place != 0:
                raise BrokenOffError("the upload is not known (any more)")
            self._make_room(member)
            made = self._uploads[chunk.upload] = Upload(member, chunk, self._send)
            return made

    def _make_room(self, member: Member) -> None:
        self._uploads = {name: upload for name, upload in self._uploads.items() if not upload.is_done}
        mine = sum(upload.member.user == member.user for upload in self._uploads.values())
        if len(self._uploads) >= MAX_UPLOADS or mine >= MAX_OF_USER:
            raise BrokenOffError("too many uploads at once")

    def end(self, member: Member, name: str) -> None:
        """Forget an upload of this client; the gateway sees it break off where it is not whole."""
        with self._lock:
            found = self._uploads.get(name)
            if found is not None and found.member == member:
                del self._uploads[name]
                found.end()

    def close(self) -> None:
        """End them all."""
        with self._lock:
            for upload in self._uploads.values():
                upload.end()
            self._uploads.clear()
