import orjson
import pytest

from api.bodies import MalformedBodyError
from api.errors import render_error
from scheduler.domain import errors
from scheduler.domain.errors import Problem


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.InvalidDocumentError(Problem("a", "b", "c")), 422),
        (MalformedBodyError(Problem("body", "x")), 400),
        (errors.NotFoundError("job", "j"), 404),
        (errors.ConflictError("x"), 409),
        (errors.UnauthenticatedError("x"), 401),
        (errors.ForbiddenError("x"), 403),
        (errors.TooLargeError("x"), 413),
        (errors.BusyError("x", retry_after_s=2.4), 429),
        (errors.UnreachableError("9999", "x"), 503),
        (errors.FedrotaError("x"), 503),
    ],
)
def test_each_error_has_its_status(error, status):
    answer = render_error(error)
    body = orjson.loads(answer.body)["error"]
    assert (answer.status, body["message"]) == (status, error.message)
    assert answer.headers.get("Retry-After") == ("2" if status == 429 else None)


def test_problems_keep_place_and_hint():
    body = orjson.loads(render_error(errors.InvalidDocumentError(Problem("a.0", "wrong", "Change it."))).body)
    assert body["error"]["problems"] == [{"where": "a.0", "message": "wrong", "hint": "Change it."}]
