"""A zygote: a process with everything preloaded and one thread, which forks a process whenever its worker asks for one.

Started anew by its worker (never forked from it): no thread, no connection. It adopts orphans: an unknown child is what an
ended process has left behind, and is killed. Standard library only: FLARE's interpreter runs it, too.
"""

import gc
import json
import os
import resource
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

from workers.processes.brood import Brood, Step
from workers.processes.kernel import adopt_orphans, die_with_parent
from workers.processes.link import LENGTHS, BlockingLink, Header, LinkClosedError, parse_header

Begin = Callable[[socket.socket, int], Step | None]
"""What a forked process does first, given its link and its log, each its own; gives what it goes on with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a worker tells its zygote at start."""

    control: int
    """Number of the control socket's descriptor."""
    parent: int
    modules: Sequence[str]
    memory_bytes: int
    disk_bytes: int

    def render(self) -> str:
        """The order as one argument of a command line."""
        return json.dumps(asdict(self))


def take_order(argument: str) -> Order:
    """Parse the order and live as it says: with the worker, but not at the worker's terminal."""
    order = Order(**json.loads(argument))
    die_with_parent(order.parent)
    adopt_orphans()  # those of what is loaded, too
    os.setpgid(0, 0)  # Ctrl-C at a terminal is the worker's to handle
    return order


def freeze() -> None:
    """Keep all that is loaded out of the collector's sight, so that forked processes share its memory."""
    gc.collect()
    gc.freeze()


class Zygote:
    """Forks on request, reaps, reports every end."""

    def __init__(self, order: Order, begin: Begin, *, load: Callable[[], None] = lambda: None) -> None:
        """`load` loads what only some processes need."""
        self._control = socket.socket(fileno=order.control)
        self._control.set_inheritable(False)
        self._begin = begin
        self._load = load
        self._brood = Brood()
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    def say(self, header: Header) -> None:
        """Tell the worker; its death is ours too."""
        try:
            BlockingLink(self._control).send(header)
        except LinkClosedError:
            sys.exit(0)

    def run(self) -> Step:
        """Fork and reap until the worker closes the control socket; in a forked process what that goes on with."""
        return self._brood.serve(self._control, on_request=self._take_request, on_end=self._tell_ends)

    def _tell_ends(self) -> None:
        """Tell of the processes that have ended, once nothing is left of them."""
        ended = self._brood.reap()
        self._brood.sweep()
        for pid, code in ended:
            self.say({"t": "exit", "pid": pid, "code": code})

    def _take_request(self) -> Step | None:
        try:
            request, descriptors = self._receive()
        except (LinkClosedError, ConnectionResetError):  # reset: it died before it had read all that it was told
            return self._brood.end
        if request["preload"]:
            self._load()
        return self._fork(request["n"], *descriptors) if descriptors else None

    def _receive(self) -> tuple[Header, list[int]]:
        """One request and the descriptors that came with it."""
        raw, descriptors, _, _ = socket.recv_fds(
            self._control, LENGTHS.size, 2, socket.MSG_CMSG_CLOEXEC | socket.MSG_WAITALL
        )
        if len(raw) < LENGTHS.size:
            raise LinkClosedError("the worker is gone")
        size, _ = LENGTHS.unpack(raw)
        return parse_header(self._control.recv(size, socket.MSG_WAITALL)), descriptors

    def _fork(self, number: int, link: int, log: int) -> Step | None:
        pid = self._brood.fork()
        if not pid:
            self._control.close()
            return self._begin(socket.socket(fileno=link), log)
        os.close(link)
        os.close(log)
        self.say({"t": "forked", "n": number, "pid": pid})
        return None


def redirect(log: int) -> None:
    """Have this process read nothing and print into `log`, which is closed."""
    nowhere = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nowhere, 0), (log, 1), (log, 2)):
        os.dup2(source, target)
    os.close(nowhere)
    os.close(log)
    sys.stdin = os.fdopen(0, closefd=False)
    sys.stdout, sys.stderr = (
        os.fdopen(number, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False)
        for number in (1, 2)
    )


def set_limits(order: Order) -> None:
    """Limit this process and all that it starts as the worker has said; 0 is no limit."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for kind, limit in ((resource.RLIMIT_AS, order.memory_bytes), (resource.RLIMIT_FSIZE, order.disk_bytes)):
        if limit:
            resource.setrlimit(kind, (limit, limit))
