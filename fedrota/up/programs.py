"""What a supervised process is: how it starts, when it is ready, how it is stopped."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from fedrota.up.probes import Probe

STOP_ORDER: Final = (("bridge",), ("gateway",), ("scheduler", "worker", "flower"), ("broker",))
"""Stopped group by group: first nothing new comes in, last the ground that the others stand on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chore:
    """A command that runs once, before what follows it; it must end with exit status 0."""

    name: str
    argv: tuple[str, ...]
    cwd: Path
    env: Mapping[str, str] = field(default_factory=dict)
    limit_s: float = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A process that runs until it is told to stop."""

    name: str
    kind: str
    argv: tuple[str, ...]
    cwd: Path
    ready: Probe
    env: Mapping[str, str] = field(default_factory=dict)
    note: str = ""
    ready_s: float = 60.0
    grace_s: float = 15.0
    essential: bool = True
    """A crash loop of an essential process ends the whole run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What may start side by side; the next stage starts when all of it is ready or done."""

    programs: tuple[Program, ...] = ()
    chores: tuple[Chore, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything that one run of `up` starts, in order, and where its user finds it."""

    stages: tuple[Stage, ...]
    url: str = ""
    flower_url: str = ""
