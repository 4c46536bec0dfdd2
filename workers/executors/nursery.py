"""The worker's end of the zygote: starts it, asks it for processes, starts another when it dies."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import structlog

from workers.executors.base import Limits
from workers.executors.loop import ExecutorLoop
from workers.executors.process import Process
from workers.processes.kernel import is_zombie, list_marked, signal_quietly
from workers.processes.link import FrameReader, Header, LinkClosedError, pack_head
from workers.processes.zygote import Order

log = structlog.get_logger(__name__)

ROOT: Final = Path(__file__).resolve().parents[2]
BOOT: Final = (
    "import sys; sys.path.insert(0, sys.argv[1]); from workers.component_process.zygote import main; "
    "sys.path.pop(0); main(sys.argv[2])"
)
FORK_PATIENCE_S: Final = 30.0
DEATH_PATIENCE_S: Final = 5.0
THREAD_LIMITS: Final = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True, slots=True, kw_only=True)
class Offering:
    """What the zygote found: its components as it introduces them, and the modules it left out."""

    components: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """By their names."""
    broken: Mapping[str, str] = field(default_factory=dict)


class Nursery:
    """Where task processes come from; only `start`, `wait_ready`, `preload` and `close` from other threads."""

    def __init__(self, loop: ExecutorLoop, *, site: Path, modules: Sequence[str], limits: Limits) -> None:
        self._loop = loop
        self._modules = tuple(modules)
        self._limits = limits
        self.mark = f"FEDROTA_SITE={site}"
        """In the environment of every process of this party; a worker that starts kills all that bear it."""
        self.offering = Offering()
        self._is_ready = threading.Event()
        self._is_closing = False
        self._failures = 0
        self._is_loaded = False
        self._zygote: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._reader = FrameReader()
        self._last = 0
        self._unborn: dict[int, Process] = {}
        self._asked: set[int] = set()
        """Those of the unborn that the zygote has been asked for."""
        self._living: dict[int, Process] = {}
        self.on_start: Callable[[], None] = lambda: None

    @property
    def zygote_pid(self) -> int:
        """The zygote's process id; 0 while there is none."""
        return self._zygote.pid if self._zygote is not None else 0

    def start(self) -> None:
        """Start the zygote; `wait_ready` tells when it has loaded everything."""
        self._loop.call(self._start)

    def wait_ready(self, timeout_s: float) -> bool:
        """Whether the zygote is ready within `timeout_s`."""
        return self._is_ready.wait(timeout_s)

    def close(self) -> None:
        """End the zygote and all processes."""
        self._is_closing = True
        if self._zygote is not None:
            self._zygote.kill()
            self._zygote.wait()
        self.kill_marked()

    def kill_marked(self) -> int:
        """Kill every process of this party, whoever started it; how many there were. Returns when they are dead."""
        killed = set[int]()
        give_up = time.monotonic() + DEATH_PATIENCE_S
        while alive := self._list_marked() or [pid for pid in killed if not is_zombie(pid)]:
            for pid in alive:
                signal_quietly(pid, signal.SIGKILL)
            killed.update(alive)
            if time.monotonic() > give_up:
                log.error("leftovers_do_not_die", pids=alive)
                break
            time.sleep(0.002)
        return len(killed)

    def _list_marked(self) -> list[int]:
        return [pid for pid in list_marked(self.mark) if pid != os.getpid()]

    def _start(self) -> None:
        ours, theirs = socket.socketpair()
        order = Order(
            control=theirs.fileno(),
            parent=os.getpid(),
            modules=self._modules,
            memory_bytes=self._limits.memory_bytes,
            disk_bytes=self._limits.disk_bytes,
        )
        name, _, value = self.mark.partition("=")
        # The kernel ties the zygote's life to the thread that starts it: the loop's, which lasts.
        self._zygote = subprocess.Popen(
            self._command(order),
            env={**self._environment(), name: value},
            stdin=subprocess.DEVNULL,
            pass_fds=(theirs.fileno(),),
        )
        theirs.close()
        ours.setblocking(False)  # noqa: FBT003
        self._control, self._reader = ours, FrameReader()
        self._loop.aio.add_reader(ours, self._on_control)

    def _command(self, order: Order) -> list[str]:
        return [sys.executable, "-P", "-c", BOOT, str(ROOT), order.render()]

    def _environment(self) -> dict[str, str]:
        """The worker's environment without its settings, among them its token."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("FEDROTA_")}
        return dict.fromkeys(THREAD_LIMITS, "1") | kept

    def preload(self) -> None:
        """Have the zygote load the libraries for tables now, so that the first task on a table need not wait."""
        self._is_loaded = True
        self._loop.call(self._ask_preload)

    def _ask_preload(self) -> None:
        if self._control is not None and self._is_ready.is_set():
            with suppress(OSError):  # it is dying or busy: the next process is asked for with this request, too
                self._control.send(pack_head({"preload": True}))

    def fork(self, *, preload: bool = False) -> Process:
        """A new process, which can be written to at once, with the libraries for tables if asked for.

        Only in the loop's thread.
        """
        self._is_loaded = self._is_loaded or preload
        link, their_link = socket.socketpair()
        output, their_output = os.pipe()
        process = Process(self._loop, link, output)
        self._last += 1
        self._unborn[self._last] = process
        self._ask(self._last, their_link, their_output)
        return process

    def _ask(self, number: int, link: socket.socket, output: int) -> None:
        """Send the request with both descriptors, later where the zygote is not there or busy."""
        try:
            if self._control is None or not self._is_ready.is_set():
                raise BlockingIOError
            request = pack_head({"n": number, "preload": self._is_loaded})
            socket.send_fds(self._control, [request], [link.fileno(), output])
            self._asked.add(number)
            self._loop.later(FORK_PATIENCE_S, self._check_born, number)
        except OSError:
            if self._is_closing or number not in self._unborn:
                link.close()
                os.close(output)
            else:
                self._loop.later(0.02, self._ask, number, link, output)
            return
        link.close()
        os.close(output)

    def _check_born(self, number: int) -> None:
        if number in self._asked and self._zygote is not None and not self._is_closing:
            log.error("zygote_hangs", pid=self._zygote.pid)
            self._zygote.kill()

    def _on_control(self) -> None:
        if self._control is None:
            return
        try:
            frames = self._reader.fill(self._control)
        except BlockingIOError:
            return
        except (LinkClosedError, ConnectionResetError):
            self._on_zygote_gone()
            return
        for header, _ in frames:
            self._take(header)

    def _take(self, header: Header) -> None:
        if header["t"] == "ready":
            self._on_ready(header)
        elif header["t"] == "forked":
            self._asked.discard(header["n"])
            process = self._unborn.pop(header["n"], None)
            if process is None:
                signal_quietly(header["pid"], signal.SIGKILL)
                return
            process.born(header["pid"])
            self._living[header["pid"]] = process
        elif header["t"] == "exit":
            process = self._living.pop(header["pid"], None)
            if process is not None:
                process.exited(header["code"])

    def _on_ready(self, header: Header) -> None:
        offers = {offer["name"]: offer for offer in header["offers"]}
        self.offering = Offering(components=offers, broken=header["broken"])
        self._failures = 0
        for module, reason in self.offering.broken.items():
            log.error("component_module_left_out", module=module, reason=reason)
        log.info("zygote_ready", pid=self.zygote_pid, components=len(self.offering.components))
        self._is_ready.set()
        self.on_start()

    def _on_zygote_gone(self) -> None:
        """Its children die with it by the kernel's hand; what they left bears our mark."""
        if self._control is None or self._zygote is None:
            return
        self._loop.aio.remove_reader(self._control)
        self._control.close()
        self._control = None
        self._is_ready.clear()
        self._zygote.kill()
        code = self._zygote.wait()
        if self._is_closing:
            return
        log.error("zygote_died", pid=self._zygote.pid, code=code)
        killed = self.kill_marked()
        if killed:
            log.warning("leftovers_killed", count=killed)
        half_born = [self._unborn.pop(number) for number in self._asked]
        gone = [*self._living.values(), *half_born]
        self._living, self._asked = {}, set()
        for process in gone:
            process.exited(None)
        self._failures += 1
        self._loop.later(min(5.0, 0.05 * 2.0**self._failures), self._start)
