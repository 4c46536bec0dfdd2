"""FLARE's own programs, run in a forked process as their interpreter would run them, with shorter waits.

Source: NVIDIA FLARE 2.8.1 and 2.9.0, the `__main__` parts of the four modules.
"""

import os
import shlex
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Final, NoReturn

from workers.flare.forks import Fork, Forks
from workers.flare.title import set_title
from workers.processes.brood import reseed

SERVER: Final = "nvflare.private.fed.app.server.server_train"
CLIENT: Final = "nvflare.private.fed.app.client.client_train"
SERVER_JOB: Final = "nvflare.private.fed.app.server.runner_process"
CLIENT_JOB: Final = "nvflare.private.fed.app.client.worker_process"
JOBS: Final = frozenset({SERVER_JOB, CLIENT_JOB})
PROGRAMS: Final = frozenset({SERVER, CLIENT}) | JOBS
LAUNCHER: Final = "nvflare.app_common.job_launcher.process_launcher"
CONFIGURATOR: Final = "nvflare.private.fed.server.server_app_runner"
MONITOR: Final = "nvflare.fuel.f3.mpm"
ARGUMENTS: Final = "nvflare.fuel.utils.argument_utils"
NAME: Final = "uid"
"""The variable of FLARE's command lines that holds a site's name."""
THREADS_S: Final = 3.0
"""So long threads of the job may go on at its end: as long as FLARE waits, whether or not there are any."""
TASK_S: Final = 0.5
"""How soon a site asks again for a task where the job's author says nothing; FLARE's own default is 2."""


def run_program(request: Mapping[str, Any], path: Sequence[str], forks: Forks) -> NoReturn:
    """Become the program of a request, with FLARE's own search path; ends as it does."""
    module, words, folder = request["module"], request["words"], request["folder"]
    os.environ.clear()
    os.environ.update(request["environment"])
    os.chdir(folder)
    custom = [part for part in os.environ.get("PYTHONPATH", "").split(os.pathsep) if part]
    sys.path[:] = [folder, *custom, *path]
    set_title(shlex.join([sys.executable, "-m", module, *words]))
    forget_ours()
    reseed()
    keep_names()
    if module in JOBS:
        forks.close()
    else:
        fork_jobs(forks)
    if module == SERVER_JOB:
        shorten_pauses()
    watch_no_parent(module)
    sys.exit(run_main(module, words))


def forget_ours() -> None:
    """A job may have packages of its own that are called as ours are."""
    for name in [name for name in sys.modules if name.partition(".")[0] in {"workers", "fedrota"}]:
        del sys.modules[name]


def keep_names() -> None:
    """Have FLARE take a site's name as text: it would read `uid=9999` as a number, which it then refuses as a name."""
    given: Any = import_module(ARGUMENTS).parse_vars

    def parse(items: Sequence[str] | None) -> dict[str, Any]:
        names = {key: name for key, _, name in (item.partition("=") for item in items or ()) if key == NAME}
        return {**given(items), **names}

    for module in [module for module in sys.modules.values() if getattr(module, "parse_vars", None) is given]:
        vars(module)["parse_vars"] = parse


def fork_jobs(forks: Forks) -> None:
    """Have FLARE's process launcher take a job's process from the head instead of starting an interpreter."""
    launcher: Any = import_module(LAUNCHER)

    def start(command: Sequence[str], environment: Mapping[str, str]) -> Fork:
        module, words = parse_command(command)
        return forks.start(module, words, folder=str(Path.cwd()), environment=environment)

    launcher.spawn_process = start


def parse_command(command: Sequence[str]) -> tuple[str, list[str]]:
    """Module and words of `python -u -m MODULE WORD...`."""
    at = command.index("-m")
    return command[at + 1], list(command[at + 2 :])


def shorten_pauses() -> None:
    """Have the sites ask for tasks more often than by FLARE's default; what a job's configuration says still counts."""
    runner: Any = import_module(CONFIGURATOR)
    given: Any = runner.ServerJsonConfigurator

    def begin(self: Any, *args: Any, **named: Any) -> None:
        given.__init__(self, *args, **named)
        self.task_request_interval = TASK_S

    runner.ServerJsonConfigurator = type(given.__name__, (given,), {"__init__": begin})


def watch_no_parent(name: str) -> None:
    """Have a job's process not look for its parent every second, which its end would wait for: the kernel does it."""
    module: Any = import_module(name)
    if hasattr(module, "monitor_parent_process"):
        module.monitor_parent_process = lambda _runner, _parent, stop: stop.wait()


def run_main(name: str, words: Sequence[str]) -> int:
    """What the module does when it is a program; its exit status."""
    module: Any = import_module(name)
    sys.modules["__main__"] = module  # where multiprocessing looks for the program
    sys.argv = [str(module.__file__), *words]
    given = module.parse_arguments()
    folder = os.path.join(given.workspace, given.job_id) if name in JOBS else given.workspace  # noqa: PTH118  as FLARE does
    monitor = import_module(MONITOR).MainProcessMonitor
    code = monitor.run(main_func=_then_wait(module.main), run_dir=folder, shutdown_grace_time=0, args=given)
    return code if isinstance(code, int) else 0


def _then_wait(main: Callable[..., Any]) -> Callable[..., Any]:
    """The same, and then no longer than the threads that are left need."""

    def run(**given: Any) -> Any:
        try:
            return main(**given)
        finally:
            wait_for_threads(THREADS_S)

    return run


def wait_for_threads(limit_s: float) -> None:
    """Wait until every thread that would keep the interpreter alive has ended, at most so long."""
    give_up = time.monotonic() + limit_s
    while time.monotonic() < give_up and any(
        not thread.daemon for thread in threading.enumerate() if thread is not threading.main_thread()
    ):
        time.sleep(0.02)
