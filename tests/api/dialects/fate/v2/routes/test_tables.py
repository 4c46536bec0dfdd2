from tests.api.dialects.fate.v2.routes.test_transfers import TABLE, upload


async def test_a_table_is_found_until_it_is_deleted(site, flow):
    await upload(flow)
    found = (await flow.get("table/query", **TABLE))["data"]
    assert (found["count"], found["parties"], "display" in found) == (2, ["9999"], False)
    assert (await flow.post("table/delete", **TABLE))["code"] == 0
    for answer in (await flow.get("table/query", **TABLE), await flow.post("table/delete", **TABLE)):
        assert (answer["code"], answer["message"]) == (7001, "no found table n/t")
    assert (await flow.get("table/query", namespace="n"))["code"] == 5001


async def test_a_path_is_bound_where_it_is_allowed(site, flow):
    (site.allowed / "a.csv").write_bytes(b"id,x\n1,2\n")
    given = {**TABLE, "party_id": "9999", "path": str(site.allowed / "a.csv")}
    assert (await flow.post("table/bind/path", **given))["code"] == 0
    assert (await flow.get("table/query", **TABLE))["data"]["count"] == 1
    assert (await flow.post("table/bind/path", **given))["code"] == 7002
    assert (await flow.post("table/bind/path", **{**given, "name": "o", "path": "/etc/passwd"}))["code"] == 5005
