"""Starts FLARE's server of one run at a port that is free; where another program takes it meanwhile, at another one."""

import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from workers.flare.child import Child
from workers.flare.forks import Forks
from workers.flare.kit import ORG, SERVER, make_kits
from workers.flare.ports import find_holder, pick_port

TRIES: Final = 5
LOOK_S: Final = 0.02


class RunError(Exception):
    """The run failed; `kind` and text go into the task's report."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A server that listens, and the folder of the kits that know where."""

    child: Child
    kits: Path
    port: int


def start_server(place: Path, order: Mapping[str, Any], forks: Forks) -> Server:
    """The run's server; RunError, KitError or ChildDiedError where there will be none.

    Kits name the port, so each try makes new ones, and none leaves the party before the port is the server's.
    """
    for number in range(TRIES):
        port = pick_port()
        kits = make_kits(place / f"flare{number or ''}", host=order["host"], port=port, requests=order["requests"])
        child = Child("server", kits / SERVER, forks=forks, variables=[f"org={ORG}"])
        with ExitStack() as losing:
            losing.callback(child.end)
            if wait_for_port(child, port, limit_s=order["start_s"]):
                losing.pop_all()
                return Server(child=child, kits=kits, port=port)
    raise RunError("unreachable", f"other programs took {TRIES} ports in a row before FLARE's server had them")


def wait_for_port(child: Child, port: int, *, limit_s: float) -> bool:
    """Whether the server got the port rather than another program; RunError where nobody has it after `limit_s`."""
    give_up = time.monotonic() + limit_s
    while (is_ours := find_holder(port, child.pid)) is None:
        child.check()
        if time.monotonic() > give_up:
            raise RunError("timeout", f"FLARE's server did not listen within {limit_s:g} s")
        time.sleep(LOOK_S)
    return is_ours
