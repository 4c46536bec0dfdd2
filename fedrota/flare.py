"""A drop-in for NVIDIA FLARE's session: change a script's import line, or run it with `python -m fedrota.flare`.

Names, signatures, return values and exceptions are those of `nvflare.fuel.flare_api.flare_api` 2.9.0; methods of
earlier versions are kept. A session speaks HTTP with a fedrota gateway; no thread of it keeps a script alive.
"""

from types import TracebackType
from typing import Any, Final, Self

from fedrota.session.commands import Commands
from fedrota.session.control import Control
from fedrota.session.jobs import Jobs
from fedrota.session.outcomes import (
    AuthenticationError,
    AuthorizationError,
    ClientsStillRunning,
    CommandError,
    ConfigError,
    InternalError,
    InvalidArgumentError,
    InvalidJobDefinition,
    InvalidTarget,
    JobNotDone,
    JobNotFound,
    JobNotRunning,
    JobTimeout,
    NoClientsAvailable,
    NoConnection,
    NoReply,
    SessionClosed,
    SessionExpired,
    SubmitTokenConflict,
    SubmitTokenJobDeleted,
)
from fedrota.session.results import Results
from fedrota.session.shapes import ClientInfo, JobInfo, MonitorReturnCode, ServerInfo, SystemInfo, TargetType
from fedrota.session.spec import make_spec
from fedrota.session.studies import DEFAULT_STUDY, Studies, check_study
from fedrota.session.targets import Targets

__all__ = [
    "AuthenticationError", "AuthorizationError", "ClientInfo", "ClientsStillRunning", "CommandError", "ConfigError",
    "InternalError", "InvalidArgumentError", "InvalidJobDefinition", "InvalidTarget", "JobInfo", "JobNotDone",
    "JobNotFound", "JobNotRunning", "JobTimeout", "MonitorReturnCode", "NoClientsAvailable", "NoConnection", "NoReply",
    "ServerInfo", "Session", "SessionClosed", "SessionExpired", "SessionSpec", "SubmitTokenConflict", "SubmitTokenJobDeleted",
    "SystemInfo", "TargetType", "basic_cb_with_print", "job_monitor_cb_signature", "new_insecure_session",
    "new_secure_session", "new_session",
]  # fmt: skip

ADMIN: Final = "admin"
FULL_METAS: Final = 3
"""So many times `basic_cb_with_print` prints the whole meta of a running job."""


class Session(Jobs, Results, Targets, Control, Studies, Commands):
    """A session with a gateway; use it in a `with` block, or call `close`."""

    def __init__(
        self,
        username: str | None = None,
        startup_path: str | None = None,
        secure_mode: bool = True,  # noqa: FBT001, FBT002
        debug: bool = False,  # noqa: FBT001, FBT002
        study: str = DEFAULT_STUDY,
    ) -> None:
        super().__init__(username, startup_path, check_study(study))
        self.secure_mode = secure_mode
        self.debug = debug
        self.study = study

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


SessionSpec: Final = make_spec(Session)
"""The abstract session; a class of yours may derive from it, and `Session` counts as one."""


def new_session(  # noqa: PLR0913, PLR0917  FLARE's signature
    username: str,
    startup_kit_location: str,
    secure_mode: bool = True,  # noqa: FBT001, FBT002
    debug: bool = False,  # noqa: FBT001, FBT002
    timeout: float = 10.0,
    study: str = DEFAULT_STUDY,
    command_timeout: float | None = None,
    auto_login_max_tries: int | None = None,  # noqa: ARG001  there is no login to repeat
) -> Session:
    """A connected session of the kit in `startup_kit_location`; NoConnection where no gateway answers in `timeout` s."""
    session = Session(username, startup_kit_location, secure_mode, debug, study)
    session.try_connect(timeout)
    if command_timeout is not None:
        session.set_timeout(command_timeout)
    return session


def new_secure_session(  # noqa: PLR0913, PLR0917  FLARE's signature
    username: str,
    startup_kit_location: str,
    debug: bool = False,  # noqa: FBT001, FBT002
    timeout: float = 10.0,
    study: str = DEFAULT_STUDY,
    command_timeout: float | None = None,
    auto_login_max_tries: int | None = None,
) -> Session:
    """As `new_session` with `secure_mode`."""
    return new_session(
        username, startup_kit_location, True, debug, timeout, study, command_timeout, auto_login_max_tries  # noqa: FBT003
    )  # fmt: skip


def new_insecure_session(
    startup_kit_location: str, debug: bool = False, timeout: float = 10.0, study: str = DEFAULT_STUDY  # noqa: FBT001, FBT002
) -> Session:  # fmt: skip
    """As `new_session` without `secure_mode`; the user is the one that the kit names."""
    return new_session(ADMIN, startup_kit_location, False, debug, timeout, study)  # noqa: FBT003


def job_monitor_cb_signature(
    session: Session, job_id: str, job_meta: dict[str, Any], *args: Any, **kwargs: Any
) -> bool:
    """The shape of what `monitor_job` calls: a true value goes on, a false one ends it."""
    raise NotImplementedError("this only shows the signature of a callback")


def basic_cb_with_print(
    session: Session, job_id: str, job_meta: dict[str, Any], *cb_args: Any, **cb_kwargs: Any  # noqa: ARG001
) -> bool:  # fmt: skip
    """Prints how a job fares; pass `cb_run_counter={"count": 0}`, as FLARE's callback needs it too."""
    counter = cb_kwargs["cb_run_counter"]
    if job_meta["status"] == "RUNNING" and counter["count"] >= FULL_METAS:
        print(".", end="", flush=True)  # noqa: T201  what it is for
    else:
        print("\n" + str(job_meta))  # noqa: T201
    if job_meta["status"] == "RUNNING":
        counter["count"] += 1
    return True


if __name__ == "__main__":
    from fedrota.session.launch import main

    raise SystemExit(main())
