import json
from urllib.parse import quote, urlencode

import pyarrow.parquet
import pytest

from tests.api.dialects.fate.routes.conftest import BUILT_IN, Site

CSV = b"id,y,x0,x1\n10,1,0.5,1.5\n11,0,-0.5,2.5\n12,1,0.25,3.5\n"
CONF = {"namespace": "experiment", "table_name": "breast", "head": 1, "partition": 8}


def document(**changes):
    """The way of 1.6 and later: the query string is one JSON document."""
    return "?" + quote(json.dumps({**CONF, **changes}))


def stored(site, name="breast"):
    return pyarrow.parquet.read_table(site.workdir.table("experiment", name)).to_pydict()


async def send(site, way, content=CSV, **changes):
    conf = {**CONF, "party_id": 9999, **changes}
    if way == "form":
        return await site.upload(content, **conf)
    if way == "pairs":
        return await site.upload(content, "?" + urlencode(conf))
    if way == "document":
        return await site.upload(content, document(**{"party_id": 9999, **changes}))
    file = site.allowed / "there.csv"
    file.write_bytes(content)
    return await site.post("/data/upload", {**conf, "file": str(file), "use_local_data": 0})


@pytest.mark.parametrize("way", ["form", "pairs", "document", "local"])
async def test_a_table_is_uploaded_whichever_way_a_client_sends_it(site, way):
    answer = await send(site, way)
    assert (answer["retcode"], answer["retmsg"]) == (0, "success"), answer
    assert answer["jobId"] == answer["data"]["job_id"]
    assert (answer["data"]["table_name"], answer["data"]["namespace"]) == ("breast", "experiment")
    assert stored(site)["x1"] == [1.5, 2.5, 3.5]
    job = (await site.gateway.get(f"/jobs/{answer['jobId']}")).json
    assert (job["dialect"], job["parties"]) == ("fate", {"local": ["9999"]})
    table = (await site.gateway.get("/parties/9999/tables/breast?namespace=experiment")).json
    assert (table["rows"], table["facts"]["partition"], table["facts"]["job"]) == (3, 8, answer["jobId"])
    assert table["facts"]["id_column"] == "id"
    other = b"id,y,x0,x1\n99,1,1.0,1.0\n"
    for drop in ({}, {"drop": 2}):
        refused = await send(site, way, content=other, **drop)
        assert refused["retcode"] == 100
        assert refused["retmsg"].startswith("The data table already exists.")
    assert stored(site)["id"] == [10, 11, 12]
    assert (await send(site, way, content=other, drop=1))["retcode"] == 0
    assert stored(site)["id"] == [99]


async def test_a_zero_typed_into_a_form_appends_and_one_in_json_does_not(site):
    await send(site, "form")
    more = b"id,y,x0,x1\n99,1,1.0,1.0\n"
    assert (await send(site, "document", content=more, drop=0))["retcode"] == 100
    assert (await send(site, "pairs", content=more, drop=0))["retcode"] == 100
    answer = await send(site, "form", content=more, drop=0)
    assert answer["retcode"] == 0, answer
    assert stored(site)["id"] == [10, 11, 12, 99]
    wrong = await send(site, "form", content=b"id,z\n1,2\n", drop=0)
    assert (wrong["retcode"], "are not those of the table" in wrong["retmsg"]) == (101, True)
    assert stored(site)["id"] == [10, 11, 12, 99]


async def test_a_file_without_a_header_gets_names(site):
    answer = await send(site, "document", content=b"10;1;0.5\n11;0;1.5\n", head=0, id_delimiter=";")
    assert answer["retcode"] == 0, answer
    assert stored(site) == {"id": [10, 11], "x0": [1, 0], "x1": [0.5, 1.5]}
    schema = {"sid": "user", "header": "label"}
    await send(site, "document", content=b"10,1\n11,0\n", head=0, schema=schema, drop=1)
    assert stored(site) == {"user": [10, 11], "label": [1, 0]}


async def test_row_ids_are_added(site):
    await send(site, "document", extend_sid=True, auto_increasing_sid=True)
    assert stored(site)["extend_sid"] == [0, 1, 2]
    await send(site, "document", extend_sid=True, drop=1)
    made = stored(site)["extend_sid"]
    assert len(set(made)) == 3
    assert all(isinstance(each, str) for each in made)
    table = (await site.gateway.get("/parties/9999/tables/breast?namespace=experiment")).json
    assert table["facts"]["id_column"] == "extend_sid"


