"""The core's errors in FLARE's outcomes."""

import pytest

from api.dialects.flare.errors import FlareError, MetaStatus, translate
from scheduler.domain.errors import (
    BusyError,
    ForbiddenError,
    InvalidDocumentError,
    NotFoundError,
    Problem,
    UnauthenticatedError,
    UnreachableError,
)


@pytest.mark.parametrize(
    ("error", "status", "info"),
    [
        (NotFoundError("job", "7"), MetaStatus.INVALID_JOB_ID, "no such job: 7"),
        (NotFoundError("output", "7"), MetaStatus.ERROR, "there is no output '7'"),
        (ForbiddenError("no"), MetaStatus.NOT_AUTHORIZED, "no"),
        (UnauthenticatedError("who"), MetaStatus.NOT_AUTHENTICATED, "who"),
        (InvalidDocumentError(Problem("a", "b")), MetaStatus.SYNTAX_ERROR, "a: b"),
        (UnreachableError("p", "away"), MetaStatus.NO_REPLY, "away"),
        (BusyError("later"), MetaStatus.ERROR, "later"),
    ],
)
def test_every_error_has_an_outcome(error, status, info):
    found = translate(error)
    assert (found.status, found.message) == (status, info)


def test_flares_own_stay_as_they_are():
    own = FlareError(MetaStatus.NO_CLIENTS, "none", extra=1)
    assert translate(own) is own
