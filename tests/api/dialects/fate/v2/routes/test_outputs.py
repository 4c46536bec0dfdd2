import io
import json
import tarfile

from tests.api.dialects.fate.routes.conftest import MODEL

LR = "hetero_lr_0"


def at(job, task=LR, **changes):
    return {"job_id": job, "role": "guest", "party_id": "9999", "task_name": task, **changes}


async def test_metrics_are_listed_narrowed_and_forgotten(flow, trained):
    keys = (await flow.get("output/metric/key/query", **at(trained)))["data"]
    assert {(key["name"], key["groups"][0]["name"]) for key in keys} >= {("loss", "train"), ("auc", "validate")}
    found = (await flow.get("output/metric/query", **at(trained, filters='{"name": "loss"}')))["data"]
    assert [each["data"] for each in found] == [[{"step": 0, "metric": 0.7}, {"step": 1, "metric": 0.6}]]
    mangled = (await flow.get("output/metric/query", **at(trained, filters="name")))["data"]
    assert len(mangled) == len(keys)
    assert (await flow.post("output/metric/delete", "member", **at(trained)))["code"] == 5005
    assert (await flow.post("output/metric/delete", **at(trained)))["code"] == 0
    assert (await flow.get("output/metric/query", **at(trained)))["data"] == []
    assert (await flow.get("output/metric/query", **at(trained, "evaluation_0")))["data"]


async def test_a_model_is_shown_downloaded_and_forgotten(flow, trained):
    found = (await flow.get("output/model/query", **at(trained)))["data"]
    assert found["model"]["data"]["weight"] == {"x0": 0.25}
    await flow.get("output/model/download", **at(trained))
    assert flow.media == "application/x-tar"
    with tarfile.open(fileobj=io.BytesIO(flow.raw), mode="r:") as tar:
        assert tar.getnames() == ["model/model", "model/model.meta"]
        assert json.load(tar.extractfile("model/model")) == MODEL
    assert (await flow.post("output/model/delete", **at(trained)))["data"] == {"count": 1}
    assert (await flow.post("output/model/delete", **at(trained)))["code"] == 2005
    found = await flow.get("output/model/download", **at(trained))
    assert (found["code"], flow.media) == (2005, "application/json")
    assert (await flow.get("output/data/table", **at(trained)))["data"]


async def test_what_is_not_there_has_a_code_of_its_own(flow, trained):
    assert (await flow.get("output/model/query", **at("1")))["code"] == 1001
    assert (await flow.get("output/model/query", **at(trained, "none")))["code"] == 2000
    assert (await flow.get("output/model/query", **at(trained, role="host")))["code"] == 2000
    assert (await flow.get("output/model/query", job_id=trained))["code"] == 5001
    assert (await flow.get("output/model/query", "member", **at(trained)))["code"] == 5005
