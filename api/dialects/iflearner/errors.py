"""What iFLearner Flow answers where something is wrong: a number and a text, with HTTP 200 unless the caller is refused."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Final

from scheduler.domain.errors import (
    ConflictError,
    FedrotaError,
    ForbiddenError,
    NotFoundError,
    UnauthenticatedError,
    UnreachableError,
)

SUCCESS: Final = 0
INVALID: Final = 10000
BUSY: Final = 10001
FORBIDDEN: Final = 10002
UNAUTHENTICATED: Final = 10003
NO_ROUTE: Final = 10004
TEMPLATE_NOT_FOUND: Final = 10200
TEMPLATE_NAME_TAKEN: Final = 10201
TASK_NOT_FOUND: Final = 10300
TASK_NAME_TAKEN: Final = 10301
TASK_NAME_EMPTY: Final = 10302
TASK_STATUS: Final = 10303
TASK_PARTY_NOT_FOUND: Final = 10304
TASK_PARTY_AWAY: Final = 10305

TEXTS: Final[Mapping[int, str]] = MappingProxyType(
    {
        SUCCESS: "success",
        INVALID: "request param invalid",
        TEMPLATE_NOT_FOUND: "template not found",
        TEMPLATE_NAME_TAKEN: "duplicate template name",
        TASK_NOT_FOUND: "task not found",
        TASK_NAME_TAKEN: "duplicate task name",
        TASK_NAME_EMPTY: "empty task name",
        TASK_STATUS: "status conflicit",  # so spelt by the original, and compared by its users' scripts
        TASK_PARTY_NOT_FOUND: "task party not found",
    }
)
_OF_KIND: Final = MappingProxyType({"iflearner.template": TEMPLATE_NOT_FOUND, "iflearner.task": TASK_NOT_FOUND})
_OF_CODE: Final = MappingProxyType({"busy": BUSY, "conflict": TASK_STATUS})


class RefusedError(FedrotaError):
    """A refusal in iFLearner Flow's numbers; `detail` says more than the text that old clients know."""

    code = "iflearner"

    def __init__(self, ret_code: int, message: str = "", *, detail: str = "", status: int = 200) -> None:
        super().__init__(message or TEXTS.get(ret_code, TEXTS[INVALID]))
        self.ret_code = ret_code
        self.detail = detail
        self.status = status


def make_invalid(message: str) -> RefusedError:
    """The refusal of a request that is wrong in itself."""
    return RefusedError(INVALID, message)


@contextmanager
def naming(ret_code: int) -> Iterator[None]:
    """A conflict inside means that a name is taken."""
    try:
        yield
    except ConflictError as wrong:
        raise RefusedError(ret_code, detail=wrong.message) from wrong


def translate(error: FedrotaError) -> RefusedError:
    """An error of the core in iFLearner Flow's words."""
    if isinstance(error, RefusedError):
        return error
    if isinstance(error, NotFoundError):
        known = _OF_KIND.get(error.kind)
        return RefusedError(known) if known else RefusedError(TASK_NOT_FOUND, detail=error.message)
    if isinstance(error, UnauthenticatedError):
        return RefusedError(UNAUTHENTICATED, error.message, status=401)
    if isinstance(error, ForbiddenError):
        return RefusedError(FORBIDDEN, error.message, status=403)
    if isinstance(error, UnreachableError):
        return RefusedError(TASK_PARTY_AWAY, error.message)
    ret_code = _OF_CODE.get(error.code, INVALID)
    return RefusedError(ret_code, TEXTS.get(ret_code, error.message) if ret_code != INVALID else error.message)
