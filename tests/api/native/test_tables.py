import pytest

from scheduler.domain.access import Role
from tests.api.conftest import issue

CSV = b"id,x,y\n1,0.5,0\n2,1.5,1\n"
TYPE = {"Content-Type": "text/csv"}


async def put(gateway, path="/parties/9999/tables/breast", data=CSV, headers=TYPE, **given):
    return await gateway.call("PUT", path, data=data, headers=headers, **given)


async def test_a_table_is_uploaded_looked_at_and_deleted(gateway, connected_party):
    answer = await put(gateway)
    assert answer.status == 201, answer.raw
    table = answer.json
    assert (table["rows"], table["owner"], table["namespace"]) == (2, "admin", "default")
    assert [column["name"] for column in table["columns"]] == ["id", "x", "y"]
    assert (await gateway.get("/parties/9999/tables/breast")).json == table
    assert (await gateway.get("/tables?party=9999&namespace=default")).json["items"] == [table]
    rows = (await gateway.get("/parties/9999/tables/breast/preview?limit=1")).json
    assert (rows["columns"], len(rows["rows"]), rows["total"]) == (["id", "x", "y"], 1, 2)
    assert (await gateway.call("DELETE", "/parties/9999/tables/breast")).status == 204
    assert (await gateway.get("/parties/9999/tables/breast")).status == 404


async def test_a_large_table_is_streamed(gateway, connected_party):
    async def rows():
        yield b"id,x\n"
        for block in range(40):
            yield b"".join(b"%d,%d\n" % (block * 10_000 + number, number) for number in range(10_000))

    answer = await put(gateway, data=rows())
    assert (answer.status, answer.json["rows"]) == (201, 400_000)


async def test_replacing_needs_a_word(gateway, connected_party):
    await put(gateway)
    refused = await put(gateway)
    assert (refused.status, refused.json["error"]["code"]) == (409, "conflict")
    assert (await put(gateway, "/parties/9999/tables/breast?replace=true")).status == 201
    assert (await put(gateway, "/parties/9999/tables/breast?namespace=other")).status == 201


async def test_whose_table_it_is(gateway, connected_party):
    await put(gateway, token="lead")
    path = "/parties/9999/tables/breast"
    assert (await put(gateway, f"{path}?replace=true", token="other_lead")).status == 403
    assert (await put(gateway, token="member")).status == 403
    assert (await gateway.get(path, token="member")).status == 200
    assert (await gateway.get(f"{path}/preview", token="member")).status == 403
    assert (await gateway.get(f"{path}/preview", token="org_admin")).status == 200
    assert (await gateway.call("DELETE", path, token="other_org_admin")).status == 403
    assert (await gateway.call("DELETE", path, token="lead")).status == 204


async def test_a_lead_puts_tables_only_at_parties_of_their_own_organisation(gateway, connected_party):
    refused = await put(gateway, token="other_lead")
    assert (refused.status, refused.json["error"]["code"]) == (403, "forbidden")
    assert (await put(gateway, token="lead")).status == 201


@pytest.mark.parametrize(
    ("path", "data", "headers", "status", "said"),
    [
        ("/parties/9999/tables/b", CSV, {"Content-Type": "text/plain"}, 422, "no table format"),
        ("/parties/9999/tables/b", b"", TYPE, 422, ""),
        ("/parties/9999/tables/b", b"not a parquet", {"Content-Type": "application/vnd.apache.parquet"}, 422, ""),
        ("/parties/9999/tables/..%2Fb", CSV, TYPE, 422, "other characters"),
        ("/parties/9999/tables/b?namespace=..", CSV, TYPE, 422, "other characters"),
        ("/parties/9999/tables/b?id_column=none", CSV, TYPE, 422, "none"),
        ("/parties/none/tables/b", CSV, TYPE, 404, "party"),
    ],
)
async def test_what_is_wrong_with_an_upload(gateway, connected_party, path, data, headers, status, said):
    answer = await put(gateway, path, data, headers)
    assert answer.status == status, answer.raw
    assert said in answer.json["error"]["message"]
    assert (await gateway.get("/tables")).json["items"] == []


async def test_a_party_that_is_not_connected(gateway):
    answer = await put(gateway, "/parties/10000/tables/b")
    assert (answer.status, answer.json["error"]["code"]) == (503, "unreachable")


async def test_an_upload_has_a_limit(serve, tmp_path):
    gateway = await serve(upload_limit_bytes=10)
    answer = await put(gateway, "/parties/9999/tables/b")
    assert answer.status in {413, 503}


async def test_a_disabled_table_is_read_by_no_new_job(gateway, connected_party):
    await put(gateway, token="lead")
    path = "/parties/9999/tables/breast"
    assert (await gateway.post(f"{path}/disable", token="other_lead")).status == 403
    assert (await gateway.post(f"{path}/disable", token="lead")).json["facts"]["disabled"] is True
    steps = [{"name": "read", "component": "noop", "params": {"table": "breast"}}]
    job = {"name": "j", "parties": {"guest": ["9999"]}, "steps": steps}
    refused = await gateway.post("/jobs", job)
    assert (refused.status, refused.problems) == (
        422, {"steps.0.params.table": "table 'default/breast' at party '9999' is disabled."},
    )  # fmt: skip
    assert (await gateway.post(f"{path}/enable", token="lead")).json["facts"]["disabled"] is False
    assert (await gateway.post("/jobs", job)).status == 201
    assert (await gateway.post("/parties/9999/tables/none/disable")).status == 404


async def test_a_table_put_at_another_organisation_s_party_is_not_a_namesake_s_there(gateway, connected_party):
    for token, role, org in (("ann", Role.PROJECT_ADMIN, "other"), ("namesake", Role.LEAD, "hq")):
        gateway.tokens[token] = issue(gateway.store, "ann", role=role, org=org, project="p1")
    assert (await put(gateway, token="ann")).status == 201
    refused = await gateway.call("DELETE", "/parties/9999/tables/breast", token="namesake")
    assert refused.status == 403
    assert (await gateway.call("DELETE", "/parties/9999/tables/breast", token="ann")).status == 204
