"""`python -m scheduler` as a process of its own: starts, takes `scheduler.advance`, ends on SIGTERM."""

import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
import redis

from config.settings import Settings
from fedrota.up.ports import find_free_port
from scheduler.queues.app import make_celery
from scheduler.queues.inspect import read_lengths
from scheduler.queues.names import ADVANCE, NUDGES, SCHEDULER
from scheduler.queues.pulse import read_beat
from scheduler.queues.tasks import make_scheduler
from scheduler.store.migrate import migrate
from scheduler.store.session import make_store
from tests.conftest import serve_valkey
from tests.scheduler.centre import Centre, eventually, step

ROOT = Path(__file__).parents[3]


@contextmanager
def process(log: Path, **environment):
    with log.open("w") as out:
        server = subprocess.Popen(
            [sys.executable, "-m", "scheduler"], cwd=ROOT, env={**os.environ, **environment}, stdout=out, stderr=out
        )
    try:
        yield server
    finally:
        server.kill()
        server.wait()


@pytest.fixture
def centre(store_url):
    """A centre on a database of its own, whose clock is the real one."""
    store = make_store(store_url)
    migrate(store)
    centre = Centre(store)
    centre.now = datetime.now(UTC)
    for party in "ab":
        centre.greet(party)
    yield centre
    store.close()


def make_environment(centre, broker_url, folder):
    return {
        "FEDROTA_DATABASE_URL": centre.store.engine.url.render_as_string(hide_password=False),
        "FEDROTA_BROKER_URL": broker_url, "FEDROTA_SWEEP_S": "3600", "FEDROTA_OFFLINE_S": "3600",
        "FEDROTA_STATE_DIR": str(folder), "FEDROTA_LOG_FORMAT": "json",
    }  # fmt: skip


def test_it_starts_takes_the_task_and_ends_on_sigterm(centre, own_valkey, tmp_path):
    log = tmp_path / "log"
    environment = make_environment(centre, own_valkey, tmp_path)
    with redis.Redis.from_url(own_valkey) as broker, process(log, **environment) as server:
        eventually(lambda: "scheduler_ready" in log.read_text() or server.poll() is not None)
        assert server.poll() is None, log.read_text()
        job = centre.submit(step("s"))
        app = make_celery("caller", broker_url=own_valkey, queue=SCHEDULER, profile="centre")
        app.send_task(ADVANCE, queue=SCHEDULER)
        eventually(lambda: centre.states(job)[1] == {"s": "dispatched"})
        eventually(lambda: read_lengths(broker, ["a", "b"]) == {"a": 1, "b": 1})
        if not centre.store.is_postgres:
            other = centre.submit(step("s"))
            broker.publish(NUDGES, b"")
            eventually(lambda: centre.states(other)[1] == {"s": "dispatched"})
        eventually(lambda: read_beat(broker) is not None)
        server.send_signal(signal.SIGTERM)
        assert server.wait(timeout=60) == 0
    assert "scheduler_stopped" in log.read_text()
    assert "Traceback" not in log.read_text()


def test_it_may_start_before_its_broker(centre, valkey_binary, tmp_path):
    log, port = tmp_path / "log", find_free_port()
    url = f"redis://127.0.0.1:{port}/0"
    with process(log, **make_environment(centre, url, tmp_path)) as server:
        eventually(lambda: "Cannot connect to redis" in log.read_text() or server.poll() is not None)
        assert server.poll() is None, log.read_text()
        with serve_valkey(valkey_binary, tmp_path, at=port), redis.Redis.from_url(url) as broker:
            job = centre.submit(step("s"))
            make_celery("caller", broker_url=url, queue=SCHEDULER, profile="centre").send_task(ADVANCE, queue=SCHEDULER)
            eventually(lambda: read_lengths(broker, ["a", "b"]) == {"a": 1, "b": 1})
            assert centre.states(job)[1] == {"s": "dispatched"}
            server.send_signal(signal.SIGTERM)
            assert server.wait(timeout=60) == 0
    assert "Traceback" not in log.read_text()


def test_the_apps_queue_is_the_schedulers_and_its_task_is_registered():
    app = make_scheduler(Settings(broker_url="redis://127.0.0.1:1"))
    assert app.conf.task_default_queue == SCHEDULER
    assert ADVANCE in app.tasks
