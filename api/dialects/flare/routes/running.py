"""Commands to a job while it runs: statistics, errors, commands of its app; and its logs at any time."""

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from api.agent.channel import CHANNEL_HUB
from api.dialects.flare.command import Call, Command, Reply
from api.dialects.flare.errors import FlareError, MetaStatus
from api.dialects.flare.requests.job_folder import SERVER
from api.dialects.flare.responses import make_dict, make_success
from api.dialects.flare.routes.jobs import check_job
from api.dialects.flare.vocabulary.targets import ALL, CLIENT, TYPES
from api.keys import READER
from api.native.party_calls import parse_answer
from scheduler.domain.access import Action
from scheduler.domain.errors import ConflictError, TooLargeError, UnreachableError
from scheduler.domain.model import Task
from scheduler.domain.states import HELD
from scheduler.store.queries.jobs import get_job_detail

MAX_LOG_BYTES: Final = 4 << 20
MAX_COMMAND: Final = 32 << 10
LOG_FILE: Final = "log.txt"
PROPS: Final = "cmd_props"
"""Where all clients carry a command's data."""
NO_ERROR: Final = "No Error"
_REFUSALS: Final = MappingProxyType(
    {
        "JobNotFound": MetaStatus.JOB_NOT_RUNNING,
        "JobNotRunning": MetaStatus.JOB_NOT_RUNNING,
        "NoReply": MetaStatus.NO_REPLY,
    }
)
_TOPIC: Final = re.compile(r"[^\s\0]{1,200}")


async def show_stats(call: Call) -> Reply:
    """Show the statistics of a running job's components."""
    return make_dict(await _ask_targets(call, "show_stats", "stats"))


async def show_errors(call: Call) -> Reply:
    """Show the errors of a running job's components."""
    found = await _ask_targets(call, "show_errors", "errors")
    return make_dict({name: value or (NO_ERROR if name == SERVER else {}) for name, value in found.items()})


async def reset_errors(call: Call) -> Reply:
    """Forget the errors of a running job's components."""
    await _ask_targets(call, "reset_errors", "reset_errors")
    return make_success("errors are reset")


async def app_command(call: Call) -> Reply:
    """Have a running job's app carry out a command of its own."""
    if len(call.words) != 2 or not _TOPIC.fullmatch(call.words[1]):
        raise FlareError(MetaStatus.SYNTAX_ERROR, "usage: app_command job_id topic")
    job, topic = call.words
    await check_job(call, job, Action.CONTROL_JOB)
    data = call.props.get(PROPS)
    if len(str(data)) > MAX_COMMAND:
        raise FlareError(MetaStatus.ERROR, f"the command's data are longer than {MAX_COMMAND} characters")
    server = _find_server(await _list_tasks(call, job), job)
    return make_dict(await _ask(call, server, {"op": "app_command", "topic": topic, "data": data}))


async def _ask_targets(call: Call, command: str, op: str) -> dict[str, Any]:
    """What the job's server knows of the targets that the words name."""
    if len(call.words) < 2 or call.words[1] not in TYPES:
        raise FlareError(MetaStatus.SYNTAX_ERROR, f"usage: {command} job_id all|server|client [client_name ...]")
    job, kind, *names = call.words
    await check_job(call, job, Action.READ_JOB)
    tasks = await _list_tasks(call, job)
    server = _find_server(tasks, job)
    unknown = [name for name in names if name not in {task.party for task in tasks if task.role != SERVER}]
    if unknown:
        raise FlareError(MetaStatus.INVALID_TARGET, f"invalid client(s): {' '.join(unknown)}")
    found = await _ask(call, server, {"op": op})
    return {name: value for name, value in found.items() if _is_meant(name, kind, names)}


def _is_meant(name: str, kind: str, names: Sequence[str]) -> bool:
    if kind == ALL:
        return True
    return name == SERVER if kind == SERVER else name != SERVER and (not names or name in names)


