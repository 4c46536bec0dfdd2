import orjson
from aiohttp import web

from api.routing import Endpoints, NoQuery, render


def test_an_endpoint_knows_its_place_and_its_sentence():
    endpoint = Endpoints("things")

    @endpoint("GET", "/things/{thing}")
    async def read_thing(_request: web.Request) -> None:
        """Get a thing.

        More of it.
        """

    (found,) = endpoint.all
    assert (found.path, found.tag) == ("/fedrota/v1/things/{thing}", "things")
    assert (found.summary, found.name) == ("Get a thing.", "read_thing")
    assert (found.access, found.query, found.body) == ("user", NoQuery, None)


def test_times_end_in_z():
    from datetime import UTC, datetime

    answer = render({"at": datetime(2026, 1, 2, tzinfo=UTC)}, status=201, headers={"Location": "/x"})
    assert (answer.status, answer.headers["Location"], orjson.loads(answer.body)) == (
        201,
        "/x",
        {"at": "2026-01-02T00:00:00Z"},
    )


async def test_a_parameter_that_nobody_takes_is_named(gateway):
    answer = await gateway.get("/version?verbose=true")
    assert (answer.status, list(answer.problems)) == (422, ["query.verbose"])


async def test_an_optional_body_may_be_empty_but_not_wrong(gateway):
    job = await gateway.submit()
    assert (await gateway.call("POST", f"/jobs/{job}/stop", data=b"[]")).status == 422
    assert (await gateway.call("POST", f"/jobs/{job}/stop", data=b'{"why": 1}')).status == 422
    assert (await gateway.call("POST", f"/jobs/{job}/stop", data=b"")).status == 202
