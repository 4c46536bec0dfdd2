"""The errors of the core: one small tree, translated to each caller's dialect at the edge."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Final

MAX_PROBLEMS: Final = 20
"""So many faults of a document are told at once: nobody mends more, and to find them all could take long."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a document: where it stands, what is wrong, what to change."""

    where: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        return " ".join(part for part in (f"{self.where}: {self.message}", self.hint) if part)


def first_problems(problems: Iterable[Problem]) -> list[Problem]:
    """The first of the problems, with a word where there are more; those are not even looked for."""
    found = list(islice(problems, MAX_PROBLEMS + 1))
    if len(found) > MAX_PROBLEMS:
        found[MAX_PROBLEMS:] = [
            Problem("body", f"only the first {MAX_PROBLEMS} problems are listed.", "Fix them first.")
        ]
    return found


class FedrotaError(Exception):
    """Something the caller can act upon; its text is fit for the caller's eyes."""

    code = "error"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class InvalidDocumentError(FedrotaError):
    """The request's document is wrong in the named places."""

    code = "invalid"

    def __init__(self, *problems: Problem) -> None:
        super().__init__("; ".join(str(problem) for problem in problems))
        self.problems = problems


class NotFoundError(FedrotaError):
    """There is no such thing, or it is not the caller's to see."""

    code = "not_found"

    def __init__(self, kind: str, identity: str, *, party: str = "") -> None:
        """`party` is where it was looked for, if the thing belongs to one party."""
        super().__init__(f"there is no {kind} {identity!r}" + (f" at party {party!r}" if party else ""))
        self.kind = kind
        self.identity = identity


class ConflictError(FedrotaError):
    """The request does not fit the present state of what it names."""

    code = "conflict"


class KeyTakenError(ConflictError):
    """The idempotency key belongs to a job that was submitted with another document."""

    def __init__(self, key: str, job: str) -> None:
        super().__init__(
            f"the idempotency key {key!r} belongs to job {job}, submitted with another document: "
            "use a new key for a new job"
        )
        self.job = job


class UnauthenticatedError(FedrotaError):
    """The caller's credential is missing, unknown, expired or revoked."""

    code = "unauthenticated"


class ForbiddenError(FedrotaError):
    """The caller is known but may not do this."""

    code = "forbidden"


class TooLargeError(FedrotaError):
    """The request is larger than the limit it names."""

    code = "too_large"


class BusyError(FedrotaError):
    """Too much is open already; try again after `retry_after_s` seconds."""

    code = "busy"

    def __init__(self, message: str, retry_after_s: float = 1.0) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class UnreachableError(FedrotaError):
    """The party whose worker must answer is not connected or did not answer in time."""

    code = "unreachable"

    def __init__(self, party: str, message: str) -> None:
        super().__init__(message)
        self.party = party
