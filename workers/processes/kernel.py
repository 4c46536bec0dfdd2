"""What the Linux kernel is asked for beyond the standard library, and the walk over a tree of processes.

Standard library only.
"""

import ctypes
import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

_PR_SET_PDEATHSIG: Final = 1
_PR_SET_CHILD_SUBREAPER: Final = 36
_PROC: Final = Path("/proc")
_START_S: Final = 5.0
"""So long a process may take to get its program; a busy machine may leave it in the middle of that."""


def die_with_parent(parent: int) -> None:
    """Have the kernel kill this process when its parent dies; ends at once where it is dead already."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def weigh_session() -> None:
    """Give this session of processes the share of the processors that their niceness asks for, as after `nice`.

    Where Linux shares by sessions first, niceness counts only inside one (sched(7), autogroup). Of users without
    privileges the kernel takes ten such requests a second: a session whose request it refuses keeps a full share.
    """
    niceness = os.getpriority(os.PRIO_PROCESS, 0)
    if niceness > 0:
        with suppress(OSError):
            Path("/proc/self/autogroup").write_text(str(niceness))


def adopt_orphans() -> None:
    """Make this process the parent of every orphan among its descendants, daemons too."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def _prctl(option: int, value: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, value, 0, 0, 0) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"prctl {option}: {os.strerror(number)}")


def list_children(pid: int) -> list[int]:
    """The living children of `pid`, of all its threads."""
    found: list[int] = []
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):  # noqa: PTH208  called for every end of a task
            found += map(int, Path(f"/proc/{pid}/task/{thread}/children").read_bytes().split())
    except (FileNotFoundError, ProcessLookupError):
        return found
    return [child for child in found if not is_zombie(child)]


def list_descendants(pid: int) -> list[int]:
    """All living processes below `pid`, parents before children, `pid` itself not among them."""
    found: list[int] = []
    queue = [pid]
    while queue:
        children = list_children(queue.pop())
        found += children
        queue += children
    return found


def is_zombie(pid: int) -> bool:
    """Whether `pid` has ended and only waits to be reaped; a process that is gone counts too."""
    return _stat(pid)[0] in {"Z", "X", ""}


def find_birth(pid: int) -> int | None:
    """When `pid` started, in clock ticks since boot; with the pid it names a process for ever."""
    fields = _stat(pid)
    return int(fields[19]) if fields[0] else None


def _stat(pid: int) -> list[str]:
    """The fields of /proc/<pid>/stat after the name: state, parent, ...; [""] where there is none."""
    try:
        with open(f"/proc/{pid}/stat", "rb", buffering=0) as file:  # noqa: PTH123  once per task: a Path costs more than the read
            text = file.read(4096)
    except (FileNotFoundError, ProcessLookupError):
        return [""]
    return text.rpartition(b")")[2].decode("ascii", "replace").split()


def signal_quietly(pid: int, number: signal.Signals) -> None:
    """Send a signal to a process that may be gone."""
    try:
        os.kill(pid, number)
    except (ProcessLookupError, PermissionError):
        return  # it is gone, or its number belongs to somebody else by now


def name_signal(number: int) -> str:
    """As SIGKILL; most of the real-time signals have a number only."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def kill_below(pid: int, *, patience_s: float = 5.0) -> None:
    """Kill everything below `pid`, which must not be forking itself; returns when all of it is dead."""
    give_up = time.monotonic() + patience_s
    while alive := list_descendants(pid):
        for victim in alive:
            signal_quietly(victim, signal.SIGKILL)
        if time.monotonic() > give_up:
            return
        time.sleep(0.002)


def kill_tree(pid: int) -> None:
    """Kill `pid` and everything below it, daemons too where `pid` adopts orphans.

    It is stopped first, so that it cannot fork meanwhile, and dies last, so that no orphan leaves it.
    """
    signal_quietly(pid, signal.SIGSTOP)
    kill_below(pid)
    signal_quietly(pid, signal.SIGKILL)


def list_marked(mark: str) -> Iterator[int]:
    """Every process of ours that was started with `mark` ("NAME=value") in its environment."""
    wanted = mark.encode()
    for entry in os.listdir(_PROC):  # noqa: PTH208
        if not entry.isdigit():
            continue
        if wanted in read_environment(int(entry)):
            yield int(entry)


def read_environment(pid: int) -> list[bytes]:
    """What `pid` was started with ("NAME=value"); where it is just getting its program, waits until it has it."""
    give_up = time.monotonic() + _START_S
    while (found := _environment(pid)) == [] and _is_starting(pid) and time.monotonic() < give_up:
        time.sleep(0.001)
    return found or _environment(pid) or []  # it may have got its program between the two looks


def _environment(pid: int) -> list[bytes] | None:
    """None where there is nothing to wait for: it is gone, or not ours to read."""
    try:
        environment = Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return None
    return [each for each in environment.split(b"\0") if each]


def _is_starting(pid: int) -> bool:
    """Whether `pid` has memory for its new program but no environment yet, as in the middle of execve."""
    fields = _stat(pid)
    return fields[0] != "" and fields[20] != "0" and fields[47] == "0"  # proc_pid_stat(5): vsize, env_start


def count_oom_kills() -> int:
    """How many processes the kernel killed for want of memory since boot; 0 where it does not say."""
    try:
        lines = Path("/proc/vmstat").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("oom_kill ")), 0)
