"""What can go wrong between a caller and the gateway: one small tree that mirrors the API's error codes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a request: the place in it (`steps.2.params.epochs`), what is wrong, what to change."""

    where: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        return f"{place}{self.message}" + (f" ({self.hint})" if self.hint else "")


class FedrotaError(Exception):
    """Anything that this package raises about a gateway; `str()` of it is fit for a user's eyes."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class NoGatewayError(FedrotaError):
    """Nothing that speaks this API answers at the address, or the connection broke and stayed broken."""


class BrokenReplyError(FedrotaError):
    """The reply is not what the API promises: something else listens there, or the versions do not fit."""


class WaitTimeoutError(FedrotaError):
    """The job had not ended when the caller's patience ran out; the job itself goes on."""


class ApiError(FedrotaError):
    """The gateway refused: `code` and `status` say how, `problems` say where."""

    code: ClassVar[str] = "error"

    def __init__(self, message: str, *, status: int, problems: Sequence[Problem] = ()) -> None:
        super().__init__(message)
        self.status = status
        self.problems = tuple(problems)

    def __str__(self) -> str:
        # The server's message may already be the list of problems; do not say everything twice.
        extra = [str(problem) for problem in self.problems if problem.message not in self.message]
        return "\n".join([self.message, *(f"  {line}" for line in extra)])


class InvalidError(ApiError):
    """The request is wrong in the places that `problems` names."""

    code = "invalid"


class NotFoundError(ApiError):
    """There is no such thing, or it is not the caller's to see."""

    code = "not_found"


class ConflictError(ApiError):
    """The request does not fit the present state of what it names."""

    code = "conflict"


class UnauthenticatedError(ApiError):
    """The token is missing, unknown, expired or revoked."""

    code = "unauthenticated"


class ForbiddenError(ApiError):
    """The token is good, but its owner may not do this."""

    code = "forbidden"


class TooLargeError(ApiError):
    """The request is larger than the limit that the message names."""

    code = "too_large"


class BusyError(ApiError):
    """Too much is open already; try again after `retry_after_s` seconds."""

    code = "busy"

    def __init__(
        self, message: str, *, status: int, problems: Sequence[Problem] = (), retry_after_s: float = 1.0
    ) -> None:
        super().__init__(message, status=status, problems=problems)
        self.retry_after_s = retry_after_s


class UnreachableError(ApiError):
    """The party whose worker must answer is not connected, or did not answer in time."""

    code = "unreachable"


class MethodNotAllowedError(ApiError):
    """The gateway knows the address but not the method: it is probably older than this package."""

    code = "method_not_allowed"


class InternalError(ApiError):
    """The gateway failed; its log has the cause."""

    code = "internal"


BY_CODE: dict[str, type[ApiError]] = {
    kind.code: kind
    for kind in (
        InvalidError,
        NotFoundError,
        ConflictError,
        UnauthenticatedError,
        ForbiddenError,
        TooLargeError,
        BusyError,
        UnreachableError,
        MethodNotAllowedError,
        InternalError,
    )
}
