import pytest

from api.dialects.fate.errors import FateError, RetCode
from api.dialects.fate.v2.errors import Code, FlowError, translate
from scheduler.domain.errors import ConflictError, FedrotaError, ForbiddenError, NotFoundError


@pytest.mark.parametrize(
    ("error", "number"),
    [
        (NotFoundError("job", "1"), 1001),
        (NotFoundError("table", "a/b"), 7001),
        (NotFoundError("client", "x"), 5001),
        (ForbiddenError("no"), 5005),
        (ConflictError("there"), 6000),
        (FateError(RetCode.ARGUMENT, "bad"), 5001),
        (FateError(RetCode.AUTHENTICATION, "who"), 5003),
        (FateError(400, "bad", status=400), 5001),
        (FlowError(Code.STANDALONE, "alone"), 3000),
        (FedrotaError("?"), 6000),
    ],
)
def test_each_error_has_its_number(error, number):
    assert translate(error).number == number


def test_what_was_not_found_counts_whatever_fate_1_calls_it():
    with pytest.raises(FateError) as wrong:
        raise FateError(RetCode.DATA, "can not found job\nthere") from NotFoundError("job", "1")
    found = translate(wrong.value)
    assert (found.number, found.message) == (1001, "can not found job there")
