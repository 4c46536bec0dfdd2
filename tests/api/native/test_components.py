async def test_components_with_their_parties(gateway):
    (component,) = (await gateway.get("/components")).json["items"]
    assert (component["name"], component["parties"]) == ("noop", ["10000", "9999"])
    assert component["params"]["properties"]["rounds"] == {"type": "integer", "minimum": 1}
    assert (await gateway.get("/components/noop")).json == component
    assert (await gateway.get("/components/none")).status == 404
