"""One run of `up` from options to exit: lock, plan, signals, readiness, shutdown."""

import asyncio
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

import fedrota
from fedrota.errors import FedrotaError
from fedrota.up.errors import UpError
from fedrota.up.flare import require_flare
from fedrota.up.folder import StateFolder, held, make_folder, recall_parties, remember_parties
from fedrota.up.options import Options, with_parties
from fedrota.up.plan import inherited_environment, make_plan
from fedrota.up.programs import Plan
from fedrota.up.record import Record, find_running, kill_leftovers
from fedrota.up.spawn import terminate
from fedrota.up.supervisor import Supervisor
from fedrota.up.tree import find_tree, require_packages
from fedrota.up.voice import ALARM, Terminal

STARTED_WITHIN_S: Final = 180.0
SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
Said = Callable[[str], None]
OnReady = Callable[[Plan, StateFolder, Options], None]


def run_up(
    options: Options,
    *,
    terminal: Terminal,
    on_ready: OnReady,
    said: Said | None = None,
    body: Callable[[], None] | None = None,
    tree: Path | None = None,
) -> None:
    """Start the system, call `on_ready`, and run until a signal, a crash, or the end of `body`.

    `said` gets a sentence at each step of starting and stopping (default: the terminal shows it). `body`
    runs in a thread of its own once the system is ready; its exception is passed on. UpError where the
    system cannot start or an essential process crashes again and again.
    """
    tree = tree or find_tree(package=Path(fedrota.__file__).parent, here=Path.cwd())
    require_packages(options)
    require_flare(options, inherited_environment())
    folder = make_folder(options.state)
    with held(folder):
        for name in kill_leftovers(folder):
            terminal.show("up", f"killed {name}, left running by an `up` that was itself killed", colour=ALARM)
        options = with_parties(options, recall_parties(folder))
        plan = make_plan(tree=tree, folder=folder, options=options, environment=inherited_environment())
        remember_parties(folder, options.parties)
        names = [program.name for stage in plan.stages for program in stage.programs]
        terminal.width = max(terminal.width, *map(len, names))
        say = said or (lambda text: terminal.show("up", text))
        supervisor = Supervisor(plan, folder=folder, terminal=terminal, said=say)
        asyncio.run(_run(supervisor, lambda: on_ready(plan, folder, options), body))


async def _run(supervisor: Supervisor, on_ready: Callable[[], None], body: Callable[[], None] | None) -> None:
    _heed_signals(supervisor, asyncio.get_running_loop())
    errand: asyncio.Future[None] | None = None
    try:
        if await supervisor.start():
            on_ready()
            if body is not None:
                errand = _in_thread(body)
                errand.add_done_callback(lambda _: supervisor.ask_stop())
            await supervisor.watch()
    finally:
        await supervisor.stop()
        for number in SIGNALS:  # what comes now comes too late to mean anything
            signal.signal(number, signal.SIG_IGN)
    if errand is not None and errand.done():
        errand.result()


def _heed_signals(supervisor: Supervisor, loop: asyncio.AbstractEventLoop) -> None:
    """Ask for a stop at each signal.

    The handlers are not the loop's own: taking one of those away means to die of its signal until another is set,
    and whoever says `down --now` sends one after the other. Under `nohup` a hang-up stays ignored.
    """
    for number in SIGNALS:
        if number == signal.SIGHUP and signal.getsignal(number) == signal.SIG_IGN:
            continue
        signal.signal(number, lambda *_: loop.call_soon_threadsafe(supervisor.ask_stop))


def _in_thread(body: Callable[[], None]) -> "asyncio.Future[None]":
    """The end of `body`, run in a daemon thread: after Ctrl-C nobody waits for what it does."""
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[None] = loop.create_future()

    def settle(error: FedrotaError | None) -> None:
        if not ended.done():
            ended.set_result(None) if error is None else ended.set_exception(error)

    def run() -> None:
        error: FedrotaError | None = UpError("it ended with an unexpected error; its traceback stands above")
        try:
            body()
            error = None
        except FedrotaError as raised:
            error = raised
        finally:
            with suppress(RuntimeError):  # the loop has closed: the run was interrupted
                loop.call_soon_threadsafe(settle, error)

    threading.Thread(target=run, name="body", daemon=True).start()
    return ended


def run_detached(run: Callable[[], None], folder: StateFolder) -> Record:
    """Do `run` (which calls `run_up`) in a process of its own; the record once the system is ready.

    UpError where another runs there, or with the last lines of `<state>/log/up.log` where it does not become ready.
    Interrupted before that, it leaves nothing running.
    """
    log = folder.logs / "up.log"
    with held(folder):
        pass  # else the new process would empty the log of the one that runs, and then find out
    pid = os.fork()
    if pid == 0:
        _leave_terminal(log)
        run()
        os._exit(0)
    try:
        return _await_ready(pid, folder, log)
    except KeyboardInterrupt:
        _stop_unready(pid)
        raise


def _await_ready(pid: int, folder: StateFolder, log: Path) -> Record:
    deadline = time.monotonic() + STARTED_WITHIN_S
    while time.monotonic() < deadline:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended and status == 0:
            raise UpError("it was stopped before it was ready")
        if ended:
            raise UpError(f"it did not start. The end of {log}:\n" + "\n".join(log.read_text().splitlines()[-30:]))
        record = find_running(folder)
        if record and record.pid == pid and record.phase == "ready":
            return record
        time.sleep(0.05)
    os.kill(pid, signal.SIGTERM)
    raise UpError(
        f"it was not ready after {STARTED_WITHIN_S:g} s and was stopped: {log} says what it waited for. Where the machine "
        "is only slow, leave out --detach"
    )


def _stop_unready(pid: int) -> None:
    """Stop the new process, which a Ctrl-C does not reach, and wait for its end."""
    terminate(pid)
    with suppress(ChildProcessError):  # it had ended already
        os.waitpid(pid, 0)


def _leave_terminal(log: Path) -> None:
    """Become the leader of a session without a terminal, writing to the log."""
    os.setsid()
    with log.open("wb") as file, Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), 0)
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
