"""What a FLARE session raises: NVIDIA FLARE's own classes where it is installed, else classes of the same names.

A script that keeps `except JobNotFound` from an import of `nvflare.fuel.flare_api.api_spec` so catches ours too.
Source: NVIDIA FLARE 2.9.0, module `nvflare.fuel.flare_api.api_spec`.
"""

from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final

SPEC: Final = "nvflare.fuel.flare_api.api_spec"


def _find_spec() -> Any:
    """FLARE's module of exceptions, or None where it is not installed."""
    return import_module(SPEC) if find_spec("nvflare") is not None else None


_SPEC: Final = _find_spec()


def find_named(name: str) -> Any:
    """What FLARE calls so in its module of exceptions and specifications; None where it is not installed."""
    return getattr(_SPEC, name, None)


def _take(name: str, *bases: type[Exception]) -> type[Exception]:
    """FLARE's class of this name; one of ours where there is none."""
    found = find_named(name)
    return found if isinstance(found, type) else type(name, bases or (Exception,), {"__module__": "fedrota.flare"})


NoConnection: Final = _take("NoConnection", ConnectionError)
SessionClosed: Final = _take("SessionClosed")
SessionExpired: Final = _take("SessionExpired", SessionClosed)
InvalidArgumentError: Final = _take("InvalidArgumentError")
InvalidJobDefinition: Final = _take("InvalidJobDefinition")
JobNotFound: Final = _take("JobNotFound")
JobNotRunning: Final = _take("JobNotRunning")
JobNotDone: Final = _take("JobNotDone")
JobTimeout: Final = _take("JobTimeout")
InternalError: Final = _take("InternalError")
AuthorizationError: Final = _take("AuthorizationError")
NoClientsAvailable: Final = _take("NoClientsAvailable")
ClientsStillRunning: Final = _take("ClientsStillRunning")
InvalidTarget: Final = _take("InvalidTarget")
NoReply: Final = _take("NoReply")


class _SubmitTokenConflict(Exception):  # noqa: N818  FLARE's name
    """The submit token belongs to a job with other files."""

    def __init__(self, message: str, existing_job_id: str | None = None) -> None:
        super().__init__(message)
        self.existing_job_id = existing_job_id


class _SubmitTokenJobDeleted(Exception):  # noqa: N818
    """The submit token belongs to a job that was deleted."""

    def __init__(
        self, message: str, job_id: str | None = None, state: str | None = None, deleted_time: str | None = None
    ) -> None:
        super().__init__(message)
        self.job_id = job_id
        self.state = state
        self.deleted_time = deleted_time


class _AuthenticationError(Exception):
    """The gateway does not take the caller; `auth_code` is FLARE's name for the reason, where it has one."""

    def __init__(self, message: str = "", auth_code: str | None = None) -> None:
        super().__init__(message)
        self.auth_code = auth_code


class _CommandError(Exception):
    """A command was refused; `hint` says what to change."""

    def __init__(self, error_code: str, message: str = "", hint: str = "", exit_code: int = 1) -> None:
        super().__init__(message or error_code)
        self.error_code = error_code
        self.message = message or error_code
        self.hint = hint
        self.exit_code = exit_code


for _own in (_SubmitTokenConflict, _SubmitTokenJobDeleted, _AuthenticationError, _CommandError):
    _own.__name__ = _own.__qualname__ = _own.__name__.lstrip("_")

SubmitTokenConflict: Final[type[Exception]] = getattr(_SPEC, "SubmitTokenConflict", _SubmitTokenConflict)
SubmitTokenJobDeleted: Final[type[Exception]] = getattr(_SPEC, "SubmitTokenJobDeleted", _SubmitTokenJobDeleted)
AuthenticationError: Final[type[Exception]] = getattr(_SPEC, "AuthenticationError", _AuthenticationError)
CommandError: Final[type[Exception]] = getattr(_SPEC, "CommandError", _CommandError)


class ConfigError(Exception):
    """The startup kit cannot be used; the text says what is missing."""
