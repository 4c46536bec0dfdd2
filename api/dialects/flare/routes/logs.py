"""Logs: those of jobs, to be read, and how much a running job and the workers log."""

from collections.abc import Sequence
from typing import Final

from api.dialects.flare.command import Call, Command, Reply
from api.dialects.flare.errors import FlareError, MetaStatus
from api.dialects.flare.requests.job_folder import ALL as ALL_SITES
from api.dialects.flare.requests.job_folder import SERVER
from api.dialects.flare.requests.log_config import parse_job_log, parse_site_log
from api.dialects.flare.responses import make_dict, make_success
from api.dialects.flare.routes.asking import ask_party
from api.dialects.flare.routes.control import choose_parties, tell_each
from api.dialects.flare.routes.jobs import check_job, list_tasks
from api.dialects.flare.routes.running import ask_job, check_sites, find_server
from api.dialects.flare.routes.system import look
from api.dialects.flare.vocabulary.targets import ALL, CLIENT, choose_targets, name_site
from scheduler.domain.access import Action
from scheduler.domain.errors import TooLargeError, UnreachableError
from scheduler.domain.model import Task

MAX_LOG_BYTES: Final = 4 << 20
LOG_FILE: Final = "log.txt"
EVERYWHERE: Final = frozenset({ALL, ALL_SITES.lower(), CLIENT})
"""Who may be named for every place of a job; FLARE takes the first two in whatever case."""
OP: Final = "log.level"


async def get_job_log(call: Call) -> Reply:
    """Show the end of a job's logs at the server, at a site or at all of them."""
    if not 2 <= len(call.words) <= 3 or call.words[2:] not in ([], [LOG_FILE]):
        raise FlareError(MetaStatus.SYNTAX_ERROR, f"usage: get_job_log job_id server|all|site [{LOG_FILE}]")
    job, target = call.words[0], call.words[1]
    await check_job(call, job, Action.READ_JOB)
    tasks = {name_site(task): task for task in await list_tasks(call, job)}
    wanted = tasks if target.lower() in EVERYWHERE else {name: task for name, task in tasks.items() if name == target}
    if not wanted:
        raise FlareError(MetaStatus.INVALID_TARGET, f"invalid target: {target}")
    logs, unavailable = dict[str, str](), dict[str, str]()
    for name, task in wanted.items():
        try:
            logs[name] = (await read_log(call, task)).decode(errors="replace")
        except (UnreachableError, TooLargeError) as wrong:
            unavailable[name] = str(wrong)
    return make_dict({"logs": logs, **({"unavailable": unavailable} if unavailable else {})})


async def read_log(call: Call, task: Task) -> bytes:
    """The end of a task's log, at most MAX_LOG_BYTES; empty where it has none yet."""
    if not task.seq:
        return b""
    args = {"task": task.id, "seq": task.seq, "offset": -MAX_LOG_BYTES, "limit": MAX_LOG_BYTES}
    return await ask_party(call, task.party, "log.read", args, limit=MAX_LOG_BYTES)


async def configure_job_log(call: Call) -> Reply:
    """Change how much a running job of FLARE's logs."""
    wanted = parse_job_log(call.words)
    await check_job(call, wanted.job, Action.CONTROL_JOB)
    tasks = await list_tasks(call, wanted.job)
    server = find_server(tasks, wanted.job)
    check_sites(wanted.names, tasks)
    sites = wanted.names or [task.party for task in tasks if task.role != SERVER]
    targets = sites if wanted.kind == CLIENT else [wanted.kind]
    await ask_job(call, server, {"op": "configure_log", "config": wanted.config, "targets": targets})
    return make_success(f"configured the log of job {wanted.job} at {', '.join(targets)}")


async def configure_site_log(call: Call) -> Reply:
    """Change how much the workers of the server, of sites or of all log, until they end."""
    words, level = parse_site_log(call.words)
    system = await look(call)
    targets = choose_targets(words, system.parties, server=system.server)
    parties = choose_parties(call, system, targets, Action.RESTART_SITE)
    told = await tell_each(call, parties, OP, {"level": level}, note_as="configure_site_log")
    failed = [f"{party}: {why}" for party, why in told.items() if why]
    if failed:
        raise FlareError(MetaStatus.ERROR, "; ".join(failed))
    return make_success(f"configured the log of {', '.join(told)}: {level}")


COMMANDS: Final[Sequence[Command]] = (
    Command(name="get_job_log", scope="job", serve=get_job_log, usage="get_job_log job_id server|all|site [log.txt]"),
    Command(name="configure_job_log", scope="job", serve=configure_job_log,
            usage="configure_job_log job_id server|client <client-name>...|all config"),
    Command(name="configure_site_log", scope="sys", serve=configure_site_log,
            usage="configure_site_log server|client <client-name>...|all config"),
)  # fmt: skip
