import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest

from scheduler.store.migrate import migrate
from scheduler.store.session import make_store


@pytest.fixture
def environment(tmp_path, broker_url, free_port):
    return {
        "PATH": os.environ["PATH"],
        "FEDROTA_STATE_DIR": str(tmp_path),
        "FEDROTA_BROKER_URL": broker_url,
        "FEDROTA_PORT": str(free_port()),
        "FEDROTA_LOG_FORMAT": "json",
    }


def prepare(environment):
    store = make_store(f"sqlite:///{environment['FEDROTA_STATE_DIR']}/fedrota.db")
    migrate(store)
    store.close()


def start(environment, repository, *words):
    return subprocess.Popen(
        [sys.executable, "-m", "api", *words], cwd=repository, env=environment, stderr=subprocess.PIPE, text=True
    )


def fails(environment, repository, *words):
    process = start(environment, repository, *words)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 1
    return said


def wait_until_ready(environment):
    url = f"http://127.0.0.1:{environment['FEDROTA_PORT']}/readyz"
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:
                return json.load(answer)
        except (OSError, urllib.error.URLError):
            time.sleep(0.05)
    pytest.fail("the gateway did not become ready")


def test_it_serves_and_stops_in_order(environment, repository):
    prepare(environment)
    process = start({**environment, "FEDROTA_REUSE_PORT": "true"}, repository)
    assert wait_until_ready(environment)["ready"]
    second = start({**environment, "FEDROTA_REUSE_PORT": "true"}, repository)
    time.sleep(1.5)
    assert second.poll() is None  # they share the port
    third = fails(environment, repository)
    assert "cannot be bound" in third
    for each in (process, second):
        each.send_signal(signal.SIGTERM)
        _, said = each.communicate(timeout=25)
        assert each.returncode == 0
        events = [json.loads(line)["event"] for line in said.splitlines()]
        assert events == ["gateway_listens", "gateway_drains", "gateway_stopped"]


def test_a_database_without_its_schema_is_refused(environment, repository):
    said = fails(environment, repository)
    assert "run `python -m scheduler.store.migrate`" in said
    assert "Traceback" not in said


def test_what_is_wrong_with_the_settings_is_said_in_sentences(environment, repository):
    assert "FEDROTA_BROKER_URL is empty" in fails({**environment, "FEDROTA_BROKER_URL": ""}, repository)
    assert "is not loopback" in fails(environment, repository, "--host", "0.0.0.0")
    assert "FEDROTA_PORT" in fails({**environment, "FEDROTA_PORT": "x"}, repository)
