"""Watching a job: a live picture on a terminal, one line per event elsewhere."""

import threading
import time
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from rich.console import Console, RenderableType
from rich.live import Live
from rich.markup import escape

from fedrota.cli.job_view import Latest, draw_job
from fedrota.cli.show import make_console
from fedrota.cli.words import say_state
from fedrota.client import Client
from fedrota.errors import FedrotaError, NoGatewayError, WaitTimeoutError
from fedrota.model import Event, Job, Metric

BUSY_S: Final = 0.5
IDLE_S: Final = 2.0
"""How often the job is read again where no event says so: progress and figures make no events."""
CALM_S: Final = 0.1
"""Events that come thicker than this are drawn together."""
_QUIET: Final = frozenset({"readied", "dispatched", "redispatched"})
_TOLD: Final = frozenset(
    {"submitted", "readied", "dispatched", "claimed", "succeeded", "failed", "canceled", "timed_out", "lost"}
)
"""Events that say nothing beyond the state they lead to."""


def watch_job(client: Client, job: str, *, timeout_s: float | None = None, console: Console | None = None) -> Job:
    """Show a job until it has ended, and return it as it stands then.

    Args:
        client: the connection; it is used by a second thread as well.
        job: the job's id.
        timeout_s: WaitTimeoutError after so many seconds.
        console: where to draw; default: standard output. Without a terminal each event is a line.
    """
    chosen = console or make_console()
    if chosen.is_terminal and not chosen.is_dumb_terminal:
        return _draw_live(client, job, timeout_s, chosen)
    return _print_events(client, job, timeout_s, chosen)


def _print_events(client: Client, job: str, timeout_s: float | None, console: Console) -> Job:
    for event in client.events(job, timeout_s=timeout_s):
        if event.event not in _QUIET:
            console.print(say_event(event), soft_wrap=True)
    return client.wait(job, timeout_s=timeout_s)


def say_event(event: Event) -> str:
    """An event as a line of rich markup."""
    at = event.at.astimezone().strftime("%H:%M:%S") if event.at else "--:--:--"
    who = " ".join(escape(part) for part in (event.step, event.role, event.party) if part)
    tries = f" (attempt {event.attempt})" if (event.attempt or 0) > 1 else ""
    reason = f": {escape(event.reason)}" if event.reason else ""
    name = f"{event.level} {who}".rstrip()
    return f"[dim]{at}[/] {name} {_say_move(event)}{tries}{reason}"


def _say_move(event: Event) -> str:
    if event.event in _TOLD:
        return say_state(event.state)
    word = event.event.replace("_", " ")
    # A request to stop carries the state that it asks for; nothing has moved yet.
    return word if event.event == "stop_requested" else f"{word}, now {say_state(event.state)}"


class _Listener(threading.Thread):
    """Takes a job's events in and says that something changed."""

    def __init__(self, client: Client, job: str) -> None:
        super().__init__(name="fedrota-events", daemon=True)
        self._client = client
        self._job = job
        self.changed = threading.Event()
        self.error: FedrotaError | None = None
        self.left = False

    def run(self) -> None:
        try:
            for _ in self._client.events(self._job):
                self.changed.set()
                if self.left:
                    break
        except FedrotaError as error:
            self.error = error
        self.changed.set()

    def check(self) -> None:
        """Raise what ended the stream, in the thread that draws."""
        if self.error:
            raise self.error


class Curves:
    """The last point of each of a job's curves; what was read already is not read again."""

    def __init__(self, client: Client, job: str) -> None:
        self._client = client
        self._job = job
        self._cursor: str | None = None
        self._last: dict[tuple[str, str, str], Metric] = {}

    def read(self) -> Latest:
        """The last points by step and party."""
        page = self._client.metrics(self._job, limit=1000, after=self._cursor)
        while True:
            self._last.update(((each.step, each.party, each.name), each) for each in page.items)
            if page.next is None:
                break
            self._cursor = page.next
            page = page.load(page.next)
        found: dict[tuple[str, str], list[Metric]] = defaultdict(list)
        for (step, party, _), metric in self._last.items():
            found[step, party].append(metric)
        return found


def _draw_live(client: Client, job_id: str, timeout_s: float | None, console: Console) -> Job:
    deadline = None if timeout_s is None else time.monotonic() + timeout_s
    curves = Curves(client, job_id)
    listener = _Listener(client, job_id)
    job, latest = client.job(job_id), curves.read()
    listener.start()
    try:
        with Live(console=console, auto_refresh=False, vertical_overflow="crop") as live:
            while True:
                live.update(_draw(job, latest, console), refresh=True)
                if job.is_over:
                    return job
                _pause(listener, job, deadline)
                job, latest = _look(listener, lambda: (client.job(job_id), curves.read()), (job, latest))
    finally:
        listener.left = True


def _look(listener: _Listener, ask: Callable[[], tuple[Job, Latest]], known: tuple[Job, Latest]) -> tuple[Job, Latest]:
    """What there is to see now; what was seen before while the listener hopes that a gateway that is away comes back."""
    try:
        return ask()
    except NoGatewayError:
        if not listener.is_alive():
            raise
        return known


def _draw(job: Job, latest: Latest, console: Console) -> RenderableType:
    return draw_job(job, latest, now=datetime.now(UTC), height=console.size.height, width=console.width)


def _pause(listener: _Listener, job: Job, deadline: float | None) -> None:
    """Until something changed, or it is time to look for progress."""
    if deadline is not None and time.monotonic() >= deadline:
        raise WaitTimeoutError(f"job {job.id} has not ended in time; it goes on")
    busy = any(step.state == "running" for step in job.steps)
    listener.changed.wait(BUSY_S if busy else IDLE_S)
    listener.check()
    time.sleep(CALM_S)
    listener.changed.clear()
