"""Makes the executors that a worker's settings allow."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from config.settings import WorkerSettings
from workers.attachments import Attachments
from workers.exchange.port import ExchangePort
from workers.executors.base import Executor, Limits
from workers.executors.command import CommandExecutor
from workers.executors.component import ComponentExecutor
from workers.executors.container import ContainerExecutor, make_engine
from workers.executors.engine_settings import EngineSettings
from workers.executors.flare import FLARE, FlareExecutor, FlareSettings
from workers.executors.flare_nursery import FlareNursery
from workers.executors.iflearner import IFLEARNER, IflearnerExecutor
from workers.executors.loop import ExecutorLoop
from workers.executors.nursery import Nursery

MOST_WARM: Final = max(4, 2 * (os.cpu_count() or 1))
"""So many idle processes are kept at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """What the executors of one worker share."""

    loop: ExecutorLoop
    nursery: Nursery
    flare_nursery: FlareNursery
    exchange: ExchangePort
    attachments: Attachments
    limits: Limits
    site: Path


def make_executors(settings: WorkerSettings, shared: Shared) -> dict[str, Executor]:
    """The executors by kind. An engine's jobs are commands or containers: without those there is no engine."""
    makers = {"component": _make_component, "command": _make_command, "container": _make_container}
    made = {kind: make(settings, shared) for kind, make in makers.items() if kind in settings.executors}
    runners = {kind: executor for kind, executor in made.items() if kind != "component"}
    if "command" in runners:
        made[FLARE] = _make_flare(settings, shared)
    if runners:
        engine = _make_engine_settings(settings, IFLEARNER)
        made[IFLEARNER] = IflearnerExecutor(shared.loop, exchange=shared.exchange, settings=engine, runners=runners)
    return made


def _make_component(settings: WorkerSettings, shared: Shared) -> Executor:
    return ComponentExecutor(
        shared.loop,
        shared.nursery,
        exchange=shared.exchange,
        limits=shared.limits,
        warm=min(settings.slots, MOST_WARM),
    )


def _make_command(_settings: WorkerSettings, shared: Shared) -> Executor:
    return CommandExecutor(shared.loop, shared.nursery, limits=shared.limits, attachments=shared.attachments)


def _make_container(settings: WorkerSettings, shared: Shared) -> Executor:
    """The containers that a former life has left are removed."""
    container = ContainerExecutor(
        shared.loop,
        make_engine(),
        images=settings.container_images,
        site=str(shared.site),
        limits=shared.limits,
    )
    container.reconcile()
    return container


def _make_flare(settings: WorkerSettings, shared: Shared) -> Executor:
    return FlareExecutor(
        shared.loop,
        exchange=shared.exchange,
        settings=FlareSettings(engine=_make_engine_settings(settings, FLARE), attachments=shared.attachments),
        commands=CommandExecutor(shared.loop, shared.flare_nursery, limits=shared.limits),
    )


def _make_engine_settings(settings: WorkerSettings, name: str) -> EngineSettings:
    return EngineSettings(
        python=settings.engines.get(name),
        host=settings.engine_host,
        roots=settings.allowed_roots,
        stall_s=settings.engine_stall_s,
    )
