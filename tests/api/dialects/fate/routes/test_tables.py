import io
import tarfile

import pytest

BREAST = {"namespace": "experiment", "table_name": "breast"}
NONE = {"namespace": "experiment", "table_name": "none"}
CSV = b"id,y,x0\n10,1,0.5\n11,0,-0.5\n"


@pytest.fixture
async def stored(site):
    answer = await site.upload(CSV, **BREAST, head=1, partition=4, party_id=9999)
    assert answer["retcode"] == 0, answer
    return answer["jobId"]


async def test_a_table_is_described(site, stored):
    for wish in (BREAST, {"namespace": "experiment", "name": "breast", "local": {"role": "guest", "party_id": 9999}}):
        found = (await site.post("/table/table_info", wish))["data"]
        assert found.items() >= {
            "table_name": "breast", "namespace": "experiment", "exist": 1, "count": 2, "partition": 4,
            "schema": {"header": "y,x0", "sid": "id"}, "enable": True, "extend_sid": False,
        }.items()  # fmt: skip


async def test_a_missing_table_is_no_error(site, stored):
    for wish in [NONE, {**BREAST, "party_id": 10000}, {"namespace": "output_data_1_a_0", "name": "a.b.c"}]:
        answer = await site.post("/table/table_info", wish)
        assert (answer["retcode"], answer["data"]["exist"], answer["data"]["count"]) == (0, 0, 0)


async def test_a_table_is_deleted_at_its_party(site, stored):
    assert (await site.post("/table/delete", BREAST, token="member"))["retcode"] == 108
    assert (await site.post("/table/delete", BREAST))["data"] == BREAST
    assert not site.workdir.table("experiment", "breast").exists()
    again = await site.post("/table/delete", BREAST)
    assert (again["retcode"], again["retmsg"]) == (101, "no find table")


async def test_what_a_job_wrote_is_not_deleted_as_a_table(site, trained):
    wish = {"namespace": f"output_data_{trained}_hetero_lr_0_0", "table_name": "guest.9999.data"}
    for each in (wish, {"job_id": trained, "role": "guest", "party_id": 9999}):
        refused = await site.post("/table/delete", each)
        assert (refused["retcode"], "job/clean" in refused["retmsg"]) == (103, True)


async def test_who_may_not_read_outputs_sees_no_columns(site, trained):
    wish = {"namespace": f"output_data_{trained}_hetero_lr_0_0", "table_name": "guest.9999.data"}
    told = (await site.post("/table/table_info", wish))["data"]
    assert (told["count"], told["schema"]["sid"]) == (3, "id")
    told = (await site.post("/table/table_info", wish, token="member"))["data"]
    assert (told["count"], told["schema"]["sid"]) == (3, "")


async def test_a_disabled_table_is_refused_to_jobs_and_shown_everywhere(site, stored):
    steps = [{"name": "r", "component": "reader", "params": {"table": "breast", "namespace": "experiment"}}]
    job = {"name": "reads", "parties": {"guest": ["9999"]}, "steps": steps}
    assert (await site.post("/table/disable", BREAST))["data"] == [BREAST]
    assert (await site.post("/table/table_info", BREAST))["data"]["enable"] is False
    assert (await site.gateway.get("/parties/9999/tables/breast?namespace=experiment")).json["facts"][
        "disabled"
    ] is True
    refused = await site.gateway.post("/jobs", job)
    assert (refused.status, "is disabled" in refused.json["error"]["message"]) == (422, True)
    assert (await site.post("/table/enable", BREAST))["data"] == [BREAST]
    assert (await site.gateway.post("/jobs", job)).status == 201


async def test_disabled_tables_are_deleted_together(site, stored):
    assert (await site.post("/table/disable/delete", {}))["retcode"] == 101
    await site.post("/table/disable", BREAST)
    assert (await site.post("/table/disable/delete", token="member"))["retcode"] == 101
    assert (await site.post("/table/disable/delete"))["data"] == [BREAST]
    assert (await site.post("/table/table_info", BREAST))["data"]["exist"] == 0


async def test_tables_that_are_not_there(site):
    for path in ["/table/enable", "/table/disable", "/table/delete"]:
        assert (await site.post(path, NONE))["retmsg"] == "no find table"
        assert (await site.post(path, {"namespace": "a"}))["retcode"] == 100


@pytest.mark.parametrize("path", ["/table/bind", "/table/add"])
async def test_a_file_at_the_party_is_bound(site, path):
    file = site.allowed / "a.csv"
    file.write_bytes(CSV)
    wish = {"engine": "PATH", "address": {"path": str(file)}, "namespace": "n", "name": "t", "party_id": 9999}
    assert (await site.post(path, wish))["data"] == {"table_name": "t", "namespace": "n"}
    assert (await site.post("/table/table_info", {"namespace": "n", "name": "t"}))["data"]["count"] == 2
    assert (await site.post(path, wish))["retcode"] == 100
    assert (await site.post(path, {**wish, "drop": 1}))["retcode"] == 0
    assert (await site.post(path, {**wish, "address": {"path": "/etc/passwd"}, "drop": 1}))["retcode"] == 108
    hive = await site.post(path, {**wish, "engine": "HIVE", "address": {"host": "x"}})
    assert (hive["retcode"], "not supported" in hive["retmsg"]) == (103, True)
    assert (await site.post(path, {"namespace": "n"}))["retcode"] == 100


async def test_rows_are_shown_and_downloaded(site, stored):
    found = (await site.post("/table/preview", BREAST))["data"]
    assert found == {"header": ["id", "y", "x0"], "data": [[10, 1, 0.5], [11, 0, -0.5]], "total": 2}
    status, _, raw = await site.ask("GET", "/table/download", json={"namespace": "experiment", "name": "breast"})
    assert status == 200
    with tarfile.open(fileobj=io.BytesIO(raw), mode="r:gz") as tar:
        assert tar.extractfile("table.csv").read() == b"id,y,x0\n10,1,0.5\n11,0,-0.5\n"
    for method, path in (("POST", "/table/preview"), ("GET", "/table/download")):
        status, found, _ = await site.ask(method, path, json=NONE)
        assert (status, found["retcode"]) == (210, 210)


async def test_a_schema_gets_members_but_keeps_its_columns(site, stored):
    wish = {"namespace": "experiment", "name": "breast", "schema": {"meta": {"label_name": "y"}}}
    assert (await site.post("/table/schema/update", wish))["data"]["meta"] == {"label_name": "y"}
    assert (await site.post("/table/table_info", BREAST))["data"]["schema"]["meta"] == {"label_name": "y"}
    refused = await site.post("/table/schema/update", {**wish, "schema": {"header": "a,b"}})
    assert (refused["retcode"], "fixed" in refused["retmsg"]) == (103, True)
    assert (await site.post("/table/schema/anonymous/migrate", {}))["retcode"] == 103
