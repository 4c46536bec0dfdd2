"""The zygote in FLARE's interpreter: everything of FLARE's imported, one thread; forks a head for each member of a run.

Speaks with its worker as the zygote of components does. No job's code is ever imported in it.
"""

import gc
import json
import os
import resource
import select
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from typing import Any, Final

from workers.executors.kernel import die_with_parent
from workers.executors.link import LENGTHS, BlockingLink, Header, LinkClosedError, parse_header
from workers.flare.brood import Brood
from workers.flare.head import MEMBERS, Head, Step
from workers.flare.programs import CONFIGURATOR, LAUNCHER, MONITOR, PROGRAMS

BOOT: Final = (
    "import sys; del sys.path[0]; path = [*sys.path]; sys.path.append(sys.argv[1]); "
    "from workers.flare.zygote import main; main(sys.argv[2], path)"
)
"""Our modules come last on the path of FLARE's interpreter, and its own processes do not get them."""
PRELOAD: Final = (
    *sorted(PROGRAMS),
    LAUNCHER,
    CONFIGURATOR,
    MONITOR,
    *sorted(MEMBERS),
    "nvflare.fuel.flare_api.flare_api",
    "nvflare.lighter.provision",
    "nvflare.lighter.prov_utils",
    "nvflare.lighter.provisioner",
    "nvflare.lighter.impl.cert",
    "nvflare.lighter.impl.static_file",
    "nvflare.lighter.impl.workspace",
    "numpy",
    "psutil",
)
COMMON: Final = (
    "encodings.idna",
    *(f"nvflare.fuel.f3.drivers.{name}" for name in (
        "aio_grpc_driver", "aio_http_driver", "aio_tcp_driver", "file_driver", "grpc_driver", "tcp_driver"
    )),
    "nvflare.fuel.utils.fobs.decomposers.core_decomposers",
    *(f"nvflare.app_common.{name}" for name in (
        "aggregators.intime_accumulate_model_aggregator",
        "decomposers.numpy_decomposers",
        "executors.client_api_executor",
        "executors.in_process_client_api_executor",
        "job_launcher.client_process_launcher",
        "job_launcher.server_process_launcher",
        "job_schedulers.job_scheduler",
        "logging.job_log_receiver",
        "logging.site_log_streamer",
        "np.np_model_persistor",
        "np.np_trainer",
        "resource_consumers.gpu_resource_consumer",
        "resource_managers.gpu_resource_manager",
        "shareablegenerators.full_model_shareable_generator",
        "state_persistors.storage_state_persistor",
        "storages.filesystem_storage",
        "workflows.fedavg",
        "workflows.scatter_and_gather",
    )),
    "nvflare.client.api",
)  # fmt: skip
"""What most runs import, and FLARE finds by its path only when they do; a version that lacks some is none the worse."""


def main(order: str, path: Sequence[str]) -> None:
    """Serve as a zygote until the worker is gone; `path` is the search path of FLARE's own processes."""
    facts = json.loads(order)
    die_with_parent(facts["parent"])
    os.setpgid(0, 0)  # Ctrl-C at a terminal is the worker's to handle
    lack = preload()
    gc.collect()
    gc.freeze()
    step: Step | None = Zygote(facts, lack=lack, path=path).run
    while step is not None:
        step = step()


def preload() -> str:
    """Import all that a run needs; why that cannot be, or empty."""
    try:
        for module in PRELOAD:
            import_module(module)
        import_module("nvflare.private.fed.app.utils").version_check()
    except (ImportError, RuntimeError) as wrong:
        return f"FLARE's interpreter {sys.executable} (FEDROTA_ENGINES) is none for nvflare>=2.8: {wrong}"
    for module in COMMON:
        with suppress(ImportError):
            import_module(module)
    return ""


class Zygote:
    """Forks on request, reaps, reports every end."""

    def __init__(self, facts: Mapping[str, Any], *, lack: str, path: Sequence[str]) -> None:
        self._control = socket.socket(fileno=facts["control"])
        self._control.set_inheritable(False)
        self._facts = facts
        self._lack = lack
        self._path = path
        self._brood = Brood()
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    def say(self, header: Header) -> None:
        """Tell the worker; its death is ours too."""
        try:
            BlockingLink(self._control).send(header)
        except LinkClosedError:
            sys.exit(0)

    def run(self) -> Step | None:
        """Fork and reap until the worker closes the control socket; in a forked process what that goes on with."""
        self.say({"t": "ready", "offers": [], "broken": {"nvflare": self._lack} if self._lack else {}})
        poll = select.poll()
        poll.register(self._control, select.POLLIN)
        poll.register(self._brood.wake, select.POLLIN)
        while True:
            ready = {descriptor for descriptor, _ in poll.poll()}
            if self._brood.wake in ready:
                self._tell_ends()
            if self._control.fileno() in ready:
                request = self._take_request()
                if request is None:
                    self._brood.end()
                    return None
                if step := self._fork(*request):
                    return step

    def _tell_ends(self) -> None:
        """Tell of the heads that have ended, once nothing is left of them."""
        ended = self._brood.reap()
        self._brood.sweep()
        for pid, code in ended:
            self.say({"t": "exit", "pid": pid, "code": code})

    def _take_request(self) -> tuple[int, Sequence[int]] | None:
        """A request's number, link and log; None at the end of the stream."""
        raw, descriptors, _, _ = socket.recv_fds(
            self._control, LENGTHS.size, 2, socket.MSG_CMSG_CLOEXEC | socket.MSG_WAITALL
        )
        if len(raw) < LENGTHS.size:
            return None
        size, _ = LENGTHS.unpack(raw)
        return parse_header(self._control.recv(size, socket.MSG_WAITALL)).get("n", 0), descriptors

    def _fork(self, number: int, descriptors: Sequence[int]) -> Step | None:
        if not descriptors:
            return None  # there is nothing more to load
        pid = self._brood.fork()
        if not pid:
            self._control.close()
            link, log = descriptors
            self._become_head(log)
            return Head(socket.socket(fileno=link), lack=self._lack, path=self._path).run
        for descriptor in descriptors:
            os.close(descriptor)
        self.say({"t": "forked", "n": number, "pid": pid})
        return None

    def _become_head(self, log: int) -> None:
        nowhere = os.open(os.devnull, os.O_RDONLY)
        for source, target in ((nowhere, 0), (log, 1), (log, 2)):
            os.dup2(source, target)
        os.close(nowhere)
        os.close(log)
        for number in (1, 2):
            stream = open(number, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False)  # noqa: SIM115  the process's own
            setattr(sys, "stdout" if number == 1 else "stderr", stream)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if limit := self._facts["memory_bytes"]:
            resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        if limit := self._facts["disk_bytes"]:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
