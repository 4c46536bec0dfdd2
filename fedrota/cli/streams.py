"""The three standard streams, also where the program was started without them."""

import os
import sys
from typing import Final

STREAMS: Final = (("stdin", "r"), ("stdout", "w"), ("stderr", "w"))


def fill_streams() -> None:
    """Open the null device for each standard stream that whoever started the program has closed, as `2>&-` does.

    Else the next file that is opened would take its number, and be written to or closed in its place.
    """
    for number, (name, mode) in enumerate(STREAMS):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number, which is this one
        if getattr(sys, name) is None:  # Python saw it closed at its own start
            setattr(sys, name, os.fdopen(number, mode, encoding="utf-8"))
