"""FATE-Flow's return codes, and the core's errors in them: one line each, never a traceback."""

from enum import IntEnum
from types import MappingProxyType
from typing import Any, Final

from scheduler.domain.errors import FedrotaError


class RetCode(IntEnum):
    """FATE-Flow 1.x's `retcode`; the three-digit HTTP-like ones come with that HTTP status."""

    SUCCESS = 0
    NOT_EFFECTIVE = 10
    EXCEPTION = 100
    ARGUMENT = 101
    DATA = 102
    OPERATING = 103
    FEDERATED = 104
    CONNECTION = 105
    RUNNING = 106
    INCOMPATIBLE = 107
    PERMISSION = 108
    AUTHENTICATION = 109
    SERVER = 500


NOTHING: Final = 210
"""FATE-Flow's status and return code of "there is nothing here" (no summary, no data, no model)."""


class FateError(FedrotaError):
    """A refusal in FATE-Flow's numbers; `status` is the HTTP status, `members` go beside retcode and retmsg."""

    code = "fate"

    def __init__(self, retcode: int, message: str, *, status: int = 200, **members: Any) -> None:
        super().__init__(message)
        self.retcode = int(retcode)
        self.status = status
        self.members = members


class FateParamError(FedrotaError):
    """A module's parameter is wrong: `where` is its path (`encrypt_param.key_length`)."""

    code = "fate_param"

    def __init__(self, where: str, message: str) -> None:
        super().__init__(f"parameter {where}: {message}")
        self.where = where


_OF_CODE: Final = MappingProxyType(
    {
        "invalid": RetCode.ARGUMENT,
        "not_found": RetCode.ARGUMENT,
        "conflict": RetCode.OPERATING,
        "unauthenticated": RetCode.AUTHENTICATION,
        "forbidden": RetCode.PERMISSION,
        "too_large": RetCode.ARGUMENT,
        "busy": RetCode.RUNNING,
        "unreachable": RetCode.CONNECTION,
        "fate_param": RetCode.ARGUMENT,
    }
)


def translate(error: FedrotaError) -> FateError:
    """An error of the core in FATE-Flow's words."""
    if isinstance(error, FateError):
        return error
    return FateError(_OF_CODE.get(error.code, RetCode.EXCEPTION), error.message)
