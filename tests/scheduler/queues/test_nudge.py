"""Nudges: by pub/sub and by NOTIFY; a lost one is no error, a listener comes back by itself."""

import subprocess
import threading
import time

import psycopg
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from scheduler.queues import nudge as module
from scheduler.queues.names import CHANGES
from scheduler.queues.notices import Notice, parse_notice
from scheduler.queues.nudge import NudgeListener, Nudger, connect_alone
from scheduler.store.session import POSTGRES_LINE
from tests.conftest import serve_valkey
from tests.scheduler.centre import eventually


class Count:
    """Counts calls from any thread."""

    def __init__(self):
        self.calls = 0
        self._guard = threading.Lock()

    def __call__(self):
        with self._guard:
            self.calls += 1


@pytest.fixture(autouse=True)
def _in_haste(monkeypatch):
    monkeypatch.setattr(module, "RECONNECT_S", 0.05)
    monkeypatch.setattr(module, "LISTEN_S", 0.2)


@pytest.fixture(params=["broker", "postgres"])
def ways(request, broker_url):
    """The arguments of both ends."""
    dsn = request.getfixturevalue("postgres_url").replace("+psycopg", "") if request.param == "postgres" else ""
    return {"broker_url": broker_url, "postgres_dsn": dsn}


def make_nudger(ways):
    return Nudger(broker=redis.Redis.from_url(ways["broker_url"]), postgres_dsn=ways["postgres_dsn"])


def test_a_nudge_reaches_every_scheduler_within_moments(ways):
    heard = [Count(), Count()]
    nudger = make_nudger(ways)
    with NudgeListener(heard[0], **ways), NudgeListener(heard[1], **ways):
        eventually(lambda: all(count.calls for count in heard))
        before = [count.calls for count in heard]
        nudger.nudge()
        eventually(lambda: all(count.calls > old for count, old in zip(heard, before, strict=True)))
    nudger.close()


def test_the_first_look_needs_no_nudge(ways):
    """What was sent while nobody listened is lost, so a listener looks once as soon as it listens."""
    heard = Count()
    with NudgeListener(heard, **ways):
        eventually(lambda: heard.calls == 1)


def test_a_listener_ends_soon_and_is_silent_then(ways):
    heard = Count()
    with NudgeListener(heard, **ways):
        eventually(lambda: heard.calls)
    calls = heard.calls
    make_nudger(ways).nudge()
    time.sleep(0.3)
    assert heard.calls == calls


def test_a_closed_listener_whose_thread_is_late_passes_nothing_on(ways, monkeypatch):
    monkeypatch.setattr(module, "LISTEN_S", 1.0)
    heard, nudger = Count(), make_nudger(ways)
    with NudgeListener(heard, **ways) as listener:
        eventually(lambda: heard.calls == 1)
        listener._closed.set()  # its thread listens on for a moment
        nudger.nudge()
    nudger.close()
    assert heard.calls == 1


def test_a_nudge_that_nobody_can_hear_is_no_error(free_port, caplog):
    port = free_port()
    broker = redis.Redis(port=port, socket_connect_timeout=0.5, retry=Retry(NoBackoff(), 0))
    for dsn in ("", f"postgresql://x@127.0.0.1:{port}/x"):
        nudger = Nudger(broker=broker, postgres_dsn=dsn)
        nudger.nudge()
        nudger.tell_changes(["j"], "me")
        nudger.close()


def test_a_server_that_goes_without_a_word_is_noticed(postgres_url):
    with connect_alone(postgres_url.replace("+psycopg", "")) as connection:
        found = connection.info.get_parameters()
        assert {name: found.get(name) for name in POSTGRES_LINE} == {k: str(v) for k, v in POSTGRES_LINE.items()}
        assert connection.execute("SELECT 1").fetchall() == [(1,)]


def test_a_nudger_comes_back_after_its_connection_broke(postgres_url, broker_url):
    ways = {"broker_url": broker_url, "postgres_dsn": postgres_url.replace("+psycopg", "")}
    heard, nudger = Count(), make_nudger(ways)
    with NudgeListener(heard, **ways):
        eventually(lambda: heard.calls == 1)
        nudger.nudge()
        eventually(lambda: heard.calls == 2)
        with psycopg.connect(ways["postgres_dsn"], autocommit=True) as admin:
            admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                          "WHERE datname = current_database() AND pid <> pg_backend_pid()")  # fmt: skip
        nudger.nudge()  # lost: the connection is found broken
        eventually(lambda: heard.calls >= 3)  # the listener is back and looks once
        seen = heard.calls
        nudger.nudge()
        eventually(lambda: heard.calls > seen)
    nudger.close()


def test_a_listener_outlives_a_restart_of_the_broker(valkey_binary, tmp_path):
    heard = Count()
    with serve_valkey(valkey_binary, tmp_path) as url:
        listener = NudgeListener(heard, broker_url=url)
        listener.__enter__()
        eventually(lambda: heard.calls == 1)
    port = int(url.rpartition(":")[2].partition("/")[0])
    argv = [str(valkey_binary), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path)]
    again = subprocess.Popen(argv, stdout=subprocess.DEVNULL)
    try:
        eventually(lambda: heard.calls >= 2)
        nudger = Nudger(broker=redis.Redis.from_url(url))
        seen = heard.calls
        nudger.nudge()
        eventually(lambda: heard.calls > seen)
        nudger.close()
    finally:
        listener.__exit__(None, None, None)
        again.kill()
        again.wait()


def test_changes_are_told_to_the_other_gateways_with_the_sender(broker_url):
    with redis.Redis.from_url(broker_url) as broker:
        channel = broker.pubsub(ignore_subscribe_messages=True)
        channel.subscribe(CHANGES)
        eventually(lambda: broker.pubsub_numsub(CHANGES)[0][1])
        Nudger(broker=redis.Redis.from_url(broker_url)).tell_changes(["j1", "j2"], "me")
        message = eventually(lambda: channel.get_message(timeout=0.1))
        assert parse_notice(message["data"]) == Notice("me", ("j1", "j2"))
