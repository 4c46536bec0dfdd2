"""NVIDIA FLARE's outcomes of a command (`meta.status`), and the core's errors in them."""

from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from scheduler.domain.errors import FedrotaError, NotFoundError


class MetaStatus(StrEnum):
    """What a reply's `meta.status` may be; its clients turn each into one exception."""

    OK = "ok"
    SYNTAX_ERROR = "syntax_error"
    NOT_AUTHORIZED = "not_authorized"
    NOT_AUTHENTICATED = "not_authenticated"
    ERROR = "error"
    INTERNAL_ERROR = "internal_error"
    INVALID_TARGET = "invalid_target"
    INVALID_JOB_DEFINITION = "invalid_job_def"
    INVALID_JOB_ID = "invalid_job_id"
    JOB_RUNNING = "job_running"
    JOB_NOT_RUNNING = "job_not_running"
    CLIENTS_RUNNING = "clients_running"
    NO_JOBS = "no_jobs"
    NO_REPLY = "no_reply"
    NO_CLIENTS = "no_clients"
    SUBMIT_TOKEN_CONFLICT = "submit_token_conflict"  # noqa: S105  the name of a status
    SUBMIT_TOKEN_JOB_DELETED = "submit_token_job_deleted"  # noqa: S105  the same


class FlareError(FedrotaError):
    """A refusal in FLARE's words; `members` stand beside `status` and `info` in the reply's meta."""

    code = "flare"

    def __init__(self, status: MetaStatus, message: str, **members: Any) -> None:
        super().__init__(message)
        self.status = status
        self.members = members


_OF_CODE: Final = MappingProxyType(
    {
        "invalid": MetaStatus.SYNTAX_ERROR,
        "unauthenticated": MetaStatus.NOT_AUTHENTICATED,
        "forbidden": MetaStatus.NOT_AUTHORIZED,
        "unreachable": MetaStatus.NO_REPLY,
    }
)


def translate(error: FedrotaError) -> FlareError:
    """An error of the core in FLARE's words."""
    if isinstance(error, FlareError):
        return error
    if isinstance(error, NotFoundError) and error.kind == "job":
        return FlareError(MetaStatus.INVALID_JOB_ID, f"no such job: {error.identity}")
    return FlareError(_OF_CODE.get(error.code, MetaStatus.ERROR), error.message)
