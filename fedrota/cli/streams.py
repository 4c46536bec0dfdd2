"""The three standard streams, also where the program was started without them, or where they cannot take every character."""

import codecs
import io
import json
import os
import sys
from typing import Final

STREAMS: Final = (("stdin", "r"), ("stdout", "w"), ("stderr", "w"))
ESCAPED: Final = "fedrota.escaped"
"""The name of our way to write what an encoding lacks."""


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


def escape_foreign() -> None:
    """Have what the terminal's encoding lacks written as JSON writes it, `\\u00fc`: in text it is read, in JSON it is right."""
    codecs.register_error(ESCAPED, _escape)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=ESCAPED)


def _escape(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return json.dumps(error.object[error.start : error.end])[1:-1], error.end
