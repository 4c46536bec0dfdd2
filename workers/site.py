"""Puts a party's worker together: folders, zygote, executors, runner, channel; starts and ends them in order."""

import os
import platform
import socket
import time
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from typing import Any, Final
from uuid import uuid4

import psutil
import structlog

from config.garbage import spare_the_old
from config.settings import WorkerSettings
from scheduler.domain.messages import PROTOCOL, ComponentOffer, Hello, Knock
from workers.attachments import AttachmentClient
from workers.calls.serving import Answer, Op
from workers.channel import Orders, make_url
from workers.channel_thread import ChannelThread
from workers.console.control import make_control_ops
from workers.console.targets import make_target_ops
from workers.exchange.identity import load_identity
from workers.executors.assembly import Shared, make_executors
from workers.executors.base import Limits
from workers.executors.flare import FLARE
from workers.executors.flare_nursery import FlareNursery
from workers.executors.loop import ExecutorLoop
from workers.executors.nursery import Nursery
from workers.gateway import Gateway
from workers.journal import Journal
from workers.lost_attempts import recover_reports
from workers.observer import Nobody, Observer
from workers.runner import Runner
from workers.spool import Spool
from workers.tables.files import make_file_ops
from workers.tables.roots import Roots, pick_roots
from workers.tables.store import make_table_ops
from workers.task_files.arrivals import make_arrival_ops
from workers.task_files.discards import make_discard_ops
from workers.task_files.model_store import make_model_ops
from workers.task_files.questions import make_question_ops
from workers.task_files.reads import make_read_ops
from workers.workbench import Workbench
from workers.workdir import Workdir, write_durably

log = structlog.get_logger(__name__)

CONNECT_S: Final = 3.0
ZYGOTE_S: Final = 120.0


class SiteError(Exception):
    """The worker cannot start; the text says what to change."""


