import asyncio

import pytest

from api.agent import channel
from scheduler.domain.frames import CLOSE_UNWELCOME
from scheduler.domain.messages import CHANNEL_PATH


async def test_a_token_is_issued_used_and_revoked(gateway):
    made = await gateway.post("/tokens", {"kind": "user", "name": "eve", "role": "lead", "expires_s": 60})
    assert made.status == 201
    assert made.json["secret"].startswith(f"frt_{made.json['id']}_")
    who = (await gateway.get("/whoami", token=made.json["secret"])).json
    assert who == {"name": "eve", "kind": "user", "role": "lead", "org": "hq", "project": "p1"}
    listed = {token["id"]: token for token in (await gateway.get("/tokens")).json["items"]}
    assert "secret" not in listed[made.json["id"]]
    assert (await gateway.call("DELETE", f"/tokens/{made.json['id']}")).status == 204
    assert (await gateway.get("/whoami", token=made.json["secret"])).status == 401
    assert (await gateway.call("DELETE", "/tokens/none")).status == 404


async def test_a_workers_token_belongs_to_a_party(gateway):
    made = await gateway.post("/tokens", {"kind": "worker", "name": "w", "party": "9999"})
    assert (made.json["party"], made.json["role"], made.json["org"]) == ("9999", None, "hq")
    synced = await gateway.post("/agent/sync", {"agent": "a"}, token=made.json["secret"])
    assert synced.status == 200
    unknown = await gateway.post("/tokens", {"kind": "worker", "name": "w", "party": "none"})
    assert (unknown.status, "party" in unknown.problems) == (422, True)


async def test_an_org_admin_sees_and_ends_only_its_own_organisations_tokens(gateway):
    mine = (await gateway.get("/tokens", token="other_org_admin")).json["items"]
    assert {token["org"] for token in mine} == {"other"}
    admin = next(token["id"] for token in (await gateway.get("/tokens")).json["items"] if token["name"] == "admin")
    assert (await gateway.call("DELETE", f"/tokens/{admin}", token="other_org_admin")).status == 403
    assert (await gateway.call("DELETE", f"/tokens/{admin}", token="stranger")).status == 404


@pytest.mark.parametrize(
    "body",
    [
        {"kind": "user", "name": "x"},
        {"kind": "user", "name": "x", "role": "lead", "party": "9999"},
        {"kind": "worker", "name": "x"},
        {"kind": "worker", "name": "x", "party": "9999", "role": "lead"},
        {"kind": "user", "name": "x", "role": "king"},
        {"kind": "user", "name": "", "role": "lead"},
        {"kind": "user", "name": "x", "role": "lead", "expires_s": 0},
    ],
)
async def test_a_wrong_token_is_refused(gateway, body):
    assert (await gateway.post("/tokens", body)).status == 422


async def test_nobody_issues_for_another_project_or_organisation(gateway):
    body = {"kind": "user", "name": "x", "role": "lead"}
    assert (await gateway.post("/tokens", {**body, "project": "p2"})).status == 403
    assert (await gateway.post("/tokens", {**body, "org": "other"}, token="org_admin")).status == 403


async def last_uses(gateway):
    return {token["name"]: token["last_used"] for token in (await gateway.get("/tokens")).json["items"]}


async def test_the_last_use_is_noted(serve, monkeypatch):
    import asyncio

    monkeypatch.setattr("api.app.USES_S", 0.05)
    gateway = await serve()
    await gateway.get("/whoami")
    async with asyncio.timeout(60):
        while not (used := await last_uses(gateway))["admin"]:
            await asyncio.sleep(0.02)
    assert used["lead"] is None


async def test_an_org_admin_makes_no_token_that_owns_another_organisations_jobs(gateway):
    job = await gateway.submit(token="lead")
    made = await gateway.post("/tokens", {"kind": "user", "name": "lead", "role": "lead"}, token="other_org_admin")
    assert (made.status, made.json["org"]) == (201, "other")
    assert (await gateway.post(f"/jobs/{job}/stop", {}, token=made.json["secret"])).status == 403
    assert (await gateway.post(f"/jobs/{job}/stop", {}, token="lead")).status == 202


@pytest.mark.usefixtures("connected_party")
async def test_revoking_a_workers_token_ends_its_channel(gateway, monkeypatch):
    monkeypatch.setattr(channel, "TOKEN_CHECK_S", 0.05)
    running = next(token for token in (await gateway.get("/tokens")).json["items"] if token["party"] == "10000")
    hub = gateway.app[channel.CHANNEL_HUB]
    headers = {"Authorization": f"Bearer {gateway.tokens['worker-10000']}"}
    async with gateway.session.ws_connect(gateway.server.make_url(CHANNEL_PATH), headers=headers) as socket:
        assert await hub.is_connected("10000")
        assert (await gateway.call("DELETE", f"/tokens/{running['id']}")).status == 204
        async with asyncio.timeout(60):
            assert (await socket.receive()).data == CLOSE_UNWELCOME
    assert await hub.is_connected("9999")
