async def test_a_site_is_a_party_whose_worker_has_the_token(flow):
    made = (await flow.post("app/site/create", party_id="10001"))["data"]
    assert made["party_id"] == "10001"
    flow.gateway.tokens["worker-10001"] = made["app_token"]
    assert (await flow.gateway.hello("10001")).status == 200
    (found,) = (await flow.get("app/site/query", party_id="10001"))["data"]
    assert (found["app_type"], found["online"]) == ("site", True)
    assert (await flow.post("app/site/delete", party_id="10001"))["code"] == 0
    assert (await flow.gateway.hello("10001")).status == 401  # at once, though its token was good a moment ago
    assert (await flow.get("app/site/query", party_id="10001"))["code"] == 5001
    assert (await flow.post("app/site/create", "org_admin", party_id="10001"))["code"] == 5005
    assert (await flow.post("app/site/create", party_id="no/id"))["code"] == 5001
    assert (await flow.post("app/site/delete", "other_org_admin", party_id="9999"))["code"] != 0


async def test_partners_are_the_parties(flow):
    found = (await flow.get("app/partner/query"))["data"]
    assert [each["party_id"] for each in found] == ["10000", "9999"]
    assert len((await flow.get("app/partner/query", party_id="9999"))["data"]) == 1
    for name in ("create", "delete"):
        found = await flow.post(f"app/partner/{name}", party_id="1")
        assert (found["code"], "app/site/create" in found["message"]) == (6001, True)


async def test_the_site_is_the_party_that_is_set(flow, serve):
    found = await flow.get("site/info/query")
    assert (found["code"], "10000, 9999" in found["message"]) == (3000, True)
    flow.gateway = await serve(fate_party="9999")
    assert (await flow.get("site/info/query"))["data"] == {"party_id": "9999"}