async def test_meta_counts_where_it_is_asked_for(site):
    meta = {"delimiter": ";", "label_name": "x0"}
    content = CSV.replace(b",", b";")
    await send(site, "document", content=content, with_meta=True, meta=meta)
    table = (await site.gateway.get("/parties/9999/tables/breast?namespace=experiment")).json
    assert (table["facts"]["label_column"], table["facts"]["meta"]) == ("x0", meta)


async def test_a_missing_member_is_named(site):
    for missing in CONF:
        answer = await site.upload(CSV, **{key: value for key, value in CONF.items() if key != missing})
        assert (answer["retcode"], missing in answer["retmsg"]) == (100, True), answer


WRONG = [
    ({"head": 7}, "head must be 0 or 1"),
    ({"partition": "many"}, "partition must be a whole number"),
    ({"partition": 0}, "between 1"),
    ({"table_name": "../../etc"}, "other characters"),
    ({"namespace": "a/b"}, "other characters"),
    ({"party_id": "none"}, "there is no party"),
    ({"party_id": [1]}, "party_id must be a text"),
    ({"id_delimiter": "ab"}, "single character"),
    ({"schema": [1]}, "schema must be an object"),
    ({"head": 0, "schema": {"header": [1]}}, "schema.header"),
    ({"head": 0, "schema": {"header": "a,b,c,d,e,f"}}, "names are given"),
]


async def test_what_is_wrong_with_an_upload_is_said(site):
    for changes, said in WRONG:
        answer = await site.upload(CSV, document(**{"party_id": 9999, **changes}))
        assert answer["retcode"] in {100, 101}, answer
        assert said in answer["retmsg"]
        assert "\n" not in answer["retmsg"]
    assert (await site.gateway.get("/tables")).json["items"] == []


async def test_bodies_that_are_no_object(site):
    bodies = ((b"[1]", 101), (b"", 100), (b"\xff\xfe", 101), (b'{"a":' * 90 + b"1" + b"}" * 90, 101))
    for path in ("/data/upload", "/data/download", "/data/writer"):
        for body, retcode in bodies:
            answer = await site.post(path, data=body, headers={"Content-Type": "application/json"})
            assert answer["retcode"] == retcode, answer


async def test_query_strings_that_are_no_object(site):
    for query in ("?%5B1%5D", "?%7Bnot", "?" + quote('{"a":' * 60 + "1" + "}" * 60)):
        answer = await site.upload(CSV, query)
        assert answer["retcode"] in {100, 101}, answer


