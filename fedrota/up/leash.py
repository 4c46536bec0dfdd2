"""Turn into the given program, tied to the life of the parent: `python leash.py PARENT_PID ARGV...`.

Run by path in an isolated interpreter (about 15 ms). A hook between fork and exec would do the same,
but is not safe in a process with threads.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    """Ask the kernel for SIGKILL at the parent's death, then exec."""
    parent, argv = int(sys.argv[1]), sys.argv[2:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit("the process that started this one is gone")
    os.execvp(argv[0], argv)  # noqa: S606  argv comes from the runner, no shell is wanted


if __name__ == "__main__":
    main()
