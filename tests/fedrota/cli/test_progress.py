"""Watching a job on a terminal and elsewhere."""

import io
import time
from datetime import UTC, datetime

import pytest
from rich.console import Console

from fedrota import errors
from fedrota.cli.progress import Curves, say_event, watch_job
from fedrota.model import Event


@pytest.fixture
def terminal():
    return Console(
        file=io.StringIO(), force_terminal=True, width=110, height=30, color_system=None, _environ={"TERM": "xterm"}
    )


def test_terminal_shows_the_job_until_it_has_ended(client, gateway, terminal):
    gateway.job |= {"state": "running"}
    gateway.job["steps"][0] |= {"state": "running"}
    gateway.job["steps"][0]["tasks"][0] |= {"state": "running", "progress": 0.25}

    def end():
        time.sleep(0.3)
        gateway.job["state"] = "success"

    gateway.after_stream = end
    assert watch_job(client, "j-1", console=terminal).state == "success"
    drawn = terminal.file.getvalue()
    assert "breast-lr  j-1  running" in drawn
    assert "loss 0.5  auc 0.987654" in drawn
    assert "breast-lr  j-1  success" in drawn


def test_terminal_and_a_refusal(client, gateway, terminal):
    gateway.job["state"] = "running"
    gateway.refuse("GET", "/jobs/j-1/events", 403, code="forbidden", message="not yours")
    with pytest.raises(errors.ForbiddenError):
        watch_job(client, "j-1", console=terminal)


def test_terminal_gives_up_in_time(client, gateway, terminal):
    gateway.job["state"] = "running"
    with pytest.raises(errors.WaitTimeoutError, match="it goes on"):
        watch_job(client, "j-1", timeout_s=0.01, console=terminal)


def test_terminal_waits_for_a_gateway_that_starts_again(client, gateway, terminal, monkeypatch):
    gateway.job["state"] = "running"
    real, away = client.job, [errors.NoGatewayError("no gateway")] * 2

    def ask(job):
        asked.append(job)
        if len(asked) > 1 and away:
            gateway.job["state"] = "running" if len(away) > 1 else "success"
            raise away.pop()
        return real(job)

    asked = []
    monkeypatch.setattr(client, "job", ask)
    gateway.after_stream = lambda: time.sleep(3)  # the stream of events has not given up
    assert watch_job(client, "j-1", console=terminal).state == "success"
    assert away == []


def test_terminal_gives_up_with_the_stream_of_events(client, gateway, terminal, monkeypatch):
    def fail(*_):
        raise errors.NoGatewayError("no gateway at all")

    gateway.job["state"] = "running"
    known = client.job("j-1")
    answers = iter([known])
    monkeypatch.setattr(client, "job", lambda _job: next(answers, None) or fail())
    monkeypatch.setattr(client, "events", lambda _job: fail())
    with pytest.raises(errors.NoGatewayError, match="at all"):
        watch_job(client, "j-1", console=terminal)


def test_elsewhere_each_event_is_a_line_without_the_dispatching_of_tasks(client, gateway):
    gateway.events.append(gateway.events[0] | {"id": 3, "level": "task", "event": "dispatched", "state": "dispatched"})
    console = Console(file=io.StringIO(), width=20)
    assert watch_job(client, "j-1", console=console).id == "j-1"
    lines = console.file.getvalue().splitlines()
    assert [line.split(" ", 1)[1] for line in lines] == ["step lr running", "step lr running"]


def test_event_in_words():
    at = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    event = Event(
        id=1, level="task", event="timed_out", state="timeout", step="lr[x]", role="guest", party="9", attempt=2,
        reason="took 9 s", at=at,
    )  # fmt: skip
    clock = at.astimezone().strftime("%H:%M:%S")
    assert say_event(event) == f"[dim]{clock}[/] task lr\\[x] guest 9 [red]timeout[/] (attempt 2): took 9 s"
    lost = Event(id=2, level="task", event="lost", state="lost_contact", step="lr", party="9")
    assert say_event(lost) == "[dim]--:--:--[/] task lr 9 [yellow]lost contact[/]"
    regained = Event(id=2, level="task", event="regained", state="running", step="lr", party="9")
    assert say_event(regained) == "[dim]--:--:--[/] task lr 9 regained, now [blue]running[/]"
    asked = Event(id=3, level="job", event="stop_requested", state="canceled", reason="late")
    assert say_event(asked) == "[dim]--:--:--[/] job stop requested: late"


def test_curves_read_only_what_is_new(client, gateway):
    points = gateway.answers["GET", "/jobs/j-1/metrics"][1]["items"]
    pages = {None: (points[:2], "c2"), "c2": (points[2:3], None)}

    def answer(request):
        items, cursor = pages[request.query.get("after")]
        return {"items": items, "next": cursor}

    gateway.on("GET", "/jobs/j-1/metrics", answer)
    curves = Curves(client, "j-1")
    assert [point.value for point in curves.read()["lr", "9999"]] == [0.5]
    pages["c2"] = (points[2:], None)
    assert [point.value for point in curves.read()["lr", "10000"]] == [0.55]
    assert [asked.query.get("after") for asked in gateway.asked] == [None, "c2", "c2"]
