import pytest

from api.dialects.fate.errors import FateError, RetCode
from api.dialects.fate.routes.answer import make_loud


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (FateError(RetCode.ARGUMENT, "x", jobId="1"), 400),
        (FateError(RetCode.AUTHENTICATION, "x"), 401),
        (FateError(RetCode.PERMISSION, "x"), 403),
        (FateError(RetCode.CONNECTION, "x"), 500),
        (FateError(210, "x", status=210), 210),
    ],
)
def test_a_refusal_of_a_file_is_never_a_200(error, status):
    loud = make_loud(error)
    assert (loud.status, loud.retcode, loud.message, loud.members) == (
        status, error.retcode, error.message, error.members,
    )  # fmt: skip
