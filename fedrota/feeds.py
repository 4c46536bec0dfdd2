"""Streams that survive a broken connection: what was taken so far, where to go on, when to give up; no I/O."""

import codecs
import json
import time
from collections.abc import Callable, Iterator
from typing import Final, NoReturn

import httpx

from fedrota.connection import Connection
from fedrota.errors import BrokenReplyError, NoGatewayError, UnreachableError, WaitTimeoutError
from fedrota.model import Event, LogChunk
from fedrota.requests.call import Call, make_path, make_query
from fedrota.responses import parse_log, parse_nothing, parse_record

PAUSES_S: Final = (0.1, 0.2, 0.5, 1.0, 2.0, 4.0, 8.0, 8.0)
"""Waits between tries; a gateway that restarts is back well before their sum."""
SILENCE_S: Final = 30.0
"""A stream that says nothing for so long is opened anew: the connection may be dead."""
Broken = httpx.TransportError | NoGatewayError | UnreachableError
"""What may pass: a broken connection, and a party that has yet to come back after its gateway."""
PAGE_BYTES: Final = 1 << 20


class Stamina:
    """Counts failed tries of a stream; any progress forgets them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._failures = 0

    def progressed(self) -> None:
        """Something came."""
        self._failures = 0

    def pause_after(self, error: Broken | None) -> float:
        """Seconds to wait before the next try, None as `error` for a stream that ended too early."""
        if isinstance(error, httpx.ReadTimeout):
            return 0.0
        if self._failures >= len(PAUSES_S):
            self._give_up(error)
        self._failures += 1
        return PAUSES_S[self._failures - 1]

    def _give_up(self, error: Broken | None) -> NoReturn:
        if error is None:
            raise NoGatewayError(f"the gateway at {self._connection.url} ends the stream again and again")
        if isinstance(error, httpx.TransportError):
            raise self._connection.explain(error) from error
        raise error


class EventFeed:
    """A job's server-sent events, taken in as bytes."""

    def __init__(
        self,
        job: str,
        connection: Connection,
        *,
        after: int | None = None,
        timeout_s: float | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.job = job
        self.last_id = after
        self.ended = False
        self._stamina = Stamina(connection)
        self._clock = clock
        self._timeout_s = timeout_s
        self._deadline = None if timeout_s is None else clock() + timeout_s
        self._silence_s = SILENCE_S
        self._name = ""
        self._lines: list[str] = []
        self._rest = b""

    def call(self) -> Call[None]:
        """The request that goes on after the last event taken."""
        self._name, self._lines, self._rest = "", [], b""
        headers = {"Accept": "text/event-stream"}
        if self.last_id is not None:
            headers["Last-Event-ID"] = str(self.last_id)
        path = make_path("jobs", self.job, "events")
        return Call(method="GET", path=path, parse=parse_nothing, headers=headers)

    def silence_s(self) -> float:
        """How long the next connection may say nothing, in seconds."""
        self._silence_s = min(SILENCE_S, max(self._check_deadline(), 0.05))
        return self._silence_s

    def has_enough(self) -> bool:
        """Whether to leave this connection: the job has ended, or its silence would outlast the caller's patience."""
        return self.ended or self._silence_s - self._check_deadline() > 1.0

    def _check_deadline(self) -> float:
        if self._deadline is None:
            return float("inf")
        left = self._deadline - self._clock()
        if left <= 0:
            raise WaitTimeoutError(f"job {self.job} has not ended within {self._timeout_s:g} s; it goes on")
        return left

    def pause_after(self, error: httpx.TransportError | None = None) -> float:
        """Seconds to wait before the next connection, if there is to be one."""
        if error is None and self.has_enough():
            return 0.0
        left = self._check_deadline()
        return min(left, self._stamina.pause_after(error))

    def take(self, block: bytes) -> Iterator[Event]:
        """Take bytes in; yields the events that they complete."""
        *lines, self._rest = (self._rest + block).split(b"\n")
        for line in lines:
            event = self._take_line(line.removesuffix(b"\r").decode("utf-8", "replace"))
            if event:
                yield event

    def _take_line(self, line: str) -> Event | None:
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if not line:
            return self._dispatch()
        if field == "event":
            self._name = value
        elif field == "data":
            self._lines.append(value)
        return None

    def _dispatch(self) -> Event | None:
        name, text = self._name, "\n".join(self._lines)
        self._name, self._lines = "", []
        if name == "end":
            self.ended = True
            return None
        if not text:
            return None
        event = _parse_event(text)
        self.last_id = event.id
        self._stamina.progressed()
        return event

    def reopen(self) -> float:
        """Go on after an end that was none, because the job was run again; seconds to wait first."""
        self.ended = False
        return min(self._check_deadline(), self._stamina.pause_after(None))


def _parse_event(text: str) -> Event:
    try:
        return parse_record(Event, json.loads(text))
    except ValueError as error:
        raise BrokenReplyError(f"the gateway sent an event that is no JSON: {text[:60]!r}") from error


class LogFeed:
    """A task's log from some place on, as text."""

    def __init__(self, task: str, connection: Connection, *, offset: int, follow: bool) -> None:
        self.task = task
        self.offset = offset
        self._follow = follow
        self.ended = False
        self._stamina = Stamina(connection)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def page_call(self) -> Call[LogChunk]:
        """The request for the next stretch of what is there."""
        query = make_query(offset=self.offset, limit=PAGE_BYTES)
        path = make_path("tasks", self.task, "logs")
        return Call(method="GET", path=path, query=query, parse=parse_log, repeatable=True)

    def stream_call(self) -> Call[None]:
        """The request that stays open until the task ends."""
        query = make_query(offset=self.offset, follow=True)
        return Call(method="GET", path=make_path("tasks", self.task, "logs"), query=query, parse=parse_nothing)

    def take(self, block: bytes) -> str:
        """Text of the next bytes; a character that is cut in two waits for its rest."""
        self.offset += len(block)
        self._stamina.progressed()
        return self._decoder.decode(block)

    def take_page(self, chunk: LogChunk) -> str:
        """Text of a stretch; `ended` is set once all that is there has been read."""
        self.offset = chunk.end
        self.ended = not chunk.content or chunk.end >= chunk.size
        return self._decoder.decode(chunk.content, final=self.ended and not self._follow)

    def pause_after(self, error: Broken | None) -> float:
        """Seconds to wait before the log is asked for again."""
        return self._stamina.pause_after(error)
