import pytest


async def test_parties_with_what_they_do(gateway):
    await gateway.submit()
    gateway.dispatch()
    first, second = (await gateway.get("/parties")).json["items"]
    assert (first["id"], first["org"], first["dispatched"], first["slots"]) == ("10000", "other", 1, 4)
    assert (second["online"], second["components"], second["reason"]) == (True, ["noop"], "")
    assert (await gateway.get("/parties/9999")).json == second
    assert (await gateway.get("/parties/none")).status == 404


async def test_a_party_comes_changes_and_goes(gateway):
    made = await gateway.post("/parties", {"id": "new", "slots": 2})
    assert (made.status, made.json["org"], made.headers["Location"]) == (201, "hq", "/fedrota/v1/parties/new")
    assert made.json["reason"] == "its worker has never connected: start it with this party's token"
    assert (await gateway.post("/parties", {"id": "new"})).status == 409
    changed = await gateway.call("PATCH", "/parties/new", json={"slots": 7, "org": "other"})
    assert (changed.json["slots"], changed.json["org"]) == (7, "other")
    assert (await gateway.call("DELETE", "/parties/new")).status == 204
    assert (await gateway.get("/parties/new")).status == 404


async def test_a_new_party_is_known_to_the_next_submit(gateway):
    await gateway.submit()
    await gateway.post("/parties", {"id": "new"})
    assert await gateway.submit(parties={"guest": ["new"]})


async def test_a_drained_party_gets_nothing_until_it_is_resumed(gateway):
    drained = (await gateway.post("/parties/9999/drain")).json
    assert (drained["drained"], drained["reason"]) == (True, "drained: it gets no new work until it is resumed")
    await gateway.submit()
    assert gateway.dispatch() == {}
    assert (await gateway.post("/parties/9999/resume")).json["drained"] is False
    assert gateway.dispatch().keys() == {"9999", "10000"}


async def test_a_party_with_open_work_stays(gateway):
    await gateway.submit()
    assert (await gateway.call("DELETE", "/parties/9999")).status == 409


async def test_an_organisation_cannot_take_anothers_party(gateway):
    given = {"json": {"org": "other"}, "token": "org_admin"}
    assert (await gateway.call("PATCH", "/parties/9999", **given)).status == 403


@pytest.mark.parametrize(
    ("body", "where"), [({"id": "a b"}, "id"), ({"id": ""}, "id"), ({"id": "x", "slots": 0}, "slots"), ({}, "id")]
)
async def test_a_wrong_party_is_named(gateway, body, where):
    answer = await gateway.post("/parties", body)
    assert answer.status == 422
    assert where in answer.problems


async def test_the_tokens_of_a_removed_party_do_not_speak_for_the_next_of_its_name(gateway):
    assert (await gateway.call("DELETE", "/parties/9999")).status == 204
    assert (await gateway.hello("9999")).status == 401
    assert (await gateway.post("/parties", {"id": "9999", "org": "third"})).status == 201
    assert (await gateway.hello("9999")).status == 401
    assert (await gateway.post("/agent/sync", {"agent": "a"}, token="worker-9999")).status == 401
    made = await gateway.post("/tokens", {"kind": "worker", "name": "w", "party": "9999"})
    assert (await gateway.post("/agent/sync", {"agent": "a"}, token=made.json["secret"])).status == 200
    assert (await gateway.hello("10000")).status == 200
