"""Exit codes, and errors as a person at the terminal wants them."""

import sys
from collections.abc import Iterator, Mapping
from typing import Final

from rich.markup import escape

from fedrota.cli.show import make_error_console, print_json
from fedrota.errors import (
    ApiError,
    BrokenReplyError,
    BusyError,
    FedrotaError,
    ForbiddenError,
    NoGatewayError,
    Problem,
    UnauthenticatedError,
    WaitTimeoutError,
)

OK: Final = 0
JOB_FAILED: Final = 1
USAGE: Final = 2
REFUSED: Final = 3
NO_CONNECTION: Final = 4
GAVE_UP: Final = 5
INTERRUPTED: Final = 130
READER_LEFT: Final = 141

MEANINGS: Final = {
    OK: "done; for `submit --wait`, `submit --watch`, `wait` and `watch`: the job succeeded",
    JOB_FAILED: "the job ended, but without success",
    USAGE: "the command line or a local file is wrong; nothing was sent",
    REFUSED: "the gateway refused the request",
    NO_CONNECTION: "no gateway answers at the address",
    GAVE_UP: "the time given by `--timeout` passed; the job continues",
    INTERRUPTED: "interrupted by Ctrl-C",
    READER_LEFT: "the reader of the output has left, as `head` does",
}

USAGE_CODE: Final = "usage"
LOCAL: Final[Mapping[type[FedrotaError], str]] = {
    NoGatewayError: "no_gateway",
    BrokenReplyError: "broken_reply",
    WaitTimeoutError: "wait_timeout",
}
"""Codes of `--json` for errors that no gateway has sent."""


def find_code(error: FedrotaError) -> int:
    """The exit code that an error means."""
    if isinstance(error, (NoGatewayError, BrokenReplyError)):
        return NO_CONNECTION
    if isinstance(error, WaitTimeoutError):
        return GAVE_UP
    # Status 0: found wrong here, before anything was sent.
    return REFUSED if isinstance(error, ApiError) and error.status else USAGE


def print_error(error: FedrotaError, *, as_json: bool = False) -> None:
    """What went wrong, where, and what to do, on standard error."""
    if as_json:
        print_json_error(_name(error), error.message, error.problems if isinstance(error, ApiError) else ())
        return
    console = make_error_console()
    problems = error.problems if isinstance(error, ApiError) else ()
    console.print(f"[red bold]error:[/] {escape(_say_head(error, problems))}", soft_wrap=True)
    for problem in problems:
        for line in _say_problem(problem):
            console.print(f"  {line}", soft_wrap=True)
    hint = _find_hint(error)
    if hint:
        console.print(f"  [dim]{escape(hint)}[/]", soft_wrap=True)


def print_json_error(code: str, message: str, problems: tuple[Problem, ...] = ()) -> None:
    """An error on standard error in the API's own form."""
    print_json({"error": {"code": code, "message": message, "problems": problems}}, sys.stderr)


def _name(error: FedrotaError) -> str:
    """The API's code of an error, or one like it for what was found here."""
    if isinstance(error, ApiError):
        return error.code
    return next((code for kind, code in LOCAL.items() if isinstance(error, kind)), USAGE_CODE)


def _say_head(error: FedrotaError, problems: tuple[Problem, ...]) -> str:
    """The message, unless it only repeats the problems that follow."""
    if not problems or not all(problem.message in error.message for problem in problems):
        return error.message
    places = "one place" if len(problems) == 1 else f"{len(problems)} places"
    return f"the request is wrong in {places}"


def _say_problem(problem: Problem) -> Iterator[str]:
    place = f"[bold]{escape(problem.where)}[/]: " if problem.where else ""
    yield f"{place}{escape(problem.message)}"
    if problem.hint:
        yield f"  [dim]{escape(problem.hint)}[/]"


def _find_hint(error: FedrotaError) -> str:
    if isinstance(error, UnauthenticatedError):
        return "give a token with --token or FEDROTA_TOKEN, or run where `fedrota up` has left .fedrota/token"
    if isinstance(error, ForbiddenError):
        return "`fedrota whoami` shows your role; ask someone with a higher one"
    if isinstance(error, BusyError):
        return f"try again in {error.retry_after_s:g} s"
    return ""
