"""Celery apps whose messages may be lost but never hurt: SQL decides, the broker only knocks."""

import socket
from typing import Literal

from celery import Celery
from kombu import Queue

Profile = Literal["centre", "open", "sealed"]


def make_celery(name: str, *, broker_url: str, queue: str, profile: Profile) -> Celery:
    """A Celery app that consumes `queue` from the broker at `broker_url` (redis:// or memory://).

    Early acknowledgement without kombu's emulation, prefetch 1, JSON only, no results, no retries by
    Celery. Profile `open` adds events and remote control, so that Flower shows the worker; `sealed`
    needs no more of Redis than HELLO, PING and BRPOP on its own queue.
    """
    app = Celery(name, set_as_current=False)
    is_watched = profile != "sealed"
    app.conf.update(
        broker_url=broker_url,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_transport_options={
            "ack_emulation": False,
            "socket_timeout": 5,
            "socket_connect_timeout": 2,
            "socket_keepalive": True,
            "health_check_interval": 10,
        },
        task_serializer="json",
        accept_content=["json"],
        task_ignore_result=True,
        task_acks_late=False,
        task_publish_retry=False,
        task_create_missing_queues=False,
        task_default_queue=queue,
        task_queues=[Queue(queue, no_declare=not is_watched)],
        worker_prefetch_multiplier=1,
        worker_pool="solo",
        worker_hijack_root_logger=False,
        worker_cancel_long_running_tasks_on_connection_loss=True,  # none of ours is acknowledged late; False warns at every loss
        worker_enable_remote_control=is_watched,
        worker_send_task_events=False,
        event_queue_ttl=60,
        enable_utc=True,
    )
    return app


def run_worker(app: Celery, *, name: str, log_level: str, is_heard: bool = True) -> int:
    """Be a Celery worker on the app's own queue until SIGTERM; its exit status. `is_heard`: it sends heartbeats."""
    # Not `worker_main`: that loads Celery's whole command line, and through it Flower's.
    worker = app.Worker(
        hostname=f"{name}@{socket.gethostname()}",
        pool_cls="solo",
        concurrency=1,
        loglevel=log_level,
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=not is_heard,
        quiet=True,
    )
    worker.start()
    return int(worker.exitcode or 0)
