"""Studies: there is one, `default`, which is the caller's project; the others are refused with what to do instead."""

from collections.abc import Sequence
from typing import Final

from api.auth import require
from api.dialects.flare.command import Call, Command, Reply, Serve
from api.dialects.flare.requests.flags import take_one
from api.dialects.flare.responses import make_dict
from scheduler.domain.access import Action

DEFAULT: Final = "default"
CHANGING: Final = ("register_study", "add_study_site", "remove_study_site", "remove_study", "add_study_user",
                   "remove_study_user")  # fmt: skip
HINT: Final = (
    "what belongs together is a project here: give its users tokens of that project (fedrota tokens create --project)"
)


async def list_studies(call: Call) -> Reply:
    """List the studies."""
    require(call.by, Action.READ_JOB)
    by = call.by
    identity = {"name": by.name, "org": by.org, "role": str(by.role or "")}
    return make_dict({"identity": identity, "studies": [DEFAULT], "study_details": [_describe(call)]})


async def show_study(call: Call) -> Reply:
    """Show a study."""
    require(call.by, Action.READ_JOB)
    name = take_one(call.words, "show_study", "study")
    if name == DEFAULT:
        return make_dict(_describe(call))
    return _refuse("STUDY_NOT_FOUND", f"study '{name[:64]}' does not exist", "list_studies shows those that do")


def _describe(call: Call) -> dict[str, object]:
    return {"name": DEFAULT, "study": DEFAULT, "project": call.by.project, "sites": ["*"], "users": ["*"]}


def _refuse(code: str, message: str, hint: str) -> Reply:
    """A refusal as FLARE's clients expect one of a study command: in the payload, not in the meta."""
    return make_dict({"error_code": code, "message": message, "hint": hint, "exit_code": 1})


def _make(name: str) -> Serve:
    async def serve(call: Call) -> Reply:
        require(call.by, Action.READ_JOB)
        return _refuse("NOT_SUPPORTED", f"{name}: studies cannot be changed here", HINT)

    serve.__doc__ = f"Refuse {name}."
    return serve


COMMANDS: Final[Sequence[Command]] = (
    Command(name="list_studies", scope="study", serve=list_studies, usage="list_studies"),
    Command(name="show_study", scope="study", serve=show_study, usage="show_study study"),
    *(Command(name=name, scope="study", serve=_make(name), usage=f"{name} study ...", is_visible=False)
      for name in CHANGING),
)  # fmt: skip
