"""A task's process, forked from the zygote: runs components one after the other, or becomes a command.

Standard library, our SDK and the components only; nothing of the worker's settings is known here.
"""

import errno
import os
import signal
import socket
import sys
import threading
import traceback
from collections.abc import Mapping
from typing import Any, Final, NoReturn

from fedrota.component import CancelledError, ComponentInfo, InvalidInputError, PeerError
from workers.component_process.context import Stopping, TaskContext
from workers.processes.brood import reseed
from workers.processes.link import BlockingLink, Header, LinkClosedError

DETAIL_CHARS: Final = 16_000
MESSAGE_CHARS: Final = 1_000
_FULL: Final = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EFBIG: "a file is larger than it may be (FEDROTA_TASK_DISK_BYTES)",
}


def serve(sock: socket.socket, components: Mapping[str, ComponentInfo]) -> NoReturn:
    """Run the tasks that come over `sock`; never returns."""
    link = BlockingLink(sock)
    reseed()
    try:
        while True:
            task, _ = link.recv()
            if task["t"] == "command":
                become_command(link, task)
            end, is_settled = run_component(link, task, components[task["component"]])
            is_kept = bool(task["keep"]) and is_settled and is_clean()
            link.send({**end, "kept": is_kept})
            if not is_kept:
                os._exit(0)
    except LinkClosedError:
        os._exit(0)


def is_clean() -> bool:
    """Whether the last task left neither process nor thread behind."""
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return threading.active_count() == 1
    return False


def run_component(link: BlockingLink, task: Mapping[str, Any], info: ComponentInfo) -> tuple[Header, bool]:
    """Run one component; its end as a frame's header, and whether no answer for it is still on its way."""
    stopping = Stopping()
    context = TaskContext(link, task, stopping)

    def stop(_number: int, _frame: object) -> None:
        stopping.is_set = True
        if not stopping.is_watched:
            raise CancelledError("the task is being stopped")

    try:
        signal.signal(signal.SIGTERM, stop)
        if not info.reusable:
            os.chdir(context.workdir)
        context.params = info.read_params(context.params)
        info.body(context)
        stopping.check()  # a component that looks at `cancelled` returns early
        end: Header = {"t": "end", "outcome": "success", "outputs": context.list_outputs()}
    except SystemExit as leaving:
        end = _end_of_exit(leaving, context)
    except CancelledError:
        end = _failed("stopped", "the task was stopped")
    except Exception as wrong:  # noqa: BLE001  the worker's loop top: a component may raise anything
        end = _end_of_error(wrong)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _flush()
    return end, context.is_settled


def _flush() -> None:
    """Push out what was printed; a component may have closed or replaced the streams."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None and not stream.closed:
            stream.flush()


def _end_of_exit(leaving: SystemExit, context: TaskContext) -> Header:
    if leaving.code in {None, 0}:
        return {"t": "end", "outcome": "success", "outputs": context.list_outputs()}
    return _failed("exit", f"the component called sys.exit({leaving.code!r})")


def _end_of_error(wrong: Exception) -> Header:
    if isinstance(wrong, InvalidInputError):
        return _failed("invalid", str(wrong) or "the input is invalid")
    detail = _trace(wrong)
    print(detail, file=sys.stderr)  # noqa: T201  standard error is the task's log
    message = " ".join(f"{type(wrong).__name__}: {wrong}".split())
    if isinstance(wrong, PeerError):
        return _failed("unreachable", str(wrong) or "a peer cannot be reached", detail=detail)
    if isinstance(wrong, MemoryError):
        message = "the task needs more memory than it may have (FEDROTA_TASK_MEMORY_BYTES)"
        return _failed("limit", message, detail=detail)
    if isinstance(wrong, OSError) and wrong.errno in _FULL:
        return _failed("limit", f"{_FULL[wrong.errno]}: {wrong}", detail=detail)
    return _failed("error", message, detail=detail)


def _trace(wrong: Exception) -> str:
    """The traceback without our own frames."""
    frames = wrong.__traceback__.tb_next if wrong.__traceback__ else None
    return "".join(traceback.format_exception(type(wrong), wrong, frames))[-DETAIL_CHARS:]


def _failed(kind: str, message: str, *, detail: str = "") -> Header:
    return {"t": "end", "outcome": "failed", "kind": kind, "message": message[:MESSAGE_CHARS], "detail": detail}


def become_command(link: BlockingLink, task: Mapping[str, Any]) -> NoReturn:
    """Replace this process by the command; says what is wrong where that cannot be."""
    argv: list[str] = task["argv"]
    for number in (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    try:
        os.chdir(task["workdir"])
        os.execvpe(argv[0], argv, task["environment"])  # noqa: S606  the task is to be just this command
    except (OSError, ValueError) as wrong:
        link.send({**_failed("invalid", f"cannot start {argv[0]!r}: {_explain(argv[0], wrong)}"), "kept": False})
    os._exit(127)


def _explain(program: str, wrong: OSError | ValueError) -> str:
    """Why a program does not start, without the folder of the search path that was tried last."""
    if not isinstance(wrong, OSError):
        return str(wrong)
    is_searched = os.fsdecode(wrong.filename or "").endswith(f"/{program}") and "/" not in program
    if isinstance(wrong, FileNotFoundError) and is_searched:
        return "no program of that name is on the worker's PATH"
    return wrong.strerror or str(wrong)
