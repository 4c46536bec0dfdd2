async def test_a_hello_is_for_workers_with_a_well_formed_body(gateway):
    assert (await gateway.post("/agent/hello", {"protocol": 1}, token="worker-9999")).status == 422
    assert (await gateway.call("POST", "/agent/hello", data=b"{", token="worker-9999")).status == 400
    assert (await gateway.post("/agent/hello", {}, token="lead")).status == 403
    assert (await gateway.post("/agent/hello", {}, token=None)).status == 401


async def test_the_party_comes_from_the_token_never_from_the_body(gateway):
    assert (await gateway.hello("10000", slots=9)).json["party"] == "10000"
    assert (await gateway.get("/parties/9999")).json["slots"] == 4