async def _list_tasks(call: Call, job: str) -> list[Task]:
    detail = await call.app[READER].read(lambda tx: get_job_detail(tx, job))
    return [task for step in detail.steps for task in step.tasks]


def _find_server(tasks: Sequence[Task], job: str) -> Task:
    """The job's server while it runs."""
    found = next((task for task in tasks if task.role == SERVER and task.state in HELD), None)
    if found is None:
        raise FlareError(MetaStatus.JOB_NOT_RUNNING, f"job {job} is not running")
    return found


async def _ask(call: Call, server: Task, question: Mapping[str, Any]) -> dict[str, Any]:
    """The answer of FLARE's own server; FlareError in its words where that is a refusal."""
    args = {"task": server.id, "seq": server.seq, "question": question}
    body = bytearray()
    try:
        async with call.app[CHANNEL_HUB].call_stream(server.party, "task.ask", args) as stream:
            async for chunk in stream.chunks:
                body += chunk
    except ConflictError as wrong:
        raise FlareError(MetaStatus.JOB_NOT_RUNNING, f"job {server.job_id} is not running: {wrong}") from wrong
    answer = parse_answer(server.party, bytes(body))
    if "error" in answer:
        status = _REFUSALS.get(str(answer.get("kind")), MetaStatus.ERROR)
        raise FlareError(status, str(answer["error"]).removeprefix("error: "))
    value = answer.get("value")
    return value if isinstance(value, dict) else {}


async def get_job_log(call: Call) -> Reply:
    """Show the end of a job's logs at the server, at a site or at all of them."""
    if not 2 <= len(call.words) <= 3 or call.words[2:] not in ([], [LOG_FILE]):
        raise FlareError(MetaStatus.SYNTAX_ERROR, f"usage: get_job_log job_id server|all|site [{LOG_FILE}]")
    job, target = call.words[0], call.words[1]
    await check_job(call, job, Action.READ_JOB)
    tasks = {name_site(task): task for task in await _list_tasks(call, job)}
    wanted = tasks if target in {ALL, CLIENT} else {name: task for name, task in tasks.items() if name == target}
    if not wanted:
        raise FlareError(MetaStatus.INVALID_TARGET, f"invalid target: {target}")
    logs, unavailable = dict[str, str](), dict[str, str]()
    for name, task in wanted.items():
        try:
            logs[name] = (await read_log(call, task)).decode(errors="replace")
        except (UnreachableError, TooLargeError) as wrong:
            unavailable[name] = str(wrong)
    return make_dict({"logs": logs, **({"unavailable": unavailable} if unavailable else {})})


def name_site(task: Task) -> str:
    """What FLARE calls the place of a task."""
    return SERVER if task.role == SERVER else task.party


async def read_log(call: Call, task: Task) -> bytes:
    """The end of a task's log, at most MAX_LOG_BYTES; empty where it has none yet."""
    if not task.seq:
        return b""
    args = {"task": task.id, "seq": task.seq, "offset": -MAX_LOG_BYTES, "limit": MAX_LOG_BYTES}
    body = bytearray()
    async with call.app[CHANNEL_HUB].call_stream(task.party, "log.read", args) as stream:
        async for chunk in stream.chunks:
            body += chunk
    return bytes(body)


COMMANDS: Final[Sequence[Command]] = (
    Command(name="show_stats", scope="info", serve=show_stats, usage="show_stats job_id all|server|client [client_name ...]"),
    Command(name="show_errors", scope="info", serve=show_errors,
            usage="show_errors job_id all|server|client [client_name ...]"),
    Command(name="reset_errors", scope="info", serve=reset_errors,
            usage="reset_errors job_id all|server|client [client_name ...]"),
    Command(name="app_command", scope="job", serve=app_command, usage="app_command job_id topic"),
    Command(name="get_job_log", scope="job", serve=get_job_log, usage="get_job_log job_id server|all|site [log.txt]"),
)  # fmt: skip
