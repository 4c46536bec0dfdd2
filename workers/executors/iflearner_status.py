"""What an iFLearner aggregator says of its parties at /v1/status."""

import urllib.request
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from http.client import HTTPException
from typing import Any, Final

import orjson

PATIENCE_S: Final = 3.0
MAX_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyProgress:
    """How far a party is; `current_epoch` counts from 1 and is the one that it is in."""

    ready: bool
    complete: bool
    current_epoch: int
    total_epoch: int

    @property
    def fraction(self) -> float:
        """Finished epochs of all, 0 to 1."""
        done = self.total_epoch if self.complete else self.current_epoch - 1
        return min(1.0, max(0, done) / max(1, self.total_epoch))

    def render(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)


def fetch_status(address: str) -> Mapping[str, Any] | None:
    """The aggregator's answer, or None where there is none now; blocks for a few seconds at most."""
    try:
        # The address is this worker's own: it has just chosen it, and no proxy of the environment reaches it.
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with direct.open(f"http://{address}/v1/status", timeout=PATIENCE_S) as answer:
            found = orjson.loads(answer.read(MAX_BYTES))
    except (OSError, ValueError, HTTPException):  # what listens there may be no aggregator
        return None
    return found if isinstance(found, dict) else None


def parse_status(found: Mapping[str, Any]) -> dict[str, PartyProgress]:
    """The progress of each party by name; rows that are no such are left out."""
    return {
        str(name): PartyProgress(
            ready=bool(row["ready"]),
            complete=bool(row["complete"]),
            current_epoch=row["current_epoch"],
            total_epoch=row["total_epoch"],
        )
        for name, row in found.items()
        if isinstance(row, dict)
        and {"ready", "complete", "current_epoch", "total_epoch"} <= row.keys()
        and type(row["current_epoch"]) is int
        and type(row["total_epoch"]) is int
        and row["ready"]
    }


def parse_progress(message: bytes) -> PartyProgress | None:
    """A party's progress as another party's worker sends it; None where it is none."""
    try:
        found = orjson.loads(message)
    except ValueError:
        return None
    return parse_status({"": found}).get("")
