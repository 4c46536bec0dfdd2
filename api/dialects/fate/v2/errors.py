"""FATE-Flow 2.x's codes, and the core's errors in them: always at HTTP 200, one line each."""

from enum import IntEnum
from types import MappingProxyType
from typing import Final

from api.dialects.fate.errors import FateError, RetCode
from scheduler.domain.errors import FedrotaError, NotFoundError


class Code(IntEnum):
    """The `code` of an answer, as far as this gateway has a use for it."""

    SUCCESS = 0
    JOB_PARAMS = 1000
    JOB_NOT_FOUND = 1001
    CREATE_FAILED = 1002
    UPDATE_FAILED = 1003
    TASK_NOT_FOUND = 2000
    NO_MODEL_OUTPUT = 2005
    STANDALONE = 3000
    PROVIDER_PARAMS = 4000
    INVALID_PARAMETER = 5001
    VERIFY_FAILED = 5003
    AUTHENTICATION_FAILED = 5004
    NO_PERMISSION = 5005
    ROLE_TYPE = 5009
    EXCEPTION = 6000
    RESTRICTED = 6001
    RESPONSE = 6002
    SERVER_NOT_FOUND = 6003
    TABLE_NOT_FOUND = 7001
    TABLE_EXISTS = 7002
    FILE_NOT_FOUND = 8001
    FILE_EXISTS = 8002


class FlowError(FedrotaError):
    """A refusal in FATE-Flow 2.x's numbers."""

    code = "fate_flow"

    def __init__(self, number: int, message: str) -> None:
        super().__init__(message)
        self.number = int(number)


_OF_KIND: Final = MappingProxyType(
    {
        "job": Code.JOB_NOT_FOUND,
        "task": Code.TASK_NOT_FOUND,
        "component": Code.TASK_NOT_FOUND,
        "table": Code.TABLE_NOT_FOUND,
        "file": Code.FILE_NOT_FOUND,
    }
)
_OF_CODE: Final = MappingProxyType(
    {
        "invalid": Code.INVALID_PARAMETER,
        "conflict": Code.EXCEPTION,
        "unauthenticated": Code.VERIFY_FAILED,
        "forbidden": Code.NO_PERMISSION,
        "too_large": Code.INVALID_PARAMETER,
        "unreachable": Code.RESPONSE,
        "fate_param": Code.INVALID_PARAMETER,
    }
)
_OF_RETCODE: Final = MappingProxyType(
    {
        RetCode.ARGUMENT: Code.INVALID_PARAMETER,
        RetCode.PERMISSION: Code.NO_PERMISSION,
        RetCode.AUTHENTICATION: Code.VERIFY_FAILED,
        RetCode.CONNECTION: Code.RESPONSE,
        RetCode.OPERATING: Code.RESTRICTED,
        404: Code.INVALID_PARAMETER,
        400: Code.INVALID_PARAMETER,
    }
)


def translate(error: FedrotaError) -> FlowError:
    """An error of the core, or one in FATE 1.x's numbers, in those of 2.x."""
    if isinstance(error, FlowError):
        return error
    number: int = Code.EXCEPTION
    lost = error if isinstance(error, NotFoundError) else error.__cause__
    if isinstance(lost, NotFoundError):
        number = _OF_KIND.get(lost.kind, Code.INVALID_PARAMETER)
    elif isinstance(error, FateError):
        number = _OF_RETCODE.get(error.retcode, Code.EXCEPTION)
    else:
        number = _OF_CODE.get(error.code, Code.EXCEPTION)
    return FlowError(number, " ".join(error.message.split("\n")))
