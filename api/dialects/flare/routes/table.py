"""The one table of commands behind all doors, and how any of them is carried out."""

from collections.abc import Sequence
from types import MappingProxyType
from typing import Final

from api.dialects.flare.command import Call, Command, Reply
from api.dialects.flare.errors import FlareError, MetaStatus, translate
from api.dialects.flare.responses import make_refusal, make_table, make_text
from api.dialects.flare.routes import (
    control,
    intake,
    jobs,
    listing,
    logs,
    results,
    running,
    shell,
    studies,
    system,
    waiting,
)
from scheduler.domain.errors import FedrotaError, ForbiddenError
from scheduler.domain.plan import nearest

PULL: Final = "pull_binary"


async def list_commands(_call: Call) -> Reply:
    """The table by which FLARE's clients know what they may send, and which of their own handlers moves files."""
    rows = [
        [
            each.scope,
            each.name,
            (each.serve.__doc__ or "").strip(),
            each.usage,
            "none",
            each.client_cmd,
            str(each.is_visible),
        ]
        for each in COMMANDS
    ]
    return make_table([["SCOPE", "COMMAND", "DESC", "USAGE", "CONFIRM", "CLIENT_CMD", "VISIBLE"], *rows])


async def check_session(_call: Call) -> Reply:
    """Check that the caller is let in, also into the study that is named."""
    return make_text("OK")


async def refuse_pull(_call: Call) -> Reply:
    """Fetch one file of a result."""
    raise FlareError(
        MetaStatus.ERROR, f"{PULL} is for clients of the text listener: here the whole result comes at once"
    )


COMMANDS: Final[Sequence[Command]] = (
    Command(name="_commands", scope="login", serve=list_commands, usage="_commands", is_visible=False),
    Command(name="_check_session", scope="login", serve=check_session, usage="_check_session", is_visible=False),
    *intake.COMMANDS,
    *listing.COMMANDS,
    *jobs.COMMANDS,
    *waiting.COMMANDS,
    *system.COMMANDS,
    *running.COMMANDS,
    *logs.COMMANDS,
    *results.COMMANDS,
    *shell.COMMANDS,
    *control.COMMANDS,
    *studies.COMMANDS,
    Command(
        name=PULL,
        scope="job",
        serve=refuse_pull,
        usage=f"{PULL} tx_id folder file [end]",
        client_cmd="file_transfer.pull_binary",
    ),
)
_BY_NAME: Final = MappingProxyType({command.name: command for command in COMMANDS})


async def carry_out(name: str, call: Call) -> Reply:
    """The reply to a command; a refusal is a reply too."""
    try:
        return await get_command(name).serve(call)
    except ForbiddenError as wrong:
        words = f"user '{call.by.name}' is not authorized for '{name.rpartition('.')[2]}': {wrong.message}"
        return make_refusal(FlareError(MetaStatus.NOT_AUTHORIZED, words))
    except FedrotaError as wrong:
        return make_refusal(translate(wrong), call.words)


def get_command(name: str) -> Command:
    """The command, which may be called with its scope before it (`job.list_jobs`); FlareError where there is none."""
    found = find_command(name)
    if found is None:
        raise FlareError(
            MetaStatus.SYNTAX_ERROR,
            f"Undefined command {name[:100]!r}. {nearest(name, _BY_NAME)}".strip(),
            is_unknown=True,
        )
    return found


def find_command(name: str) -> Command | None:
    """The command of this name, with or without its scope."""
    return _BY_NAME.get(name.rpartition(".")[2])