async def test_a_form_without_a_file_and_one_that_breaks_off(site):
    answer = await site.post("/data/upload", data={"namespace": "a", "table_name": "b"})
    assert answer["retcode"] == 101
    broken = {"Content-Type": "multipart/form-data; boundary=b"}
    for body in (b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nid', b"nonsense"):
        answer = await site.post("/data/upload", data=body, headers=broken)
        assert answer["retcode"] == 101, answer


async def test_only_files_below_the_partys_roots_are_read(site):
    for path in ("/etc/passwd", "../x", "", "relative.csv", "/proc/self/environ", "a\0b"):
        answer = await site.post("/data/upload", {**CONF, "party_id": "9999", "use_local_data": 0, "file": path})
        assert answer["retcode"] in {100, 101, 108}, answer
    assert (await site.gateway.get("/tables")).json["items"] == []


async def test_links_out_of_the_roots_are_not_followed(site, tmp_path):
    secret = tmp_path / "secret.csv"
    secret.write_bytes(CSV)
    (site.allowed / "link.csv").symlink_to(secret)
    given = {**CONF, "party_id": "9999", "use_local_data": 0, "file": str(site.allowed / "link.csv")}
    assert (await site.post("/data/upload", given))["retcode"] == 108


async def test_an_upload_that_is_too_large_is_refused_and_leaves_nothing(serve, tmp_path):
    gateway = await serve(upload_limit_bytes=10)
    assert (await gateway.hello("9999", components=BUILT_IN)).status == 200
    answer = await Site(gateway, None, tmp_path).upload(CSV, document(party_id=9999))
    assert (answer["retcode"], "limit of 10 bytes" in answer["retmsg"]) == (101, True), answer
    assert (await gateway.get("/tables")).json["items"] == []


async def test_a_table_that_no_party_was_named_for_goes_to_all_that_are_there(site):
    answer = await site.upload(CSV, document())
    assert (answer["retcode"], answer["data"]["model_info"]["model_id"]) == (0, "local-9999#model"), answer


async def test_a_table_is_written_to_a_path_at_its_party(site):
    await send(site, "document")
    target = site.allowed / "new" / "out.csv"
    given = {"namespace": "experiment", "table_name": "breast", "output_path": str(target), "delimiter": ";"}
    answer = await site.post("/data/download", given)
    assert answer["retcode"] == 0, answer
    assert target.read_text().splitlines()[:2] == ["id;y;x0;x1", "10;1;0.5;1.5"]
    assert (await site.gateway.get(f"/jobs/{answer['jobId']}")).status == 200
    assert (await site.post("/data/download", {**given, "delimiter": ","}))["retcode"] == 0
    assert target.read_text().startswith("id,y")


async def test_downloads_go_nowhere_else(site):
    await send(site, "document")
    (site.allowed / "tool.py").write_text("mine")
    for path in ("/etc/cron.d/x", "/srv/x.csv", "x.csv", f"{site.allowed}/.hidden/x.csv", f"{site.allowed}/tool.py"):
        given = {"namespace": "experiment", "table_name": "breast", "output_path": path}
        answer = await site.post("/data/download", given)
        assert answer["retcode"] in {101, 103, 108}, answer
    assert (site.allowed / "tool.py").read_text() == "mine"
    assert not (site.allowed / ".hidden").exists()


async def test_a_missing_table_cannot_be_downloaded(site):
    answer = await site.post("/data/download", {"namespace": "a", "table_name": "b", "output_path": "/tmp/x.csv"})
    assert (answer["retcode"], "there is no table" in answer["retmsg"]) == (101, True)


async def test_a_table_is_copied(site):
    await send(site, "document")
    given = {"namespace": "experiment", "table_name": "breast"}
    answer = await site.post("/data/writer", {**given, "output_namespace": "experiment", "output_name": "copy"})
    assert answer["retcode"] == 0, answer
    assert stored(site, "copy") == stored(site)
    refused = await site.post("/data/writer", {**given, "storage_engine": "MYSQL", "address": {"db": "x"}})
    assert (refused["retcode"], "not supported" in refused["retmsg"]) == (103, True)


async def test_the_history_lists_uploads_that_went_well_the_newest_first(site):
    first = (await send(site, "document"))["jobId"]
    second = (await send(site, "form", table_name="other"))["jobId"]
    assert (await site.post("/data/upload/history", {}))["data"] == []
    await site.gateway.run_tasks()
    found = (await site.post("/data/upload/history", {}))["data"]
    assert [next(iter(each)) for each in found] == [second, first]
    told = found[1][first]
    assert told["upload_info"] == {
        "table_name": "breast", "namespace": "experiment", "partition": 8, "upload_count": 3, "actual_count": 3,
    }  # fmt: skip
    assert told["schema"] == {"header": "y,x0,x1", "sid": "id"}
    assert [next(iter(each)) for each in (await site.post("/data/upload/history", {"limit": 1}))["data"]] == [second]
    assert [next(iter(each)) for each in (await site.post("/data/upload/history", {"job_id": first}))["data"]] == [
        first
    ]
    assert (await site.post("/data/upload/history", {"job_id": "1"}))["retcode"] == 101
    assert (await site.post("/data/upload/history", {"limit": "x"}))["retcode"] == 101


async def test_what_else_stands_below_data_is_refused(site):
    status, found, _ = await site.ask("POST", "/data/nonsense", json={})
    assert (status, found["retcode"]) == (400, 400)


async def test_the_log_of_an_upload_to_all_says_who_has_no_table(site):
    answer = await site.upload(CSV, **CONF)
    assert answer["retcode"] == 0, answer
    (step,) = (await site.gateway.get(f"/jobs/{answer['jobId']}")).json["steps"]
    assert step["params"]["log"].splitlines() == [
        "table 'experiment/breast' at party '9999': 3 rows of breast.csv",
        "party 10000 has no such table: its worker is not connected",
    ]
