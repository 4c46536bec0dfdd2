async def test_a_hello_is_for_workers_with_a_well_formed_body(gateway):
    assert (await gateway.post("/agent/hello", {"protocol": 1}, token="worker-9999")).status == 422
    assert (await gateway.call("POST", "/agent/hello", data=b"{", token="worker-9999")).status == 400
    assert (await gateway.post("/agent/hello", {}, token="lead")).status == 403
    assert (await gateway.post("/agent/hello", {}, token=None)).status == 401


async def test_the_party_comes_from_the_token_never_from_the_body(gateway):
    assert (await gateway.hello("10000", slots=9)).json["party"] == "10000"
    assert (await gateway.get("/parties/9999")).json["slots"] == 4


async def test_a_worker_with_the_token_of_another_party_is_refused_with_both_names(gateway):
    answer = await gateway.post("/agent/hello?party=10000", {}, token="worker-9999")
    assert answer.status == 403
    assert "that of party 9999, but the worker is set up as party 10000" in answer.json["error"]["message"]
    answer = await gateway.get("/agent/channel?party=10000", token="worker-9999")
    assert answer.status == 403
