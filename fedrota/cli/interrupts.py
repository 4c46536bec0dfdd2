"""A Ctrl-C that counts wherever it meets the program."""

import os
import signal
import sys
import threading
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

AGAIN_S: Final = 0.05


def keep_interrupts() -> None:
    """Have an interrupt come again a moment later where Python drops it.

    It drops every exception in what runs while an object is being thrown away, a generator for example, and of
    these there are many while an answer is read.
    """
    tell = sys.unraisablehook

    def take(dropped: "UnraisableHookArgs") -> None:
        if issubclass(dropped.exc_type, KeyboardInterrupt):
            again = threading.Timer(AGAIN_S, os.kill, (os.getpid(), signal.SIGINT))
            again.daemon = True
            again.start()
        else:
            tell(dropped)

    sys.unraisablehook = take
