"""Which exit code an error means, and how it is shown."""

import pytest

from fedrota import errors
from fedrota.cli.exits import find_code, print_error


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.FedrotaError("local"), 2),
        (errors.InvalidError("found here", status=0), 2),
        (errors.InvalidError("found there", status=422), 3),
        (errors.InternalError("oops", status=500), 3),
        (errors.NoGatewayError("none"), 4),
        (errors.BrokenReplyError("html"), 4),
        (errors.WaitTimeoutError("late"), 5),
    ],
)
def test_code(error, code):
    assert find_code(error) == code


def test_error_with_hints(capsys):
    print_error(errors.BusyError("too many open jobs [10000]", status=429, retry_after_s=2.5))
    print_error(errors.ForbiddenError("a member may not do this", status=403))
    found = capsys.readouterr()
    assert found.out == ""
    assert found.err.splitlines() == [
        "error: too many open jobs [10000]",
        "  try again in 2.5 s",
        "error: a member may not do this",
        "  `fedrota whoami` shows your role; ask someone with a higher one",
    ]


def test_message_that_says_more_than_its_problems_is_kept(capsys):
    problems = [errors.Problem("steps.0", "is unknown")]
    print_error(errors.InvalidError("the document does not fit", status=422, problems=problems))
    assert capsys.readouterr().err == "error: the document does not fit\n  steps.0: is unknown\n"
