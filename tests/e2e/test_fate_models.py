"""A model's whole life over FATE's routes: trained, deployed, predicting, taken to another installation, predicting alike."""

import io
import json
import random
import time
import zipfile

import httpx
import pytest

from tests.e2e.conftest import System

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

FLAGS = ("--party", "9999", "--party", "10000", "--no-flower")
ROLES = {"guest": [9999], "host": [10000], "arbiter": [10000]}
INITIATOR = {"role": "guest", "party_id": 9999}
TABLE = {"table": {"name": "toy", "namespace": "exp"}}
READERS = {"guest": {"0": {"reader_0": TABLE}}, "host": {"0": {"reader_0": TABLE}}}
LABEL = {"with_label": True, "label_name": "y", "label_type": "int", "output_format": "dense"}
DSL = {
    "components": {
        "reader_0": {"module": "Reader", "output": {"data": ["data"]}},
        "data_transform_0": {
            "module": "DataTransform", "input": {"data": {"data": ["reader_0.data"]}},
            "output": {"data": ["data"], "model": ["model"]},
        },
        "homo_lr_0": {
            "module": "HomoLR", "input": {"data": {"train_data": ["data_transform_0.data"]}},
            "output": {"data": ["data"], "model": ["model"]},
        },
    }
}  # fmt: skip


class Fate:
    """FATE's routes of a system, as a client without credentials calls them."""

    def __init__(self, system: System) -> None:
        self.http = httpx.Client(base_url=f"{system.record()['url']}/v1/", timeout=60)

    def post(self, path, body=None, **given):
        answer = (
            self.http.post(path, json=body, **given).json()
            if body is not None
            else self.http.post(path, **given).json()
        )
        assert answer["retcode"] == 0, (path, answer)
        return answer

    def wait(self, job):
        deadline = time.monotonic() + 90
        while (status := self.post("job/query", {"job_id": job})["data"][0]["f_status"]) in {"waiting", "running"}:
            assert time.monotonic() < deadline, status
            time.sleep(0.1)
        assert status == "success", status

    def upload(self):
        for party in ("9999", "10000"):
            fields = {
                "head": 1,
                "partition": 2,
                "namespace": "exp",
                "table_name": "toy",
                "id_delimiter": ",",
                "drop": 1,
            }
            sent = self.post(
                "data/upload", data={**fields, "party_id": party}, files={"file": ("toy.csv", make_rows(party))}
            )
            self.wait(sent["jobId"])

    def submit(self, kind, *, dsl=None, **params):
        conf = {
            "dsl_version": 2, "initiator": INITIATOR, "role": ROLES,
            "job_parameters": {"common": {"job_type": kind, **params}}, "component_parameters": {"role": READERS},
        }  # fmt: skip
        if dsl:
            conf["component_parameters"]["common"] = {"data_transform_0": LABEL, "homo_lr_0": {"max_iter": 3}}
        sent = self.post("job/submit", {"job_runtime_conf": conf, **({"job_dsl": dsl} if dsl else {})})
        self.wait(sent["jobId"])
        return sent

    def predict(self, name):
        job = self.submit("predict", **name)["jobId"]
        found = {}
        for role, party in (("guest", 9999), ("host", 10000)):
            where = {"job_id": job, "role": role, "party_id": party, "component_name": "homo_lr_0"}
            found[role] = self.post("tracking/component/output/data", where)["data"]
        return found


def make_rows(party):
    chance = random.Random(int(party))
    lines = ["id,y,x0,x1,x2"]
    for number in range(60):
        values = [chance.gauss(0, 1) for _ in range(3)]
        label = int(values[0] + 0.5 * values[1] > 0)
        lines.append(f"{party}-{number},{label}," + ",".join(f"{value:.4f}" for value in values))
    return "\n".join(lines).encode()


@pytest.fixture
def elsewhere(repository, tmp_path, model_store):
    """Another installation that stores models in the same folder."""
    found = System(repository, tmp_path / "state")
    try:
        found.start(*FLAGS, environment={"FEDROTA_MODEL_STORE": str(model_store)})
        yield found
        assert found.stop() == 0
    finally:
        found.end()


