"""The component that does nothing, unless it is told to: for trials, tests and measurements."""

import time
from typing import Final

from fedrota.component import Context, component

DISCLOSURE: Final = (("nobody", "nothing: no data is read and no message is sent", "none"),)
GLANCE_S: Final = 0.2


@component(
    "noop",
    params={
        "sleep_s": {
            "type": "number",
            "minimum": 0,
            "maximum": 86400,
            "default": 0,
            "description": "Sleep so many seconds; a stop request ends the sleep.",
        },
        "fail": {
            "type": "string",
            "default": "",
            "maxLength": 1000,
            "description": "Fail with this text after the sleep; empty means succeed.",
        },
        "output": {
            "type": "string",
            "default": "",
            "maxLength": 100000,
            "description": "Text to write as the output `data`; empty means no output.",
        },
        "log": {
            "type": "string",
            "default": "",
            "maxLength": 100000,
            "description": "Text to write to the log; empty means none.",
        },
    },
    inputs={"data": "file"},
    outputs={"data": "file"},
    reusable=True,
)
def noop(context: Context) -> None:
    """Do nothing, or sleep, log, write an output or fail as the parameters say.

    It needs no input; the port `data` only lets a job order its steps by data.
    """
    if text := context.params["log"]:
        context.log(text)
    _sleep(context, context.params["sleep_s"])
    if message := context.params["fail"]:
        raise RuntimeError(message)
    if text := context.params["output"]:
        with context.output("data") as output:
            output.path.write_text(text)
            output.facts["characters"] = len(text)


def _sleep(context: Context, duration_s: float) -> None:
    end = time.monotonic() + duration_s
    while (left := end - time.monotonic()) > 0:
        time.sleep(min(left, GLANCE_S))
        context.progress(min(1.0, 1 - (end - time.monotonic()) / duration_s))
