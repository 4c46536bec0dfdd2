"""Shell commands on a site: its worker's own readers answer them, about jobs that the caller may see."""

from collections.abc import Sequence
from typing import Any, Final

from api.auth import require
from api.dialects.flare.command import Call, Command, Reply, Serve
from api.dialects.flare.errors import FlareError, MetaStatus
from api.dialects.flare.requests.job_folder import SERVER
from api.dialects.flare.requests.shell import ShellCommand, parse_shell
from api.dialects.flare.responses import make_text
from api.dialects.flare.routes.asking import ask_party
from api.dialects.flare.routes.system import look
from api.keys import READER
from scheduler.domain.access import Action, Subject
from scheduler.domain.model import Party, Task
from scheduler.store.queries.jobs import JobFilter, list_job_details, list_jobs
from scheduler.store.tx import Tx

OP: Final = "target.show"
MAX_JOBS: Final = 100
MAX_TEXT_BYTES: Final = 2 << 20
ANSWER_S: Final = 10.0


async def show(call: Call, command: str) -> Reply:
    """What the target's worker answers to a shell command."""
    wanted = parse_shell(command, call.words)
    party, is_server = await find_target(call, wanted.target)
    require(call.by, Action.READ_SITE, Subject(org=party.org), kind="site", identity=wanted.target)
    mounts = await _find_mounts(call, wanted, party.id, is_server=is_server)
    args = {
        "command": wanted.command,
        "options": dict(wanted.options),
        "path": list(wanted.path),
        "pattern": wanted.pattern,
        "mounts": mounts,
    }
    return make_text(await ask(call, party.id, OP, args))


async def find_target(call: Call, target: str) -> tuple[Party, bool]:
    """The party that a target names, and whether it is meant as the server; FlareError where there is none."""
    system = await look(call)
    wanted = system.server if target == SERVER else target
    found = next((party for party in system.parties if party.id == wanted), None)
    if found is None:
        raise FlareError(MetaStatus.INVALID_TARGET, f"invalid target: {target}")
    return found, wanted == system.server


async def ask(call: Call, party: str, op: str, args: dict[str, Any]) -> str:
    """The text with which a party's worker answers, at most MAX_TEXT_BYTES of it."""
    patience_s = call.props.get("cmd_timeout")
    seconds = float(patience_s) if isinstance(patience_s, (int, float)) and 0 < patience_s <= 600 else ANSWER_S
    found = await ask_party(call, party, op, args, limit=MAX_TEXT_BYTES, timeout_s=seconds)
    return found.decode(errors="replace")


async def _find_mounts(call: Call, wanted: ShellCommand, party: str, *, is_server: bool) -> dict[str, list[str | int]]:
    """The jobs that the command may see at the party: the one that its path names, else the newest of the project."""
    named = wanted.path[0] if wanted.path else ""

    def read(tx: Tx) -> dict[str, list[str | int]]:
        jobs = list_jobs(tx, JobFilter(project=call.by.project, party=party), after=None, limit=MAX_JOBS).items
        known = [job.id for job in jobs]
        details = list_job_details(tx, [named] if named in known else known)
        mounts = {job: _choose(detail.tasks, party, is_server=is_server) for job, detail in details.items()}
        return {job: [task.id, task.seq] for job, task in mounts.items() if task is not None}

    return await call.app[READER].read(read)


def _choose(tasks: Sequence[Task], party: str, *, is_server: bool) -> Task | None:
    """The party's latest task that was ever sent out; where it is also the server, the one in that role first."""
    mine = [task for task in tasks if task.party == party and task.seq]
    fitting = [task for task in mine if (task.role == SERVER) == is_server] or mine
    return max(fitting, key=lambda task: (task.started or task.created, task.id), default=None)


def _make(command: str, text: str) -> Serve:
    async def serve(call: Call) -> Reply:
        return await show(call, command)

    serve.__doc__ = text
    return serve


COMMANDS: Final[Sequence[Command]] = tuple(
    Command(name=name, scope="sys", serve=_make(name, text), usage=usage)
    for name, text, usage in (
        ("pwd", "Print the name of the work directory.", "pwd target"),
        ("ls", "List files in the work directory.", "ls target [-a] [-l] [-t] [-S] [-R] [-u] [path]"),
        ("cat", "Show the content of a file.", "cat target [-n] [-b] [-s] [-T] file"),
        ("head", "Print the first 10 lines of a file.", "head target [-c bytes] [-n lines] file"),
        ("tail", "Print the last 10 lines of a file.", "tail target [-c bytes] [-n lines] file"),
        ("grep", "Search for a pattern in a file.", "grep target [-n] [-i] [-b] pattern file"),
    )
)
