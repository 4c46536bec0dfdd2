"""How the processes of a member ask its head for another one, and how they hear of its end."""

import json
import os
import select
import signal
import socket
import threading
import weakref
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

MAX_REQUEST: Final = 1 << 17
"""Bytes: a request is one message, environment and all."""


class Fork:
    """A process that the head has forked; every method from any thread."""

    def __init__(self, news: int) -> None:
        self._news = news
        # Not before: a thread that still waits would look at whatever has got the number since.
        weakref.finalize(self, os.close, news)
        self._lock = threading.Lock()
        self._code: int | None = None
        self.pid = int(self._read() or 0)

    def poll(self) -> int | None:
        """Its exit status, negative for a signal; None while it lives."""
        with self._lock:
            if self._code is None and self._is_told(0):
                # A head that dies takes the process with it and can tell nothing more.
                self._code = int(self._read() or -signal.SIGKILL)
            return self._code

    def wait(self) -> int:
        """Its exit status, once it has one."""
        while (code := self.poll()) is None:
            self._is_told(None)
        return code

    def terminate(self) -> None:
        """Kill it and its whole process group; it alone where it does not lead one yet."""
        if self.pid and self.poll() is None:
            try:
                os.killpg(self.pid, signal.SIGKILL)
            except ProcessLookupError:  # it has just been forked, or has just ended
                with suppress(ProcessLookupError):
                    os.kill(self.pid, signal.SIGKILL)

    def _is_told(self, timeout_ms: int | None) -> bool:
        poll = select.poll()
        poll.register(self._news, select.POLLIN)
        return bool(poll.poll(timeout_ms))

    def _read(self) -> bytes:
        """The next line, of a few bytes; empty at the end."""
        found = b""
        while not found.endswith(b"\n") and (piece := os.read(self._news, 1)):
            found += piece
        return found


class Forks:
    """The way to the head; may be used in several threads and processes at once."""

    def __init__(self, way: socket.socket) -> None:
        self._way = way

    def start(self, module: str, words: Sequence[str], *, folder: str, environment: Mapping[str, str]) -> Fork:
        """Have `module` of FLARE run with the command line `words` in `folder`; OSError where the head is gone."""
        request = {"module": module, "words": list(words), "folder": folder, "environment": dict(environment)}
        news, theirs = os.pipe()
        try:
            socket.send_fds(self._way, [json.dumps(request).encode()], [theirs])
        except OSError:
            os.close(news)
            raise
        finally:
            os.close(theirs)
        return Fork(news)

    def close(self) -> None:
        """Let go of the way: this process asks for no more."""
        self._way.close()


def take_request(way: socket.socket) -> tuple[Mapping[str, Any], int] | None:
    """The head's end: a request and where to tell of the process; None once nobody can ask any more."""
    raw, descriptors, _, _ = socket.recv_fds(way, MAX_REQUEST, 1, socket.MSG_CMSG_CLOEXEC)
    return (json.loads(raw), descriptors[0]) if raw and descriptors else None