class Site:
    """Everything of one worker; `start` and `stop` once each."""

    def __init__(
        self,
        settings: WorkerSettings,
        *,
        observer: Observer | None = None,
        facts: Mapping[str, Any] | None = None,
    ) -> None:
        check_settings(settings)
        self._settings = settings
        self._facts = dict(facts or {})
        self.is_stopped = False
        self.workdir = Workdir(settings.state_dir, settings.party)
        self.workdir.root.mkdir(parents=True, exist_ok=True)
        self._journal = Journal(self.workdir.journal, self.workdir.lock)
        self.workdir.prepare()
        self._spool = Spool(self.workdir.spool)
        self._identity = load_identity(self.workdir.root)
        self._loop = ExecutorLoop()
        self._loop.on_error = self._give_up
        limits = Limits(memory_bytes=settings.task_memory_bytes, disk_bytes=settings.task_disk_bytes)
        self.nursery = Nursery(self._loop, site=self.workdir.root, modules=settings.components, limits=limits)
        self.flare_nursery = FlareNursery(
            self._loop, site=self.workdir.root, python=settings.engines.get(FLARE), limits=limits
        )
        self._channel = self._make_channel()
        self._channel.on_error = self._give_up
        self.workbench = self._make_workbench(limits)
        self.runner = Runner(
            Gateway(settings.gateway_url, settings.token.get_secret_value(), party=settings.party),
            self.workbench,
            spool=self._spool,
            journal=self._journal,
            make_hello=self.make_hello,
            observer=observer or Nobody(),
        )

    def _make_channel(self) -> ChannelThread:
        settings = self._settings
        return ChannelThread(
            make_url(
                settings.gateway_url,
                takes_knocks=not settings.broker_url.get_secret_value(),
                party=settings.party,
            ),
            settings.token.get_secret_value(),
            orders=Orders(knock=self._knock, stop=self._stop_task),
            ops=self._make_ops(),
            identity=self._identity,
            folder=self.workdir.root,
        )

    def _make_ops(self) -> dict[str, Op]:
        """What the gateway may ask over the channel; a table that comes in will soon be used."""
        workdir, settings = self.workdir, self._settings
        table_ops = make_table_ops(workdir)

        def put(args: Mapping[str, Any], body: Iterator[bytes]) -> Answer:
            self.nursery.preload()
            return table_ops["table.put"](args, body)

        return {
            **make_read_ops(workdir),
            **make_discard_ops(workdir),
            **make_arrival_ops(workdir),
            **make_model_ops(workdir, settings.model_store, settings.party),
            **make_question_ops(workdir),
            **table_ops,
            "table.put": put,
            **make_file_ops(workdir, Roots(pick_roots(settings.allowed_roots, settings.gateway_url)), put),
            **make_target_ops(workdir),
            **make_control_ops(workdir, log_level=settings.log_level, reconnect=self._reconnect),
        }

    def _reconnect(self) -> None:
        self._channel.reconnect()

    def _knock(self, knocks: list[Knock]) -> None:
        self.runner.knock(knocks)

    def _stop_task(self, task: str, seq: int, kind: str) -> None:
        self.runner.stop_task(task, seq, kind)

    def _make_workbench(self, limits: Limits) -> Workbench:
        shared = Shared(
            loop=self._loop,
            nursery=self.nursery,
            flare_nursery=self.flare_nursery,
            exchange=self._channel.exchange,
            attachments=AttachmentClient(self._settings.gateway_url, self._settings.token.get_secret_value()),
            limits=limits,
            site=self.workdir.root,
        )
        return Workbench(
            self._loop,
            self.workdir,
            agent=_load_agent(self.workdir),
            executors=make_executors(self._settings, shared),
            stop_grace_s=self._settings.stop_grace_s,
            give_up=self._give_up,
        )

    def start(self) -> None:
        """Clear away a former life, start the zygote, then claim, run and report."""
        killed = sum(leftover.kill() for leftover in self._journal.leftovers())
        killed += self.nursery.kill_marked() + self.flare_nursery.kill_marked()
        if killed:
            log.warning("leftovers_killed", count=killed)
        reports = recover_reports(self.workdir, spool=self._spool, journal=self._journal)
        self._loop.start()
        self.nursery.start()
        self.flare_nursery.start()
        if not self.nursery.wait_ready(ZYGOTE_S):
            raise SiteError(f"the process that starts tasks was not ready after {ZYGOTE_S:.0f} s; see the log above")
        if next(self.workdir.list_tables(), None) is not None:
            self.nursery.preload()
        self._channel.start()
        # With its first hello a party counts as online: by then it should be reachable, too.
        self._channel.wait_tried(CONNECT_S)
        self.runner.start(reports)
        spare_the_old()
        log.info("worker_started", party=self._settings.party, gateway=self._settings.gateway_url)

    def stop(self, grace_s: float) -> None:
        """End in order: let tasks end or interrupt them, report, then leave nothing running."""
        self.is_stopped = True
        started = time.monotonic()
        self.runner.shut_down(grace_s)
        self._channel.stop()
        self.kill()
        self._loop.stop()
        self._journal.close()
        log.info("worker_stopped", after_s=round(time.monotonic() - started, 1))

    def kill(self) -> None:
        """Have no more patience: kill all that runs, now; nothing can be started from here on."""
        self.nursery.close()
        self.flare_nursery.close()

    def _give_up(self) -> None:
        self.kill()
        os._exit(70)

    def make_hello(self) -> Hello:
        """How this worker introduces itself."""
        offering = self.nursery.offering
        return Hello(
            protocol=PROTOCOL,
            agent=self.workbench.agent,
            version=version("fedrota"),
            slots=self._settings.slots,
            executors=tuple(self.workbench.executors),
            components=tuple(map(_parse_offer, offering.components.values())),
            identity=self._identity.public,
            facts={
                "host": socket.gethostname(),
                "pid": os.getpid(),
                "python": platform.python_version(),
                "system": platform.platform(terse=True),
                "cpus": os.cpu_count(),
                "memory_bytes": psutil.virtual_memory().total,
                "profile": self._settings.profile,
                "components_left_out": dict(offering.broken),
                "engines": sorted(self._settings.engines),
                "workdir": str(self.workdir.root),
                **self._facts,
            },
        )


def check_settings(settings: WorkerSettings) -> None:
    """SiteError naming all that is missing."""
    missing = [
        f"FEDROTA_{name.upper()}: {hint}"
        for name, value, hint in (
            ("party", settings.party, "the id of the party whose worker this is"),
            ("token", settings.token.get_secret_value(), "a worker token of this party (fedrota tokens create)"),
        )
        if not value
    ]
    if missing:
        raise SiteError("\n".join(missing))


def _parse_offer(offer: Mapping[str, Any]) -> ComponentOffer:
    return ComponentOffer(
        name=offer["name"],
        params=offer["params"],
        summary=offer["summary"],
        inputs=offer["inputs"],
        outputs=offer["outputs"],
        roles=tuple(offer["roles"]),
        exchange=offer["exchange"],
    )


def _load_agent(workdir: Workdir) -> str:
    """This worker's name for itself, the same in all its lives, so that it may go on with what it has begun."""
    file = workdir.root / "agent"
    known = file.read_text().strip() if file.exists() else ""
    if not known:  # an empty file is what a full disk or a power cut left of a first start
        known = f"{socket.gethostname()}-{uuid4().hex[:12]}"
        write_durably(file, known.encode())
    return known
