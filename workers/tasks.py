"""The party's Celery app: one task that hands knocks to the runner, and the step that starts and ends the worker."""

import logging
import os
from typing import Any

import structlog
from celery import Celery, bootsteps
from celery.signals import setup_logging

from config.logs import configure_logs
from config.settings import WorkerSettings
from scheduler.domain.messages import KNOCK_TASK
from scheduler.queues.app import make_celery
from scheduler.queues.names import queue_name
from workers.broker.events import CeleryEvents
from workers.broker.transport import INTAKE, guard
from workers.knocks import KnockError, parse_knocks
from workers.observer import Observer
from workers.site import Site, check_settings

log = structlog.get_logger(__name__)


def make_party_app(settings: WorkerSettings) -> Celery:
    """The Celery app of the party's worker; its worker brings the whole site up and down."""
    check_settings(settings)
    guard()
    app = make_celery(
        "workers",
        broker_url=settings.broker_url.get_secret_value(),
        queue=queue_name(settings.party),
        profile=settings.profile,
    )
    post = Post()

    def knock(tasks: Any) -> None:
        post.take(tasks)

    app.task(name=KNOCK_TASK)(knock)
    app.steps["worker"].add(make_step(settings, post))
    setup_logging.connect(lambda **_: setup_logs(settings), weak=False)
    return app


def setup_logs(settings: WorkerSettings) -> None:
    """Our logs instead of Celery's; its lines about every single knock are left out."""
    configure_logs(process="worker", level=settings.log_level, json_lines=settings.log_format == "json")
    for name in ("celery.app.trace", "celery.worker.strategy"):
        logging.getLogger(name).setLevel(logging.WARNING)


class Post:
    """Where knocks go: the site's runner while there is one."""

    def __init__(self) -> None:
        self.site: Site | None = None

    def take(self, tasks: object) -> None:
        """Queue the knocks in `tasks`; what is none is dropped with a line in the log."""
        try:
            knocks = parse_knocks(tasks)
        except KnockError as wrong:
            log.warning("knock_refused", reason=str(wrong))
            return
        if self.site is not None:
            self.site.runner.knock(knocks)


def make_step(settings: WorkerSettings, post: Post) -> type[bootsteps.StartStopStep]:
    """The part of a Celery worker that is our site."""

    class SiteStep(bootsteps.StartStopStep):
        """Starts the site after the pool and before the consumer, ends it after the consumer."""

        requires = ("celery.worker.components:Pool",)

        def start(self, parent: Any) -> None:
            self.events: CeleryEvents | None = None
            if settings.profile == "open":
                self.events = CeleryEvents(parent.app, parent.hostname)
            self.site = make_site(settings, self.events, hostname=parent.hostname)
            post.site = self.site

        def stop(self, parent: Any) -> None:  # noqa: ARG002  the signature is Celery's
            post.site, is_done = None, False
            try:
                self.site.stop(settings.stop_grace_s)
                is_done = True
            finally:
                if not is_done:  # a second signal: no more patience
                    self.site.kill()
            if self.events is not None:
                self.events.stop()

        def terminate(self, parent: Any) -> None:  # noqa: ARG002
            self.site.kill()
            os._exit(1)

    return SiteStep


def make_site(settings: WorkerSettings, observer: Observer | None, *, hostname: str) -> Site:
    """A started site; it takes no knocks before the gateway knows it, nor while it cannot claim."""
    INTAKE.close()
    site = Site(settings, observer=observer, facts={"celery": hostname})
    site.runner.watch_failures(INTAKE.judge)
    if isinstance(observer, CeleryEvents):
        observer.start()
    site.start()
    return site
