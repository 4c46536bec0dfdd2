async def test_components_are_granted_by_the_names_of_either_age(flow):
    assert (await flow.post("permission/resource/grant", party_id="10000", component="coordinated_lr,psi,Union"))[
        "code"
    ] == 0
    found = (await flow.get("permission/resource/query", party_id="10000"))["data"]
    assert found["component"] == ["coordinated_lr", "psi", "union"]
    assert (await flow.first("permission/query", party_id="10000"))["component"] == [
        "heterolr",
        "intersection",
        "union",
    ]
    assert (await flow.post("permission/resource/delete", party_id="10000", component="psi"))["code"] == 0
    assert (await flow.get("permission/resource/query", party_id="10000"))["data"]["component"] == [
        "coordinated_lr",
        "union",
    ]


async def test_components_may_be_named_in_a_list(flow):
    assert (await flow.post("permission/resource/grant", party_id="10000", component=["coordinated_lr"]))["code"] == 0
    assert (await flow.first("permission/query", party_id="10000"))["component"] == ["heterolr"]
    assert (await flow.post("permission/resource/grant", party_id="10000", component=[1]))["code"] == 5001


async def test_tables_are_granted_too(flow):
    table = {"namespace": "n", "name": "t"}
    assert (await flow.post("permission/resource/grant", party_id="10000", dataset=table))["code"] == 0
    assert (await flow.get("permission/resource/query", party_id="10000"))["data"]["dataset"] == [table]
    assert (await flow.post("permission/resource/grant", component="*"))["code"] == 5001
    assert (await flow.post("permission/resource/grant", "member", party_id="10000", component="*"))["code"] == 5005
