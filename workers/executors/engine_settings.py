"""What an operator says of an engine: the environment that runs other systems' jobs."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineSettings:
    """Its interpreter (None: not installed), this host's address, the folders that requests may name, its patience."""

    python: Path | None = None
    host: str = "127.0.0.1"
    roots: Sequence[Path] = ()
    stall_s: float = 1800.0
