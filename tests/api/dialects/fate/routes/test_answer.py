import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from api.dialects.fate.errors import FateError, RetCode
from api.dialects.fate.routes.answer import make_handler, make_loud
from api.keys import HAS_BEGUN
from scheduler.domain.errors import ConflictError


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


async def admit_all(_request):
    return None


async def refuse(_request, wrong):
    return web.Response(status=418, text=str(wrong))


@pytest.mark.parametrize(("has_begun", "status"), [(False, 418), (True, None)])
async def test_what_fails_before_the_answer_has_begun_is_refused_and_later_breaks_off(has_begun, status):
    async def fail(request):
        if has_begun:
            request[HAS_BEGUN] = True
        raise ConflictError("too late")

    handle = make_handler(fail, admit=admit_all, refuse=refuse, defect=lambda _status, text: web.Response(text=text))
    request = make_mocked_request("GET", "/")
    if status is None:
        with pytest.raises(ConflictError, match="too late"):
            await handle(request)
    else:
        answer = await handle(request)
        assert (answer.status, answer.text) == (status, "too late")
