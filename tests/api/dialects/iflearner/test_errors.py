import pytest

from api.dialects.iflearner.errors import RefusedError, make_invalid, naming, translate
from scheduler.domain.errors import (
    BusyError,
    ConflictError,
    FedrotaError,
    ForbiddenError,
    InvalidDocumentError,
    NotFoundError,
    Problem,
    TooLargeError,
    UnauthenticatedError,
    UnreachableError,
)


@pytest.mark.parametrize(
    ("error", "ret_code", "status", "words"),
    [
        (NotFoundError("iflearner.template", "x"), 10200, 200, "template not found"),
        (NotFoundError("iflearner.task", "x"), 10300, 200, "task not found"),
        (ConflictError("runs"), 10303, 200, "status conflicit"),
        (InvalidDocumentError(Problem("name", "too long")), 10000, 200, "name: too long"),
        (TooLargeError("larger than 1 MiB"), 10000, 200, "larger than 1 MiB"),
        (BusyError("try again"), 10001, 200, "try again"),
        (UnreachableError("p", "p is away"), 10305, 200, "p is away"),
        (UnauthenticatedError("no token"), 10003, 401, "no token"),
        (ForbiddenError("not you"), 10002, 403, "not you"),
        (make_invalid("Please"), 10000, 200, "Please"),
    ],
)
def test_each_error_of_the_core_has_a_number_and_a_text(error: FedrotaError, ret_code, status, words):
    refused = translate(error)
    assert (refused.ret_code, refused.status, refused.message) == (ret_code, status, words)


def test_a_taken_name_has_the_number_of_its_kind():
    with pytest.raises(RefusedError) as caught, naming(10201):
        raise ConflictError("taken by x")
    assert (caught.value.ret_code, caught.value.message) == (10201, "duplicate template name")
    assert caught.value.detail == "taken by x"
