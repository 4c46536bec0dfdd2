"""The gate before Celery, with a real Celery worker on a real Valkey."""

import base64
import json
import signal
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis

from scheduler.domain.messages import HELLO_PATH
from tests.workers.fakes import make_assignment, until
from tests.workers.workshop import COMPONENTS
from workers.broker.transport import CANNOT_CLAIM

GOOD_BODY = [[[["t", 1]]], {}, {"callbacks": None, "errbacks": None, "chain": None, "chord": None}]


def make_message(body: object = None, raw_body: str | None = None, **changes) -> bytes:
    """A message as Celery writes it, changed in the place that a test is about."""
    text = (
        raw_body
        if raw_body is not None
        else base64.b64encode(json.dumps(GOOD_BODY if body is None else body).encode()).decode()
    )
    headers = {
        "lang": "py",
        "task": "workers.knock",
        "id": "i",
        "root_id": "i",
        "retries": 0,
        "timelimit": [None, None],
        "eta": None,
    }
    message = {
        "body": text,
        "content-encoding": "utf-8",
        "content-type": "application/json",
        "headers": {**headers, **changes.pop("headers", {})},
        "properties": {
            "correlation_id": "i", "delivery_mode": 2, "delivery_info": {"exchange": "", "routing_key": "party.9999"},
            "priority": 0, "body_encoding": "base64", "delivery_tag": "d", **changes.pop("properties", {}),
        },
        **changes,
    }  # fmt: skip
    return json.dumps(message).encode()


POISON = {
    "not JSON": b"hello",
    "empty": b"",
    "a number": b"5",
    "a list": b"[1, 2]",
    "bad base64": make_message(raw_body="!!!"),
    "a body of another shape": make_message(body={"x": 1}),
    "nested deeply": b"[" * 100_000,
    "unknown body encoding": make_message(properties={"body_encoding": "zip"}),
    "text as time limit": make_message(headers={"timelimit": ["soon", "later"]}),
    "inflated": make_message(body=[[[["t", 1]] * 200_000], {}, {}]),
    "no headers": json.dumps({"body": "", "properties": {}}).encode(),
    "another task": make_message(headers={"task": "os.system"}),
    "compressed": make_message(headers={"compression": "application/x-gzip"}, raw_body="H4sIAAAA"),
    "pickle": make_message(**{"content-type": "application/x-python-serialize"}, raw_body="gASVKAAAAA=="),
    "eta": make_message(headers={"eta": "yesterday"}),
    "no delivery info": make_message(properties={"delivery_info": None, "delivery_tag": None}),
    "invalid UTF-8": b'{"body": "\xff\xfe"}',
    "null": b"null",
}


@pytest.mark.parametrize(
    ("command", "profile"),
    [
        (("workers",), "open"),
        (("celery", "-A", "workers.celery", "worker", "-Q", "party.9999", "--pool", "solo"), "sealed"),
    ],
)
def test_no_message_ends_the_worker_or_comes_twice(gateway, start_worker, knock, own_valkey, command, profile):
    worker = start_worker(*command, PROFILE=profile)
    with redis.Redis.from_url(own_valkey) as client:
        for number, poison in enumerate(POISON.values()):
            client.lpush("party.9999", poison)
            gateway.dispatch(make_assignment(f"t{number}"))
            knock([f"t{number}", 1], ["unknown", 7, 1])
            assert gateway.report_of(f"t{number}")["outcome"] == "success"
        knock("nonsense")
        assert worker.poll() is None
        until(lambda: client.llen("party.9999") == 0)
        assert client.keys("unacked*") == []
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(60) == 0


def test_a_knock_that_comes_while_the_worker_ends_is_dropped(
    gateway, start_worker, knock, own_valkey, tmp_path, monkeypatch, capfd
):
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    worker = start_worker("workers", STOP_GRACE_S="3", COMPONENTS=json.dumps([COMPONENTS]))
    gateway.dispatch(make_assignment("t", run={"component": "sleeping"}))
    knock(["t", 1])
    until(lambda: gateway.tasks["t"].beats)
    with redis.Redis.from_url(own_valkey) as client:
        until(lambda: any(int(found["psub"]) for found in client.client_list()))
        worker.send_signal(signal.SIGTERM)
        # It consumes no more once its remote control has ended, but what it asked for last may still come.
        until(lambda: not any(int(found["psub"]) for found in client.client_list()))
    while worker.poll() is None:
        knock(["late", 1])
        time.sleep(0.05)
    assert worker.returncode == 0
    said = "".join(capfd.readouterr())
    assert "worker_stopped" in said
    assert not [line for line in said.lower().splitlines() if "restor" in line or "requeuing" in line]
    assert not list(folder.iterdir())


def test_knocks_stay_in_the_queue_while_the_worker_cannot_claim(gateway, start_worker, knock, own_valkey):
    """Another host of the party may take them: each that came to one with a wrong token was late by a dispatch lease."""
    gateway.status = {HELLO_PATH: 401}
    with redis.Redis.from_url(own_valkey) as client, ThreadPoolExecutor(1) as pool:
        started = pool.submit(start_worker, "workers")
        until(lambda: any(int(found["psub"]) for found in client.client_list()))  # it would consume by now
        knock_and_see_it_left("t1", gateway, knock, client)
        gateway.status = {}
        started.result()
        assert gateway.report_of("t1")["outcome"] == "success"
        tries = []
        gateway.judge = lambda call: tries.append(call) or 503
        until(lambda: len(tries) > CANNOT_CLAIM)
        time.sleep(1.5)  # longer than the BRPOP lasts that was sent before
        knock_and_see_it_left("t2", gateway, knock, client)
        gateway.judge = lambda call: 200
        assert gateway.report_of("t2")["outcome"] == "success"


def knock_and_see_it_left(name, gateway, knock, client):
    gateway.dispatch(make_assignment(name))
    knock([name, 1])
    time.sleep(1.5)
    assert client.llen("party.9999") == 1
