"""The request forms of FATE 1.4's script, replayed as they were recorded."""

from typing import Any


def run(job: dict[str, Any]) -> dict[str, Any]:
    return {"calls": {}, "facts": {}, "uncalled": []}