def test_a_model_lives_here_and_elsewhere(fate_system, elsewhere, tmp_path):
    here, there = Fate(fate_system), Fate(elsewhere)
    here.upload()
    there.upload()
    trained = here.submit("train", dsl=DSL)
    info = trained["data"]["model_info"]
    assert info["model_version"] == trained["jobId"]
    refused = here.http.post("job/submit", json={"job_runtime_conf": {
        "dsl_version": 2, "initiator": INITIATOR, "role": ROLES,
        "job_parameters": {"common": {"job_type": "predict", **info}}, "component_parameters": {"role": READERS},
    }}).json()  # fmt: skip
    assert (refused["retcode"], "has not been deployed yet" in refused["retmsg"]) == (103, True)

    name = {"model_id": info["model_id"], "model_version": here.post("model/deploy", info)["data"]["model_version"]}
    dsl = here.post("model/get/predict/dsl", name)["data"]["components"]
    assert dsl["homo_lr_0"]["input"]["model"] == ["pipeline.homo_lr_0.model"]
    assert dsl["homo_lr_0"]["input"]["data"] == {"test_data": ["data_transform_0.data"]}
    scores = here.predict(name)
    assert len(scores["guest"][0]) == len(scores["host"][0]) == 60
    assert 0 < sum(row[2] > 0.5 for row in scores["guest"][0]) < 60

    archive = here.http.request("GET", "model/export", json={**name, "role": "guest", "party_id": 9999})
    assert archive.status_code == 200
    assert {part.split("/")[1] for part in zipfile.ZipFile(io.BytesIO(archive.content)).namelist() if "/" in part} >= {
        "guest",
        "host",
    }
    refused = there.http.post("job/submit", json={"job_runtime_conf": {
        "dsl_version": 2, "initiator": INITIATOR, "role": ROLES,
        "job_parameters": {"common": {"job_type": "predict", **name}}, "component_parameters": {"role": READERS},
    }}).json()  # fmt: skip
    assert "not exists in model local cache" in refused["retmsg"]
    there.post("model/import", files={"file": ("x.zip", archive.content)})

    there.post("model/store", {**name, "role": "guest", "party_id": 9999})
    there.post("model/restore", {**name, "role": "guest", "party_id": 9999})
    assert there.predict(name) == scores

    here.post("model/model_tag/create", {"job_id": name["model_version"], "tag_name": "used"})
    tagged = here.post("model/tag/retrieve", {"tag_name": "used", "with_model": True})["data"]
    assert (tagged["count"], tagged["models"][0]["model_version"]) == (3, name["model_version"])
    moved = here.post("model/migrate", {
        **name, "role": ROLES, "migrate_role": {"guest": [10000], "host": [9999], "arbiter": [9999]},
        "migrate_initiator": {"role": "guest", "party_id": 10000}, "execute_party": ROLES, "job_parameters": {},
    })  # fmt: skip
    other = {key: moved["data"][key] for key in ("model_id", "model_version")}
    archive = here.http.request("GET", "model/export", json={**other, "role": "guest", "party_id": 10000})
    there.post("model/import", files={"file": ("x.zip", archive.content)})
    rows = there.post("model/query", {**other, "query_filters": ["role", "party_id", "imported"]})["data"]
    assert [(row["f_role"], row["f_party_id"]) for row in rows] == [
        ("guest", "10000"), ("host", "9999"), ("arbiter", "9999"),
    ]  # fmt: skip

    file = tmp_path / "model.zip"
    written = fate_system.run("models", "export", name["model_id"], name["model_version"], "-o", str(file), "--json")
    assert json.loads(written.stdout)["size"] == file.stat().st_size, written.stderr
    taken = elsewhere.run("models", "import", str(file), "--replace", "--json")
    assert {part["party"] for part in json.loads(taken.stdout)["parts"]} == {"9999", "10000"}, taken.stderr
    listed = json.loads(elsewhere.run("models", "--model", name["model_id"], "--json").stdout)["items"]
    assert [(model["version"], model["imported"]) for model in listed] == [(name["model_version"], True)]
