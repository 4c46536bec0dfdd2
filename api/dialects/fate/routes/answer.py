"""What answers FATE's clients: handlers by path and method, and which of them bring a file that is saved as it comes."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from api.dialects.fate.errors import FateError, RetCode
from api.dialects.fate.requests.bodies import read_members
from api.keys import DEFECT, HAS_BEGUN, PRINCIPAL
from scheduler.domain.access import Principal
from scheduler.domain.errors import FedrotaError, InvalidDocumentError, Problem

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]
Routes = Mapping[str, Mapping[str, Answer]]
"""Path below the root -> method -> what answers."""

ROOT: Final = "/v1"
OK: Final = 200
BROKEN: Final = 500
LOUD: Final[Mapping[int, int]] = {RetCode.ARGUMENT: 400, RetCode.AUTHENTICATION: 401, RetCode.PERMISSION: 403}
"""Return code -> HTTP status of a refusal in place of a file; all others are BROKEN."""


@dataclass(frozen=True, slots=True)
class Streaming:
    """An answer whose 200 clients save or unpack, whatever it brings: no refusal of it may have that status."""

    answer: Answer
    only_named: bool = False
    """It brings a file only where the body has `filename`, else an envelope like the others."""

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        """Answer."""
        return await self.answer(request)


def make_handler(
    answer: Answer,
    *,
    admit: Callable[[web.Request], Awaitable[Principal]],
    refuse: Callable[[web.Request, FedrotaError], Awaitable[web.StreamResponse]],
    defect: Callable[[int, str], web.Response],
) -> Answer:
    """`answer` to those whom `admit` lets in; `refuse` renders what it raises, unless half an answer is out already.

    `defect` renders what nobody foresaw, from a status and a sentence.
    """

    async def handle(request: web.Request) -> web.StreamResponse:
        request[DEFECT] = defect
        try:
            request[PRINCIPAL] = await admit(request)
            _check_address(request)
            return await answer(request)
        except FedrotaError as wrong:
            if request.get(HAS_BEGUN):
                raise  # it must break off, not end with an envelope
            return await refuse(request, wrong)

    return handle


def _check_address(request: web.Request) -> None:
    """InvalidDocumentError where path or query hold what PostgreSQL cannot; bodies are checked as they are read."""
    for name, text in (*request.match_info.items(), *request.query.items()):
        if "\0" in text:
            raise InvalidDocumentError(Problem(name, "holds a NUL character"))


async def brings_file(answer: Answer, request: web.Request) -> bool:
    """Whether the client takes a 200 to this request for a file."""
    if not isinstance(answer, Streaming):
        return False
    if not answer.only_named:
        return True
    try:
        return bool((await read_members(request)).get("filename"))
    except FedrotaError:
        # A body that nobody can read names no file.
        return False


def make_loud(error: FateError) -> FateError:
    """The refusal with a status that tells it from a file."""
    if error.status != OK:
        return error
    status = LOUD.get(error.retcode, BROKEN)
    return FateError(error.retcode, error.message, status=status, **error.members)
