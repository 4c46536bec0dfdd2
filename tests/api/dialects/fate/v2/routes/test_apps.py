async def create(flow, token="admin"):
    return (await flow.post("app/client/create", token, app_name="mine"))["data"]


async def test_a_client_is_made_with_a_token_shown_once_and_ended(flow):
    made = await create(flow)
    assert len(made["app_token"]) == 32
    found = (await flow.get("app/client/query", app_name="mine"))["data"]
    assert [(each["app_id"], "app_token" in each) for each in found] == [(made["app_id"], False)]
    assert (await flow.get("app/client/query", app_id="other"))["data"] == []
    assert (await flow.post("app/client/delete", app_id=made["app_id"]))["code"] == 0
    assert (await flow.get("app/client/query", app_id=made["app_id"]))["data"] == []
    assert (await flow.post("app/client/delete", app_id="none"))["code"] == 5001
    assert (await flow.post("app/client/create"))["code"] == 5001


async def test_roles_are_given_and_taken(flow):
    app = (await create(flow))["app_id"]
    roles = (await flow.get("permission/role/query"))["data"]
    assert roles == ["super_client", "client", "site"]
    assert (await flow.get("permission/query", app_id=app))["data"]["roles"] == ["client"]
    assert (await flow.post("permission/grant", app_id=app, role="super_client"))["code"] == 0
    found = (await flow.get("permission/query", app_id=app))["data"]
    assert (found["roles"], "control_party" in found["permission"]) == (["super_client"], True)
    assert (await flow.post("permission/delete", app_id=app, role="client"))["code"] == 5009
    assert (await flow.post("permission/delete", app_id=app, role="super_client"))["code"] == 0
    assert "submit_job" not in (await flow.get("permission/query", app_id=app))["data"]["permission"]
    assert (await flow.post("permission/grant", app_id=app, role="king"))["code"] == 5009
    assert (await flow.get("permission/query", app_id="none"))["code"] == 5001


async def test_who_may_not_issue_credentials_may_not_here(flow):
    app = (await create(flow))["app_id"]
    for token in ("lead", "other_org_admin"):
        assert (await flow.post("permission/grant", token, app_id=app, role="client"))["code"] in {5001, 5005}, token
        assert (await flow.post("app/client/delete", token, app_id=app))["code"] in {5001, 5005}, token
    assert (await flow.post("app/client/create", "lead", app_name="x"))["code"] == 5005
    assert (await flow.get("app/client/query", "lead"))["code"] == 5005
