"""What the worker has to tell the gateway next, and what it may claim; plain bookkeeping without I/O.

The runner's lock guards it.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from scheduler.domain.messages import Beat, BeatReply, Claim, Knock, Report, SyncRequest
from workers.attempt import POINTS_PER_BEAT, Attempt, Stop
from workers.spool import Key, Record

CALL_ITEMS: Final = 256
NEWS_S: Final = 0.2
"""A running attempt with news is heard of after so long at the latest, and no more often."""

GATHER_ITEM_S: Final = 0.002
GATHER_MOST_S: Final = 0.05
"""While attempts run, a call waits so long for each item that the one before carried: a crowd goes in few large calls,
what comes alone goes at once."""


class Agenda:
    """Knocks to be claimed, attempts under way, reports to be delivered."""

    def __init__(self, *, slots: int) -> None:
        self.slots = slots
        self.heartbeat_s = 5.0
        self.is_closing = False
        self.call_items = CALL_ITEMS
        self.running: dict[Key, Attempt] = {}
        self.unsaved: list[Record] = []
        """Reports that are not in the spool yet."""
        self._held: dict[str, int] = {}
        self._waiting: dict[str, int] = {}
        """Knocks by task: the latest number alone counts, and a task that waits for long is knocked again and again."""
        self._claiming: dict[Key, bool] = {}
        self._early_stops: dict[Key, Stop] = {}
        self._due: dict[Key, Record] = {}
        self._last_call = 0.0
        self._gather_until = 0.0

    def add_knocks(self, knocks: Iterable[Knock]) -> list[Key]:
        """Take knocks in; one about an attempt that is known already is dropped, an older one of a task gives way.

        Returns those that gave way and that nobody will ask for any more.
        """
        given_way: list[Key] = []
        for knock in knocks:
            key = (knock.task, knock.seq)
            if not (key in self._claiming or key in self.running or key in self._due):
                given_way += _keep_latest(self._held if knock.held else self._waiting, *key)
        return self._list_void(given_way)

    def add_due(self, records: Iterable[Record]) -> None:
        """These records are in the spool: deliver them."""
        self._due |= {record.key: record for record in records}
        self.unsaved = [record for record in self.unsaved if record.key not in self._due]

    def knows(self, key: Key) -> bool:
        """Whether the attempt runs here or has ended here with its report still to be answered."""
        return key in self.running or key in self._due or any(record.key == key for record in self.unsaved)

    def list_known(self) -> list[Key]:
        """All that is to be claimed, runs, or has ended here with its report still to be answered."""
        ended = (record.key for record in self.unsaved)
        return [*self._held.items(), *self._waiting.items(), *self._claiming, *self.running, *self._due, *ended]

    def find_running(self, task: str) -> Attempt | None:
        """The attempt of `task` that runs here, whatever its number."""
        return next((attempt for attempt in self.running.values() if attempt.key[0] == task), None)

    def is_claiming(self, key: Key) -> bool:
        """Whether the gateway is being asked for this attempt right now."""
        return key in self._claiming

    def stop_early(self, key: Key, stop: Stop) -> None:
        """If the gateway is being asked for this attempt right now, it is to end as soon as it begins."""
        if self.is_claiming(key):
            self._early_stops[key] = stop

    def take_early_stop(self, key: Key) -> Stop | None:
        """The stop that came while the attempt was claimed."""
        return self._early_stops.pop(key, None)

    @property
    def is_quiet(self) -> bool:
        """Whether nothing runs and nothing waits to be delivered."""
        return not (self.running or self.unsaved or self._due or self._claiming)

    def next_call(self, now: float, agent: str) -> SyncRequest | None:
        """Everything to be said now, or None where nothing is due. Its claims count as under way from here on."""
        if self.is_gathering(now):
            return None
        room = self.call_items
        claims = self._take_claims(room)
        reports, beats = self._take_due(room - len(claims))
        beats += self._make_beats(now, room - len(claims) - len(reports) - len(beats))
        if not (claims or reports or beats) and now < self._last_call + self.heartbeat_s:
            return None
        self._last_call = now
        self._gather_until = now + min(GATHER_MOST_S, GATHER_ITEM_S * (len(claims) + len(reports)))
        return SyncRequest(agent=agent, claims=claims, reports=tuple(reports), beats=tuple(beats))

    def is_gathering(self, now: float) -> bool:
        """Whether what is due should wait for what the attempts under way may add in the next moment."""
        return bool(self.running) and not self._held and now < self._gather_until

    def wait_s(self, now: float) -> float:
        """How long nothing will be due if nothing happens."""
        times = [self._last_call + self.heartbeat_s]
        if self.unsaved or self._due or (self._waiting and self._free > 0 and not self.is_closing):
            times.append(self._gather_until)
        times += [self._beat_time(attempt) for attempt in self.running.values()]
        return max(0.0, min(times) - now)

    @property
    def _free(self) -> int:
        """Slots that nothing runs in or is claimed for; less than none where held knocks or wide tasks went beyond.

        How wide a task is, its claim's answer tells: until then it counts as one.
        """
        taken = sum(attempt.assignment.slots for attempt in self.running.values())
        return self.slots - taken - len(self._claiming)

    def _take_claims(self, room: int) -> tuple[Claim, ...]:
        """Held knocks always, since the centre keeps a slot for them; others for free slots."""
        if self.is_closing:
            return ()
        held = list(self._held.items())[:room]
        others = list(self._waiting.items())[: max(0, min(self._free - len(held), room - len(held)))]
        for key in held:
            del self._held[key[0]]
            self._claiming[key] = True
        for key in others:
            del self._waiting[key[0]]
            self._claiming[key] = False
        return tuple(Claim(*key) for key in (*held, *others))

    def _take_due(self, room: int) -> tuple[list[Report], list[Beat]]:
        """Reports, and the beats with the points that must be stored before them.

        A report may go with the last of its points: the gateway takes beats first, in one transaction.
        """
        reports: list[Report] = []
        beats: list[Beat] = []
        for record in self._due.values():
            if record.batch and room > 0:
                beats.append(_last_beat(record))
                room -= 1
            if len(record.metrics) <= _batch_size(record) and room > 0:
                reports.append(record.report)
                room -= 1
            if room <= 0:
                break
        return reports, beats

    def _make_beats(self, now: float, room: int) -> list[Beat]:
        beats: list[Beat] = []
        for attempt in self.running.values():
            if len(beats) < room and self._beat_time(attempt) <= now:
                beats.append(attempt.make_beat(now))
        return beats

    def _beat_time(self, attempt: Attempt) -> float:
        return attempt.last_beat + (min(NEWS_S, self.heartbeat_s) if attempt.has_news else self.heartbeat_s)

    def claimed(self, key: Key) -> None:
        """The gateway has answered this claim."""
        self._claiming.pop(key, None)

    def put_back(self) -> list[Key]:
        """The call failed: its claims wait again, before all others; which of them have given way to later numbers."""
        claims, self._claiming = self._claiming, {}
        self._held = _put_first({task: seq for (task, seq), held in claims.items() if held}, self._held)
        self._waiting = _put_first({task: seq for (task, seq), held in claims.items() if not held}, self._waiting)
        return self._list_void(claims)

    def _list_void(self, keys: Iterable[Key]) -> list[Key]:
        """Which of these attempts neither wait here nor are asked for, run or have a report to deliver."""
        void = [key for key in keys if not (self._is_waiting(key) or key in self._claiming or self.knows(key))]
        for key in void:
            self._early_stops.pop(key, None)
        return void

    def _is_waiting(self, key: Key) -> bool:
        task, seq = key
        return seq in (self._held.get(task), self._waiting.get(task))

    def forget_knock(self, key: Key) -> None:
        """Do not ask for this one again."""
        self._early_stops.pop(key, None)
        task, seq = key
        for waiting in (self._held, self._waiting):
            if waiting.get(task) == seq:
                del waiting[task]

    def drop_knocks(self) -> list[Key]:
        """Forget all knocks; which they were."""
        dropped = [*self._held.items(), *self._waiting.items()]
        self._held, self._waiting = {}, {}
        return self._list_void(dropped)

    def find_due(self, key: Key) -> Record | None:
        """The record that waits for an answer."""
        return self._due.get(key)

    def delivered(self, key: Key) -> None:
        """The gateway has answered this report."""
        self._due.pop(key, None)

    def confirm_last_words(self, reply: BeatReply) -> None:
        """A part of an ended attempt's points is stored, or nobody wants them: go on with the rest, then the report."""
        record = self._due.get((reply.task, reply.seq))
        if record is None or not record.batch:
            return
        if reply.verdict == "fenced":
            self._due[record.key] = replace(record, batch=0, sent=0, metrics=())
        elif reply.batch >= record.batch:
            rest = record.metrics[_batch_size(record) :]
            self._due[record.key] = replace(record, batch=record.batch + 1 if rest else 0, sent=0, metrics=rest)


def _keep_latest(waiting: dict[str, int], task: str, seq: int) -> list[Key]:
    """Let the task wait under its latest number; which one gave way, if any."""
    before = waiting.setdefault(task, seq)
    waiting[task] = max(seq, before)
    return [(task, min(seq, before))] if seq != before else []


def _put_first(claims: dict[str, int], waiting: dict[str, int]) -> dict[str, int]:
    """Both, each task under its latest number: the gateway may have granted a claim while an old knock came again."""
    return {**claims, **{task: max(seq, claims.get(task, 0)) for task, seq in waiting.items()}}


def _batch_size(record: Record) -> int:
    """How many points the next batch has: one that was sent before has the same as then."""
    return record.sent or POINTS_PER_BEAT


def _last_beat(record: Record) -> Beat:
    report = record.report
    return Beat(
        task=report.task,
        seq=report.seq,
        log_size=report.log_size,
        batch=record.batch,
        metrics=record.metrics[: _batch_size(record)],
    )
