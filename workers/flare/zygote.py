"""The zygote in FLARE's interpreter: everything of FLARE's imported, one thread; forks a head for each member of a run.

Speaks with its worker as the zygote of components does. No job's code is ever imported in it.
"""

import signal
import socket
import sys
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from importlib import import_module
from typing import Final

from workers.flare.head import MEMBERS, Head
from workers.flare.programs import CONFIGURATOR, LAUNCHER, MONITOR, PROGRAMS
from workers.processes.brood import Step, go_on
from workers.processes.zygote import Order, Zygote, freeze, redirect, set_limits, take_order

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


def main(argument: str, path: Sequence[str]) -> None:
    """Serve as a zygote until the worker is gone; `path` is the search path of FLARE's own processes."""
    order = take_order(argument)
    lack = preload()
    freeze()
    zygote = Zygote(order, partial(begin_head, order=order, lack=lack, path=path))
    zygote.say({"t": "ready", "offers": [], "broken": {"nvflare": lack} if lack else {}})
    go_on(zygote.run)


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


def begin_head(link: socket.socket, log: int, *, order: Order, lack: str, path: Sequence[str]) -> Step:
    """Become the head of a member's processes, which Ctrl-C interrupts as any Python program."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    redirect(log)
    set_limits(order)
    return Head(link, lack=lack, path=path).run
