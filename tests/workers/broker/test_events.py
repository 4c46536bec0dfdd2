import json
import threading

import kombu
import pytest

from scheduler.domain.messages import Report
from scheduler.queues.app import make_celery
from tests.workers.fakes import make_assignment, until
from workers.broker.events import CeleryEvents, encode_events, name_task


@pytest.fixture
def got(broker_url):
    """The events that a monitor hears."""
    app = make_celery("monitor", broker_url=broker_url, queue="none", profile="open")
    heard: list[dict] = []
    with app.connection_for_read() as connection:
        receiver = app.events.Receiver(connection, handlers={"*": heard.append})
        # One capture for all: between two of them nobody listens.
        listener = threading.Thread(target=receiver.capture, kwargs={"limit": None, "timeout": None, "wakeup": False})
        listener.start()
        yield heard
        receiver.should_stop = True
        listener.join()


def test_a_monitor_sees_every_party_task_as_a_task_of_its_own(broker_url, got):
    app = make_celery("test", broker_url=broker_url, queue="party.9999", profile="open")
    events = CeleryEvents(app, "party-9999@host")
    events.start()

    def seen(kind: str, uuid: str) -> dict | None:
        return next((event for event in got if (event["type"], event["uuid"]) == (kind, uuid)), None)

    probe = 0
    while not got:  # the listener may not be there yet
        probe += 1
        events.received(make_assignment(f"probe{probe}"))
        threading.Event().wait(0.1)
    for task, outcome in (("a", "success"), ("b", "failed"), ("c", "canceled"), ("d", "timeout")):
        assignment = make_assignment(task, seq=2, run={"component": "homo_lr"}, attempt=3)
        events.received(assignment)
        events.started(assignment)
        events.ended(
            assignment, Report(task=task, seq=2, outcome=outcome, kind="error", message="why", summary={"x": 1})
        )
    until(lambda: seen("task-failed", "d-2"))
    received = seen("task-received", "a-2")
    assert (received["name"], received["hostname"], received["retries"]) == ("homo_lr", "party-9999@host", 2)
    assert "step='step1'" in received["args"]
    assert "role='guest'" in received["args"]
    assert seen("task-started", "a-2")
    succeeded = seen("task-succeeded", "a-2")
    assert (succeeded["result"], succeeded["runtime"] >= 0) == ('{"x": 1}', True)
    assert seen("task-failed", "b-2")["exception"] == "error: why"
    assert seen("task-revoked", "c-2")["terminated"]
    events.stop()


def test_events_without_a_broker_cost_nothing_and_keep_the_newest(monkeypatch):
    app = make_celery("test", broker_url="redis://127.0.0.1:9/0", queue="party.9999", profile="open")
    events = CeleryEvents(app, "x")
    events.start()
    for number in range(30_000):
        events.started(make_assignment(f"t{number}"))
    assert len(events._waiting) <= 20_000
    assert events._waiting[-1][1]["uuid"] == "t29999-1"
    events.stop()


def test_each_kind_of_task_has_a_name():
    assert name_task(make_assignment(run={"component": "x"})) == "x"
    assert name_task(make_assignment(run={"image": "i", "command": ["y"]})) == "container:i"
    assert name_task(make_assignment(run={"command": ["python", "a.py"]})) == "command:python"
    assert name_task(make_assignment(run={})) == "command:?"


def test_events_are_encoded_whatever_is_in_them():
    for events in ([{"type": "task-failed", "exception": "no UTF-8: \udcff", "n": 1}], [{"n": 2**70}], [{"x": None}]):
        assert json.loads(encode_events(events)) == events


def test_events_of_an_outage_are_sent_after_it(monkeypatch):
    monkeypatch.setattr("workers.broker.events.FAILURE_PAUSE_S", 0.05)
    sent, tried, is_back = [], threading.Event(), threading.Event()

    def publish(_producer: object, group: object, *_args: object, **_options: object) -> None:
        if not is_back.is_set():
            tried.set()
            raise ConnectionResetError("the broker restarts")
        sent.extend(event["uuid"] for event in group if isinstance(group, list))

    monkeypatch.setattr(kombu.Producer, "publish", publish)
    events = CeleryEvents(make_celery("test", broker_url="memory://", queue="party.1", profile="open"), "x")
    events.start()
    events.started(make_assignment("a"))
    assert tried.wait(60)
    events.started(make_assignment("b"))
    is_back.set()
    until(lambda: len(sent) == 2)
    assert sent == ["a-1", "b-1"]
    events.stop()
