"""The zygote: a single-threaded process with everything preloaded that forks a process per task.

Started anew by its worker (never forked from it): no thread, no connection, no path to our tree.
It adopts orphans: an unknown child is what an ended task left behind, and is killed.
"""

import gc
import importlib
import json
import os
import resource
import select
import signal
import socket
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from fedrota.component import ComponentInfo
from workers.executors.child import serve
from workers.executors.kernel import adopt_orphans, die_with_parent, kill_tree, list_children
from workers.executors.link import LENGTHS, BlockingLink, Header, LinkClosedError, parse_header
from workers.executors.registry import load_catalogue, preload, render_offer

BOOT: Final = (
    "import sys; sys.path.insert(0, sys.argv[1]); from workers.executors.zygote import main; "
    "sys.path.pop(0); main(sys.argv[2])"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a worker tells its zygote at start."""

    control: int
    """Number of the control socket's descriptor."""
    parent: int
    modules: tuple[str, ...]
    memory_bytes: int
    disk_bytes: int

    def render(self) -> str:
        """The order as one argument of a command line."""
        return json.dumps(asdict(self))


def main(order: str) -> None:
    """Serve as a zygote until the control socket closes."""
    facts = json.loads(order)
    die_with_parent(facts["parent"])
    adopt_orphans()
    os.setpgid(0, 0)  # Ctrl-C at a terminal is the worker's to handle
    importlib.import_module("numpy")  # shared by all tasks; nearly every component needs it
    catalogue = load_catalogue(facts["modules"])
    gc.collect()
    gc.freeze()
    zygote = Zygote(facts, catalogue.found)
    offers = [render_offer(info) for info in catalogue.found.values()]
    zygote.say({"t": "ready", "offers": offers, "broken": catalogue.broken})
    zygote.run()


class Zygote:
    """Forks on request, reaps, reports every end."""

    def __init__(self, facts: Mapping[str, Any], components: Mapping[str, ComponentInfo]) -> None:
        self._control = socket.socket(fileno=facts["control"])
        self._control.set_inheritable(False)
        self._facts = facts
        self._components = components
        self._known: set[int] = set()
        self._is_loaded = False
        self._wake_read, self._wake_write = os.pipe()
        for end in (self._wake_read, self._wake_write):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(self._wake_write, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    def say(self, header: Header) -> None:
        """Tell the worker; its death is ours too."""
        try:
            BlockingLink(self._control).send(header)
        except LinkClosedError:
            sys.exit(0)

    def run(self) -> None:
        """Fork and reap until the worker closes the control socket."""
        poll = select.poll()
        poll.register(self._control, select.POLLIN)
        poll.register(self._wake_read, select.POLLIN)
        while True:
            ready = {descriptor for descriptor, _ in poll.poll()}
            if self._wake_read in ready:
                os.read(self._wake_read, 4096)
                self._reap()
            if self._control.fileno() in ready and not self._take_request():
                break
        for pid in self._known:
            kill_tree(pid)

    def _take_request(self) -> bool:
        """Fork for one request; False at the end of the stream."""
        raw, descriptors, _, _ = socket.recv_fds(
            self._control, LENGTHS.size, 2, socket.MSG_CMSG_CLOEXEC | socket.MSG_WAITALL
        )
        if len(raw) < LENGTHS.size:
            return False
        size, _ = LENGTHS.unpack(raw)
        request = parse_header(self._control.recv(size, socket.MSG_WAITALL))
        if request["preload"]:
            self._preload()
        if not descriptors:
            return True
        pid = self._fork(*descriptors)
        self._known.add(pid)
        for descriptor in descriptors:
            os.close(descriptor)
        self.say({"t": "forked", "n": request["n"], "pid": pid})
        return True

    def _preload(self) -> None:
        if not self._is_loaded:
            self._is_loaded = True
            preload()
            gc.collect()
            gc.freeze()

    def _fork(self, link: int, log: int) -> int:
        zygote = os.getpid()
        pid = os.fork()
        if pid:
            return pid
        try:
            self._become_child(zygote, log)
            serve(socket.socket(fileno=link), self._components)
        finally:
            os._exit(70)

    def _become_child(self, zygote: int, log: int) -> None:
        os.setsid()
        die_with_parent(zygote)
        adopt_orphans()
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        self._control.close()
        os.close(self._wake_read)
        os.close(self._wake_write)
        nowhere = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nowhere, 0)
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.close(nowhere)
        os.close(log)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if limit := self._facts["memory_bytes"]:
            resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        if limit := self._facts["disk_bytes"]:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    def _reap(self) -> None:
        """Reap all that has ended; sweep what it left, then report it."""
        ended: list[tuple[int, int]] = []
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                break
            if not pid:
                orphans = [child for child in list_children(os.getpid()) if child not in self._known]
                for orphan in orphans:
                    kill_tree(orphan)
                if not orphans:
                    break
            elif pid in self._known:
                self._known.remove(pid)
                ended.append((pid, status))
        for pid, status in ended:
            self.say({"t": "exit", "pid": pid, "code": os.waitstatus_to_exitcode(status)})
