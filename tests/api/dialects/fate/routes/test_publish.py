import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from api.models import publish
from tests.api.sites import MODEL_ID

ROLES = {"guest": [9999], "host": ["10000"], "arbiter": [10000]}
INITIATOR = {"role": "guest", "party_id": 9999}


@pytest.fixture
async def heard(gateway, monkeypatch):
    """What serves models hears, through the setting."""
    from api.keys import SETTINGS

    notices = []

    async def hear(request):
        notices.append(await request.json())
        return web.Response()

    app = web.Application()
    app.router.add_post("/", hear)
    async with TestServer(app) as server:
        changed = gateway.settings.model_copy(update={"model_publisher": str(server.make_url("/"))})
        monkeypatch.setitem(gateway.app._state, SETTINGS, changed)
        yield notices
    assert publish.PATIENCE_S


def conf(version, **more):
    params = {"model_id": MODEL_ID, "model_version": version}
    return {"initiator": INITIATOR, "role": ROLES, "job_parameters": params, **more}


async def test_a_model_is_loaded_and_bound(signed, sites, heard):
    job = await sites.train()
    refused = await signed.send("model/load", conf(job))
    assert (refused["retcode"], refused["retmsg"], refused["data"]["guest"]) == (101, "failed", {"9999": 100})
    assert "has not been deployed yet" in refused["data"]["detail"]["host"]["10000"]["retmsg"]
    assert heard == []
    child = (await signed.ok("model/deploy", {"model_id": MODEL_ID, "model_version": job}))["model_version"]
    for body in (conf(child, servings=["127.0.0.1:8000"]), conf(child), {"job_id": child}):
        loaded = await signed.send("model/load", body)
        assert (loaded["retcode"], loaded["retmsg"]) == (0, "success"), loaded
        detail = {"retcode": 0, "retmsg": "success"}
        assert loaded["data"] == {
            "guest": {"9999": 0}, "host": {"10000": 0},
            "detail": {"guest": {"9999": detail}, "host": {"10000": detail}},
        }  # fmt: skip
        assert loaded["jobId"] == job
    rows = await signed.ok("model/query", {"model_version": child, "query_filters": ["loaded_times"]})
    assert rows == [{"f_loaded_times": 3}] * 2
    bound = await signed.send("model/bind", conf(child, service_id="credit"))
    assert (bound["retcode"], bound["retmsg"]) == (0, "service id is credit")
    name = {"model_id": MODEL_ID, "model_version": child, "parties": {"guest": ["9999"], "host": ["10000"]}}
    assert heard == [{"event": "load", **name}] * 3 + [{"event": "bind", "service_id": "credit", **name}]


async def test_what_is_missing_or_unknown_is_said(signed, sites):
    job = await sites.train()
    assert await signed.refused("model/bind", conf(job)) == (101, "no service id")
    assert await signed.refused("model/load", {"job_id": "7"}) == (
        101, "model with version 7 can not be found in database",
    )  # fmt: skip
    for wrong in ({}, {"job_parameters": {}}, {"job_parameters": "x"}, {**conf(job), "role": None}, conf("7")):
        assert (await signed.refused("model/load", wrong))[0] == 101, wrong
    other = await signed.send("model/load", {**conf(job), "role": {"guest": [7]}})
    assert (other["retcode"], other["data"]["guest"]) == (101, {"7": 100})


async def test_a_refusal_of_what_serves_models_is_passed_on_and_nothing_is_counted(signed, sites, gateway, monkeypatch):
    from api.keys import SETTINGS

    changed = gateway.settings.model_copy(update={"model_publisher": "http://127.0.0.1:9/"})
    monkeypatch.setitem(gateway.app._state, SETTINGS, changed)
    job = await sites.train()
    child = (await signed.ok("model/deploy", {"model_id": MODEL_ID, "model_version": job}))["model_version"]
    code, message = await signed.refused("model/load", conf(child))
    assert (code, "cannot be told" in message) == (105, True)
    rows = await signed.ok("model/query", {"model_version": child, "query_filters": ["loaded_times"]})
    assert rows == [{"f_loaded_times": 0}] * 2
