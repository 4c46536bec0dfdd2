WISH = {"connector_name": "lake", "engine": "MYSQL", "connector_info": {"host": "db", "user": "u"}}


async def test_a_connector_is_kept_and_replaced(site):
    assert (await site.post("/table/connector/create", WISH))["retcode"] == 0
    assert (await site.post("/table/connector/query", {"connector_name": "lake"}))["data"] == WISH
    await site.post("/table/connector/create", {**WISH, "engine": "HIVE"})
    assert (await site.post("/table/connector/query", {"connector_name": "lake"}))["data"]["engine"] == "HIVE"
    assert (await site.post("/table/connector/query", {"connector_name": "none"}))["data"] == {}


async def test_a_connector_may_hold_a_password_so_members_do_not_read_it(site):
    await site.post("/table/connector/create", WISH)
    assert (await site.post("/table/connector/query", {"connector_name": "lake"}, token="member"))["retcode"] == 108


async def test_what_a_connector_needs(site):
    assert (await site.post("/table/connector/create", {"connector_name": "x"}))["retcode"] == 100
    assert (await site.post("/table/connector/create", {**WISH, "connector_info": "x"}))["retcode"] == 101
    assert (await site.post("/table/connector/create", {**WISH, "connector_name": "x" * 300}))["retcode"] == 101
