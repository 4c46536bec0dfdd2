"""Commands to a job while it runs: statistics, errors, commands of its app."""

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from api.dialects.flare.command import Call, Command, Reply
from api.dialects.flare.errors import FlareError, MetaStatus
from api.dialects.flare.requests.job_folder import SERVER
from api.dialects.flare.responses import make_dict, make_success
from api.dialects.flare.routes.asking import ask_party
from api.dialects.flare.routes.jobs import check_job, list_tasks
from api.dialects.flare.vocabulary.targets import ALL, TYPES, refuse_sites
from api.party_calls import parse_answer
from scheduler.domain.access import Action
from scheduler.domain.errors import ConflictError
from scheduler.domain.model import Task
from scheduler.domain.states import HELD

MAX_COMMAND: Final = 32 << 10
MAX_ANSWER_BYTES: Final = 8 << 20
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
    server = find_server(await list_tasks(call, job), job)
    return make_dict(await ask_job(call, server, {"op": "app_command", "topic": topic, "data": data}))


async def _ask_targets(call: Call, command: str, op: str) -> dict[str, Any]:
    """What the job's server knows of the targets that the words name."""
    if len(call.words) < 2 or call.words[1] not in TYPES:
        raise FlareError(MetaStatus.SYNTAX_ERROR, f"usage: {command} job_id all|server|client [client_name ...]")
    job, kind, *names = call.words
    await check_job(call, job, Action.READ_JOB)
    tasks = await list_tasks(call, job)
    server = find_server(tasks, job)
    check_sites(names, tasks)
    found = await ask_job(call, server, {"op": op})
    return {name: value for name, value in found.items() if _is_meant(name, kind, names)}


def _is_meant(name: str, kind: str, names: Sequence[str]) -> bool:
    if kind == ALL:
        return True
    return name == SERVER if kind == SERVER else name != SERVER and (not names or name in names)


def check_sites(names: Sequence[str], tasks: Sequence[Task]) -> None:
    """FlareError where one of the names is none of the job's sites."""
    known = {task.party for task in tasks if task.role != SERVER}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise refuse_sites(unknown)


def find_server(tasks: Sequence[Task], job: str) -> Task:
    """The job's server while it runs."""
    found = next((task for task in tasks if task.role == SERVER and task.state in HELD), None)
    if found is None:
        raise FlareError(MetaStatus.JOB_NOT_RUNNING, f"job {job} is not running")
    return found


async def ask_job(call: Call, server: Task, question: Mapping[str, Any]) -> dict[str, Any]:
    """The answer of FLARE's own server; FlareError in its words where that is a refusal."""
    args = {"task": server.id, "seq": server.seq, "question": question}
    try:
        body = await ask_party(call, server.party, "task.ask", args, limit=MAX_ANSWER_BYTES)
    except ConflictError as wrong:
        raise FlareError(MetaStatus.JOB_NOT_RUNNING, f"job {server.job_id} is not running: {wrong}") from wrong
    answer = parse_answer(server.party, body)
    if "error" in answer:
        status = _REFUSALS.get(str(answer.get("kind")), MetaStatus.ERROR)
        raise FlareError(status, str(answer["error"]).removeprefix("error: "))
    value = answer.get("value")
    return value if isinstance(value, dict) else {}


COMMANDS: Final[Sequence[Command]] = (
    Command(name="show_stats", scope="info", serve=show_stats, usage="show_stats job_id all|server|client [client_name ...]"),
    Command(name="show_errors", scope="info", serve=show_errors,
            usage="show_errors job_id all|server|client [client_name ...]"),
    Command(name="reset_errors", scope="info", serve=reset_errors,
            usage="reset_errors job_id all|server|client [client_name ...]"),
    Command(name="app_command", scope="job", serve=app_command, usage="app_command job_id topic"),
)  # fmt: skip
