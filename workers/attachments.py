"""Fetches the files that a job carries from the gateway, for the executors that need them."""

import errno
import hashlib
import http.client
import ssl
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import quote, urlsplit

from scheduler.domain.messages import ATTACHMENT_PATH
from workers.agent_messages import WireError, parse_object
from workers.backoff import Backoff
from workers.workdir import PathError, check_name

PATIENCE_S: Final = 300.0
"""A gateway that is away for longer fails the attempt."""
CONNECT_S: Final = 10.0
READ_S: Final = 60.0
BLOCK_BYTES: Final = 1 << 20
_DISK: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EFBIG})
LONGEST_REFUSAL_BYTES: Final = 1 << 16
_AGAIN: Final = frozenset({408, 425, 429})


class AttachmentError(Exception):
    """The file can never come, or did not in time; the text says why."""


class _TryAgainError(Exception):
    """This try failed, another one may not."""


class Attachments(Protocol):
    """Where executors get attachments; see `AttachmentClient`."""

    def fetch(self, task: str, name: str, target: Path, *, is_wanted: Callable[[], bool]) -> None:
        """Write the file `name` of the task's job to `target`; blocks."""
        ...


class AttachmentClient:
    """Asks the gateway for one file at a time, with this worker's token; may be used by several threads."""

    def __init__(self, url: str, token: str, *, patience_s: float = PATIENCE_S) -> None:
        parts = urlsplit(url)
        self._is_secure = parts.scheme == "https"
        self._host = parts.hostname or ""
        self._port = parts.port or (443 if self._is_secure else 80)
        self._prefix = parts.path.rstrip("/") + ATTACHMENT_PATH
        self._headers = {"Authorization": f"Bearer {token}"}
        self._patience_s = patience_s

    def fetch(self, task: str, name: str, target: Path, *, is_wanted: Callable[[], bool] = lambda: True) -> None:
        """Write the file `name` of the task's job to `target`, whole and checked, or leave no file there.

        Tries again while the gateway is away; AttachmentError where it says that the job has no such file, after the
        patience is over, or once `is_wanted` says no. Blocks.
        """
        try:
            path = f"{self._prefix}/{check_name(task, 'task')}/{quote(check_name(name, 'attachment'), safe='')}"
        except PathError as wrong:
            raise AttachmentError(str(wrong)) from wrong
        target.parent.mkdir(parents=True, exist_ok=True)
        backoff, give_up = Backoff(), time.monotonic() + self._patience_s
        while is_wanted():
            try:
                self._try(path, target)
            except _TryAgainError as wrong:
                if time.monotonic() > give_up:
                    raise AttachmentError(f"attachment {name!r} did not come: {wrong}") from wrong
                time.sleep(backoff.next_s())
            else:
                return
        raise AttachmentError(f"attachment {name!r} is not wanted any more")

    def _try(self, path: str, target: Path) -> None:
        draft = target.with_name(f"{target.name}.draft")
        try:
            with closing(self._connect()) as connection:
                connection.request("GET", path, headers=self._headers)
                answer = connection.getresponse()
                _check_status(answer)
                _save(answer, draft)
        except (OSError, http.client.HTTPException) as wrong:
            if isinstance(wrong, OSError) and wrong.errno in _DISK:
                raise AttachmentError(f"attachment {target.name!r} cannot be kept: {wrong}") from wrong
            raise _TryAgainError(f"{type(wrong).__name__}: {wrong}") from wrong
        draft.replace(target)

    def _connect(self) -> http.client.HTTPConnection:
        connection = (
            http.client.HTTPSConnection(self._host, self._port, timeout=CONNECT_S, context=ssl.create_default_context())
            if self._is_secure
            else http.client.HTTPConnection(self._host, self._port, timeout=CONNECT_S)
        )
        connection.connect()
        connection.sock.settimeout(READ_S)
        return connection


def _check_status(answer: http.client.HTTPResponse) -> None:
    if answer.status == 200:
        return
    body = answer.read(LONGEST_REFUSAL_BYTES)
    refusal = _find_refusal(body)
    if refusal is None or answer.status >= 500 or answer.status in _AGAIN:
        said = refusal or body[:200].decode(errors="replace")
        raise _TryAgainError(f"the gateway answered {answer.status}: {said}")
    raise AttachmentError(f"the gateway does not hand the attachment out ({answer.status}): {refusal}")


def _find_refusal(body: bytes) -> str | None:
    """The reason where the gateway itself said no; None where something on the way to it did.

    That may be a proxy that does not find the gateway while it is being replaced.
    """
    try:
        error = parse_object(body).get("error")
    except WireError:
        return None
    return str(error.get("message", "")) if isinstance(error, dict) and "code" in error else None


def _save(answer: http.client.HTTPResponse, draft: Path) -> None:
    """Write the body; _TryAgainError where it is not as long as, or not, what the headers promise."""
    promised = answer.headers.get("ETag", "").strip('"')
    expected = answer.length  # None where nothing says it that can be understood
    digest, size = hashlib.sha256(), 0
    with draft.open("wb") as file:
        while block := answer.read(BLOCK_BYTES):
            digest.update(block)
            size += file.write(block)
    if size != expected:
        raise _TryAgainError(f"{size} of {expected} bytes came")
    if digest.hexdigest() != promised:
        raise _TryAgainError("what came is damaged: its SHA-256 is another one")
