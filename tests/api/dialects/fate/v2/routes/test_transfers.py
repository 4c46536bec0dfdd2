import io
import json
import tarfile

import aiohttp

CSV = b"key;y;x0\na;1;0.5\nb;0;-0.5\n"
META = {"label_name": "y", "match_id_name": "key", "delimiter": ";"}
TABLE = {"namespace": "n", "name": "t"}


async def upload(flow, **fields):
    form = aiohttp.FormData()
    given = {"head": "True", "partitions": "4", "meta": json.dumps(META), "party_id": "9999", **TABLE, **fields}
    for name, value in given.items():
        form.add_field(name, value)
    form.add_field("file", CSV, filename="a.csv", content_type="text/csv")
    return await flow.send("POST", "data/component/upload/file", data=form)


async def test_a_file_is_stored_once_with_its_id_and_label(site, flow):
    found = await upload(flow)
    assert found["data"] == {**TABLE, "parties": ["9999"]}
    (row,) = (await flow.get("job/query", job_id=found["job_id"]))["data"]
    assert (row["role"], row["party_id"]) == ("local", "9999")
    table = (await flow.get("table/query", display="True", **TABLE))["data"]
    assert (table["count"], table["schema"]["sid"]) == (2, "key")
    assert table["display"]["data"] == [["a", 1, 0.5], ["b", 0, -0.5]]
    assert (await upload(flow))["code"] == 7002


async def test_a_file_that_lies_at_the_party_is_stored_too(site, flow):
    (site.allowed / "a.csv").write_bytes(CSV)
    given = {"head": True, "partitions": 1, "meta": META, "party_id": "9999", **TABLE}
    assert (await flow.post("data/component/upload", file=str(site.allowed / "a.csv"), **given))["code"] == 0
    found = await flow.post("data/component/upload", file="/etc/passwd", **{**given, "name": "other"})
    assert found["code"] == 5005
    found = await flow.post("data/component/upload", file=str(site.allowed / "none.csv"), **{**given, "name": "other"})
    assert found["code"] == 8001


async def test_a_table_is_transformed_into_another_at_its_party(site, flow):
    await upload(flow)
    body = {"namespace": "n", "name": "frame", "data_warehouse": TABLE}
    found = await flow.post("data/component/dataframe/transformer", **body)
    assert (found["code"], found["data"]) == (0, {"namespace": "n", "name": "frame"})
    assert found["job_id"]
    assert (await flow.post("data/component/dataframe/transformer", **body))["code"] == 0, "drop is true unless told"
    assert (await flow.post("data/component/dataframe/transformer", drop=False, **body))["code"] == 7002
    assert (await flow.get("table/query", namespace="n", name="frame"))["data"]["count"] == 2
    body["data_warehouse"] = {"namespace": "n", "name": "none"}
    assert (await flow.post("data/component/dataframe/transformer", **body))["code"] == 7001
    assert (await flow.post("data/component/dataframe/transformer", **TABLE))["code"] == 5001


async def test_a_table_is_downloaded_and_saved(site, flow):
    await upload(flow)
    await flow.get("data/download", **TABLE)
    assert flow.media == "application/gzip"
    with tarfile.open(fileobj=io.BytesIO(flow.raw), mode="r:gz") as tar:
        assert tar.extractfile("data.csv").read() == b"key,y,x0\na,1,0.5\nb,0,-0.5\n"
    path = site.allowed / "out.csv"
    found = await flow.post("data/component/download", path=str(path), **TABLE)
    assert (found["data"], path.read_text().count("\n")) == ({"path": str(path)}, 3)
    found = await flow.get("data/download", namespace="n", name="none")
    assert (found["code"], flow.media) == (7001, "application/json")
    assert (await flow.post("data/component/download", **TABLE))["code"] == 5001
    assert (await flow.post("data/component/download", "member", path=str(path), **TABLE))["code"] == 5005
