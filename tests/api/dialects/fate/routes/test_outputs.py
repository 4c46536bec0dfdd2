import io
import json
import tarfile

LR = "hetero_lr_0"
DOWNLOAD = "/tracking/component/output/data/download"


def at(job, component=LR, **changes):
    return {"job_id": job, "component_name": component, "role": "guest", "party_id": "9999", **changes}


def unpack(raw):
    with tarfile.open(fileobj=io.BytesIO(raw), mode="r:gz") as tar:
        return {member.name: tar.extractfile(member).read().decode() for member in tar.getmembers()}


async def test_a_model_part_is_shown_by_column(site, trained):
    found = await site.post("/tracking/component/output/model", at(trained))
    assert found["data"].items() >= {
        "weight": {"x0": 0.25}, "intercept": 0.5, "header": ["x0"], "iters": 3, "isConverged": False,
        "lossHistory": [0.7, 0.6],
    }.items()  # fmt: skip
    assert "module_name" in found["meta"]
    none = await site.post("/tracking/component/output/model", at(trained, "reader_0"))
    assert (none["retcode"], none["retmsg"], none["data"]) == (0, "no data", {})


async def test_rows_of_a_table_are_shown(site, trained):
    found = await site.post("/tracking/component/output/data", at(trained))
    assert found["data"] == [[["10", 1, 0.9, 1, "train"], ["11", 0, 0.2, 0, "train"], ["12", 1, 0.7, 1, "train"]]]
    header = ["id", "label", "predict_score", "predict_result", "type"]
    assert found["meta"] == {"header": [header], "total": [3], "names": ["data"]}
    none = await site.post("/tracking/component/output/data", at(trained, "evaluation_0"))
    assert (none["retcode"], none["retmsg"], none["data"]) == (0, "no data", [])


async def test_a_table_is_downloaded_as_an_archive(site, trained):
    status, _, raw = await site.ask("GET", DOWNLOAD, json=at(trained))
    assert status == 200
    files = unpack(raw)
    assert sorted(files) == ["data.csv", "data.meta"]
    assert files["data.csv"].splitlines()[:2] == ["id,label,predict_score,predict_result,type", "10,1,0.9,1,train"]
    assert json.loads(files["data.meta"])["header"][-1] == "type"
    _, _, raw = await site.ask("GET", DOWNLOAD, json=at(trained, limit=1, head=False))
    assert unpack(raw)["data.csv"] == "10,1,0.9,1,train\n"


async def test_refusals_of_downloads_have_a_status_of_their_own(site, trained):
    for changes in ({"limit": 0}, {"component_name": "evaluation_0"}, {"component_name": "none"}, {"job_id": "1"}):
        status, found, _ = await site.ask("GET", DOWNLOAD, json=at(trained, **changes))
        assert (status, found["retcode"]) == (210, 210), changes
    status, found, _ = await site.ask("GET", DOWNLOAD, json=at(trained), token="member")
    assert (status, found["retcode"]) == (403, 108)
    status, found, _ = await site.ask("GET", DOWNLOAD, data=b"[1]")
    assert (status, found["retcode"]) == (400, 101)


async def test_what_is_gone_at_the_party_is_an_error_and_no_archive(site, trained):
    task = (await site.gateway.get(f"/jobs/{trained}/outputs?step={LR}")).json["items"][0]["task"]
    site.workdir.output(task, 1, "data").unlink()
    status, found, _ = await site.ask("GET", DOWNLOAD, json=at(trained))
    assert (status, found["retcode"]) == (400, 101)


async def test_only_who_may_read_outputs_sees_models_and_rows(site, trained):
    for path in ("output/model", "output/data"):
        assert (await site.post(f"/tracking/component/{path}", at(trained), token="member"))["retcode"] == 108


async def test_output_tables_have_addresses_that_lead_back(site, trained):
    (found,) = (await site.post("/tracking/component/output/data/table", at(trained)))["data"]
    assert found["data_name"] == "data"
    table = {"namespace": found["table_namespace"], "table_name": found["table_name"]}
    info = (await site.post("/table/table_info", table))["data"]
    assert (info["exist"], info["count"], info["schema"]["sid"]) == (1, 3, "id")
    target = site.allowed / "scores.csv"
    answer = await site.post("/data/download", {**table, "output_path": str(target)})
    assert answer["retcode"] == 0, answer
    assert len(target.read_text().splitlines()) == 4
    none = await site.post("/tracking/component/output/data/table", at(trained, "evaluation_0"))
    assert (none["retcode"], "No found table" in none["retmsg"]) == (100, True)
