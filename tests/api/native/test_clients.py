import pytest


async def test_a_client_is_issued_listed_and_revoked(gateway):
    made = await gateway.post("/clients", {"name": "flow", "expires_s": 60})
    assert (made.status, made.json["role"], made.json["org"], made.json["project"]) == (201, "lead", "hq", "p1")
    assert len(made.json["secret"]) == 32
    listed = {each["id"]: each for each in (await gateway.get("/clients")).json["items"]}
    assert "secret" not in listed[made.json["id"]]
    assert (await gateway.call("DELETE", f"/clients/{made.json['id']}")).status == 204
    assert (await gateway.get("/clients")).json["items"][0]["revoked"]
    assert (await gateway.call("DELETE", "/clients/none")).status == 404


async def test_who_may_not_issue_tokens_may_not_issue_clients(gateway):
    for token in ("lead", "member"):
        assert (await gateway.post("/clients", {"name": "x"}, token=token)).status == 403
        assert (await gateway.get("/clients", token=token)).status == 403
    assert (await gateway.post("/clients", {"name": "x", "org": "hq"}, token="other_org_admin")).status == 403
    assert (await gateway.post("/clients", {"name": "x", "role": "project_admin"}, token="org_admin")).status == 403
    mine = (await gateway.post("/clients", {"name": "x"})).json["id"]
    assert (await gateway.call("DELETE", f"/clients/{mine}", token="stranger")).status == 404
    assert (await gateway.get("/clients", token="other_org_admin")).json["items"] == []


@pytest.mark.parametrize("body", [{}, {"name": ""}, {"name": "x", "role": "king"}, {"name": "x", "secret": "mine"}])
async def test_a_wish_that_cannot_be_is_refused(gateway, body):
    assert (await gateway.post("/clients", body)).status == 422
