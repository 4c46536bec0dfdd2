async def test_there_is_one_provider_with_what_the_workers_have(offered):
    (found,) = (await offered.get("provider/query"))["data"]
    assert found["provider_name"].startswith("fedrota:")
    assert {"coordinated_lr", "psi"} <= set(found["components"])
    assert "hetero_lr" in found["offered"]
    assert (await offered.get("provider/query", name="fate"))["data"] == []


async def test_none_is_registered_by_a_request(flow):
    given = {"name": "n", "device": "local", "version": "1", "metadata": {"path": "/x"}}
    found = await flow.post("provider/register", **given)
    assert (found["code"], "install them there" in found["message"]) == (4000, True)
    assert (await flow.post("provider/register", name="n"))["code"] == 5001
    assert (await flow.post("provider/delete", name="n"))["code"] == 4000


async def test_the_gateway_is_the_server(flow):
    (found,) = (await flow.get("server/fateflow"))["data"]
    assert found["name"] == "fateflow"
