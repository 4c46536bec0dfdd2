"""How often a server's process looks for garbage."""

import gc
from typing import Final

YOUNG: Final = 10_000
MIDDLE: Final = 20
OLD: Final = 50


def spare_the_old() -> None:
    """Leave alone what a process has loaded by now, and look less often at what comes: Python's own limits suit scripts."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, OLD)
