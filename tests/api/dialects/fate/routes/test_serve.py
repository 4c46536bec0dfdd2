import aiohttp
import psycopg
import pytest
from aiohttp import web
from yarl import URL

from api.dialects.fate.routes.answer import Streaming
from api.dialects.fate.routes.serve import SUBJECTS
from api.dialects.fate.routes.system import list_versions
from scheduler.domain.errors import UnreachableError


def test_no_route_is_served_twice():
    paths = [(path, method) for subject in SUBJECTS for path, answers in subject.items() for method in answers]
    assert len(paths) == len(set(paths))


async def test_a_defect_is_told_in_fates_envelope_and_explained_in_the_log_only(fate, monkeypatch):
    monkeypatch.setattr("api.dialects.fate.routes.system.list_versions", lambda: 1 / 0)
    code, message = await fate.refused("version/get", {})
    assert (code, fate.status) == (100, 500)
    assert "incident" in message
    assert "ZeroDivision" not in message
    assert list_versions()


async def test_a_database_that_is_away_is_told_too(fate, monkeypatch):
    from sqlalchemy.exc import OperationalError

    def fail():
        raise OperationalError("SELECT 1", {}, psycopg.OperationalError("gone"))

    monkeypatch.setattr("api.dialects.fate.routes.system.list_versions", fail)
    code, message = await fate.refused("version/get", {})
    assert (code, fate.status, "the database does not answer" in message) == (100, 503, True)


async def test_a_body_that_is_no_object_is_refused_in_one_line(fate):
    for body in [b"[1]", b'"x"', b"\xff", b"{", b"[" * 100_000]:
        code, _ = await fate.refused("version/get", content=body)
        assert (code, fate.status) == (101, 200)


FILES = {
    "/job/log", "/job/log/download", "/model/export", "/table/download", "/template/download",
    "/tracking/component/output/data/download",
}  # fmt: skip
FILES_IF_NAMED = {
    "/job/dsl/generate", "/model/get/predict/conf", "/model/get/predict/dsl", "/tracking/component/summary/download",
}  # fmt: skip


def list_streams(*, only_named):
    return {
        path
        for subject in SUBJECTS
        for path, answers in subject.items()
        for answer in answers.values()
        if isinstance(answer, Streaming) and answer.only_named is only_named
    }


def test_what_brings_a_file_is_known_as_such():
    assert (list_streams(only_named=False), list_streams(only_named=True)) == (FILES, FILES_IF_NAMED)


async def test_nobody_saves_a_refusal_as_a_file(fate, serve):
    wrong = {"TIMESTAMP": "1", "NONCE": "n", "APP_KEY": "a", "SIGNATURE": "s"}
    for path in sorted(FILES):
        assert ((await fate.refused(path[1:], {}, headers=wrong))[0], fate.status) == (109, 401), path
        assert ((await fate.refused(path[1:], content=b"[1]"))[0], fate.status) == (101, 400), path
        assert ((await fate.refused(path[1:], {}, method="PUT"))[0], fate.status) == (100, 405), path
    for path in sorted(FILES_IF_NAMED):
        assert (await fate.refused(path[1:], {"filename": "x"}, headers=wrong), fate.status)[1] == 401, path
        assert (await fate.refused(path[1:], {}, headers=wrong), fate.status)[1] == 200, path
    fate.gateway = await serve(host="0.0.0.0", trust_network=True)
    for path in sorted(FILES):
        assert ((await fate.refused(path[1:], {}))[0], fate.status) == (109, 401), path


async def test_an_answer_that_has_begun_breaks_off(fate, monkeypatch):
    async def begin(request):
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"half")
        raise UnreachableError("9999", "party 9999 is away")

    monkeypatch.setattr("api.dialects.fate.routes.job_logs._check", lambda request, _job: begin(request))
    url = fate.gateway.server.make_url("/v1/job/log")
    with pytest.raises(aiohttp.ClientError):
        async with fate.gateway.session.post(url, json={"job_id": "1"}) as answer:
            await answer.read()


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("v1/job/log?job_id=a%00", {"retcode": 101}),
        ("v1/model/transfer/guest~9999~x%00/v1", {"retcode": 101}),
        ("v2/log/query?job_id=a%00&log_type=task_info", {"code": 5001}),
        ("v2/job/query?job_id=a%00", {"code": 5001}),
    ],
)
async def test_what_no_database_can_hold_is_refused_before_it_is_looked_for(serve, postgres_url, path, code):
    gateway = await serve(database_url=postgres_url)
    method = "GET" if "?" in path else "POST"
    url = URL(f"{gateway.server.make_url('/')}{path}", encoded=True)
    headers = {"Authorization": f"Bearer {gateway.tokens['admin']}"}
    async with gateway.session.request(method, url, headers=headers) as answer:
        found = await answer.json()
    assert found.items() >= code.items(), found
    assert "NUL" in found.get("retmsg", found.get("message"))
