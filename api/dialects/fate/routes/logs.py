"""FATE's `log/*`: the lines of a job's logs; what the tasks wrote is read at their parties."""

from collections.abc import AsyncIterator, Mapping, Sequence
from enum import Enum, auto
from typing import Any, Final

from aiohttp import web

from api.dialects.fate.errors import FateError, RetCode
from api.dialects.fate.requests.members import Members, need, read_all, read_text
from api.dialects.fate.requests.whole import parse_whole
from api.dialects.fate.responses.envelope import render_success
from api.dialects.fate.routes.answer import Routes
from api.dialects.fate.routes.job_access import FateDetail, check_fate_job
from api.keys import READER
from api.native.tasks import MAX_LOG_BYTES, UNSTARTED
from api.party_calls import ask_party
from scheduler.domain.access import Action
from scheduler.domain.model import Task
from scheduler.domain.states import State
from scheduler.store.queries.tracking import EventView, list_events

MAX_EVENTS: Final = 10_000
_BAD: Final = frozenset({State.FAILED, State.TIMEOUT, State.CANCELED})


class Source(Enum):
    """What the lines of a log are made of."""

    EVENTS = auto()
    SETBACKS = auto()
    """The events that end something badly."""
    FAILURES = auto()
    OUTPUT = auto()
    """What the tasks wrote."""
    NOTHING = auto()


LOGS: Final[Mapping[str, Source]] = {
    "jobSchedule": Source.EVENTS,
    "jobScheduleError": Source.SETBACKS,
    "partyError": Source.FAILURES,
    "partyWarning": Source.NOTHING,
    "partyInfo": Source.OUTPUT,
    "partyDebug": Source.OUTPUT,
    "componentInfo": Source.OUTPUT,
}
_OF_JOB: Final = frozenset({Source.EVENTS, Source.SETBACKS})


async def size(request: web.Request) -> web.Response:
    """`log/size`: how many lines a log has."""
    return render_success({"size": len(await read_lines(request, await read_all(request)))})


async def cat(request: web.Request) -> web.Response:
    """`log/cat`: the lines of a log from `begin` to `end`, counted from 1."""
    members = await read_all(request)
    begin, end = read_places(members)
    return render_success(number_lines(await read_lines(request, members), begin, end))


def read_places(members: Members) -> tuple[int, int | None]:
    """The first line that is asked for, and the last where one is named."""
    return _read_place(members, "begin", 1) or 1, _read_place(members, "end", None)


def number_lines(lines: Sequence[str], begin: int, end: int | None) -> list[dict[str, Any]]:
    """Those from `begin` to `end`."""
    return [{"line_num": number, "content": line} for number, line in enumerate(lines[begin - 1 : end], start=begin)]


def _read_place(members: Members, name: str, default: int | None) -> int | None:
    text = read_text(members, name)
    if not text:
        return default
    number = parse_whole(text)
    if number is None or number < 1:
        raise FateError(RetCode.ARGUMENT, f"{name} must be the number of a line, counted from 1")
    return number


async def read_lines(request: web.Request, members: Members) -> list[str]:
    """The lines of the log that `log_type`, `job_id`, `role`, `party_id` and `component_name` name."""
    kind, _ = need(members, "log_type", "job_id")
    if kind not in LOGS:
        raise FateError(RetCode.ARGUMENT, f"there is no log type {kind!r}: ask for {', '.join(LOGS)}")
    component = need(members, "role", "party_id", "component_name")[-1] if kind == "componentInfo" else ""
    return await read_source(request, members, LOGS[kind], component)


async def read_source(request: web.Request, members: Members, source: Source, component: str) -> list[str]:
    """The lines of the job `job_id`, or of `role` and `party_id` in it; of all components where none is named."""
    (job,) = need(members, "job_id")
    found = await check_fate_job(request, job, Action.READ_JOB)
    if source in _OF_JOB:
        events = await request.app[READER].read(lambda tx: list_events(tx, job, after=0, limit=MAX_EVENTS))
        return [_render_event(event) for event in events if source is Source.EVENTS or event.state in _BAD]
    tasks = _choose_tasks(found, members, component)
    if source is Source.FAILURES:
        return [f"{task.step}: {task.failure.message}" for task in tasks if task.failure is not None]
    if source is Source.OUTPUT:
        return [line for task in tasks async for line in _read_log(request, task)]
    return []


def _choose_tasks(found: FateDetail, members: Members, component: str) -> list[Task]:
    role, party = need(members, "role", "party_id")
    return [
        task for task in found.detail.tasks if (task.role, task.party) == (role, party) and component in {"", task.step}
    ]


def _render_event(event: EventView) -> str:
    where: list[Any] = [event.step, event.role, event.party]
    words = [f"{event.at:%Y-%m-%d %H:%M:%S}", event.level, *(str(each) for each in where if each), event.event]
    return " ".join([*words, f"-> {event.state}", event.reason]).strip()


async def _read_log(request: web.Request, task: Task) -> AsyncIterator[str]:
    if task.state in UNSTARTED or not task.seq:
        return
    args = {"task": task.id, "seq": task.seq, "offset": 0, "limit": MAX_LOG_BYTES}
    _, body = await ask_party(request, task.party, "log.read", args)
    for line in body.decode(errors="replace").splitlines():
        yield line


ROUTES: Final[Routes] = {
    "/log/size": {"POST": size},
    "/log/cat": {"POST": cat},
}
