"""FATE's tables end to end: uploaded in each of the four ways, read by a job of two parties, and everything read back."""

import io
import json
import tarfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import numpy as np
import pytest

from tests.e2e.conftest import System

pytestmark = pytest.mark.timeout(600)

ROWS = 300
END_S = 90.0
BOUNDARY = "b0undary"
GUEST, HOST = "breast_guest", "breast_host"
LR = "hetero_lr_0"


def make_tables() -> tuple[bytes, bytes]:
    """The guest's table with labels and the host's, of the same people in another order."""
    random = np.random.default_rng(7)
    features = random.normal(size=(ROWS, 6))
    labels = (features @ [2, -1, 1, 1, -2, 1] + random.normal(scale=0.3, size=ROWS) > 0).astype(int)
    guest = ["id,y,x0,x1,x2"] + [
        f"{row},{labels[row]},{','.join(f'{value:.6f}' for value in features[row, :3])}" for row in range(ROWS)
    ]
    host = ["id,x0,x1,x2"] + [
        f"{row},{','.join(f'{value:.6f}' for value in features[row, 3:])}" for row in random.permutation(ROWS)
    ]
    return "\n".join(guest).encode(), "\n".join(host).encode()


class Flow:
    """FATE's interface as its clients call it."""

    def __init__(self, url: str) -> None:
        self.url = f"{url}/v1"

    def send(
        self, path: str, body: bytes, *, kind: str = "application/json", method: str = "POST"
    ) -> tuple[int, bytes]:
        call = urllib.request.Request(self.url + path, body, {"Content-Type": kind}, method=method)
        try:
            with urllib.request.urlopen(call, timeout=60) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as wrong:
            return wrong.code, wrong.read()

    def post(self, path: str, **members: Any) -> Any:
        return json.loads(self.send(path, json.dumps(members).encode())[1])

    def ok(self, path: str, **members: Any) -> Any:
        found = self.post(path, **members)
        assert found["retcode"] == 0, found
        return found.get("data")

    def upload(self, content: bytes, query: str = "", **fields: Any) -> Any:
        parts = [
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
            for name, value in fields.items()
        ]
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'.encode()
        body = b"".join([*parts, head, content, f"\r\n--{BOUNDARY}--\r\n".encode()])
        found = json.loads(self.send(f"/data/upload{query}", body, kind=f"multipart/form-data; boundary={BOUNDARY}")[1])
        assert found["retcode"] == 0, found
        return found["jobId"]

    def wait(self, job: str) -> list[dict[str, Any]]:
        deadline = time.monotonic() + END_S
        while time.monotonic() < deadline:
            rows = self.ok("/job/query", job_id=job)
            if rows and rows[0]["f_status"] not in {"waiting", "running"}:
                return list(rows)
            time.sleep(0.2)
        raise AssertionError(f"job {job} did not end within {END_S} s")


@pytest.fixture(scope="module")
def flow(fate_system: System) -> Flow:
    """FATE's interface of a system of two parties."""
    return Flow(fate_system.record()["url"])


@pytest.fixture(scope="module")
def older(flow: Flow) -> list[str]:
    """The uploads before ours, the newest first."""
    return list_uploads(flow)


@pytest.fixture(scope="module")
def uploads(flow: Flow, older: list[str], allowed: Path) -> dict[str, str]:
    """The job of each way's upload, none of them `older`; the first two ways leave what the training reads."""
    guest, host = make_tables()
    conf = {"namespace": "experiment", "head": 1, "partition": 4}
    (allowed / "guest.csv").write_bytes(guest)
    local = {**conf, "table_name": "there", "use_local_data": 0, "file": str(allowed / "guest.csv"), "party_id": 10000}
    return {
        "form": flow.upload(guest, **conf, table_name=GUEST),
        "document": flow.upload(host, "?" + quote(json.dumps({**conf, "table_name": HOST, "party_id": 10000}))),
        "pairs": flow.upload(guest, "?" + urlencode({**conf, "table_name": "pairs", "party_id": 9999, "drop": 2})),
        "local": flow.ok("/data/upload", **local)["job_id"],
    }


@pytest.fixture(scope="module")
def job(flow: Flow, uploads: dict[str, str]) -> str:
    """A vertical logistic regression of both parties, evaluated; it has ended in success."""
    components = {
        "reader_0": {"module": "Reader", "output": {"data": ["data"]}},
        "data_transform_0": {
            "module": "DataTransform", "input": {"data": {"data": ["reader_0.data"]}},
            "output": {"data": ["data"], "model": ["model"]},
        },
        "intersection_0": {
            "module": "Intersection", "input": {"data": {"data": ["data_transform_0.data"]}},
            "output": {"data": ["data"]},
        },
        LR: {
            "module": "HeteroLR", "input": {"data": {"train_data": ["intersection_0.data"]}},
            "output": {"data": ["scores"], "model": ["model"]},
        },
        "evaluation_0": {
            "module": "Evaluation", "input": {"data": {"data": [f"{LR}.scores"]}}, "output": {"data": ["data"]},
        },
    }  # fmt: skip
    read = {GUEST: ("guest", True), HOST: ("host", False)}
    by_role = {
        role: {
            "0": {
                "reader_0": {"table": {"name": table, "namespace": "experiment"}},
                "data_transform_0": {"with_label": labelled},
            }
        }
        for table, (role, labelled) in read.items()
    }
    training = {"max_iter": 5, "batch_size": 100, "learning_rate": 0.3, "encrypt_param": {"key_length": 1024}}
    conf = {
        "dsl_version": 2,
        "initiator": {"role": "guest", "party_id": 9999},
        "role": {"guest": [9999], "host": [10000], "arbiter": [10000]},
        "job_parameters": {"common": {"job_type": "train"}},
        "component_parameters": {"common": {LR: training}, "role": by_role},
    }
    sent = flow.post("/job/submit", job_dsl={"components": components}, job_runtime_conf=conf)
    assert sent["retcode"] == 0, sent
    rows = flow.wait(sent["jobId"])
    assert {row["f_status"] for row in rows} == {"success"}, rows
    return str(sent["jobId"])


def at(job: str, component: str, **changes: Any) -> dict[str, Any]:
    return {"job_id": job, "role": "guest", "party_id": 9999, "component_name": component, **changes}


def unpack(raw: bytes) -> dict[str, str]:
    with tarfile.open(fileobj=io.BytesIO(raw), mode="r:gz") as tar:
        return {name: tar.extractfile(name).read().decode() for name in tar.getnames()}  # type: ignore[union-attr]


def list_uploads(flow: Flow) -> list[str]:
    return [next(iter(each)) for each in flow.ok("/data/upload/history")]


def test_each_upload_is_a_job_that_succeeds_and_stands_in_the_history(
    flow: Flow, older: list[str], uploads: dict[str, str]
) -> None:
    assert {row["f_status"] for each in uploads.values() for row in flow.wait(each)} == {"success"}
    (both,) = {tuple(row["f_party_id"] for row in flow.wait(uploads["form"]))}
    assert set(both) == {"9999", "10000"}
    assert list_uploads(flow) == [*reversed(uploads.values()), *older]
    history = flow.ok("/data/upload/history")[: len(uploads)]
    assert {each["upload_info"]["upload_count"] for entry in history for each in entry.values()} == {ROWS}


def test_tables_come_back_as_they_were_sent(flow: Flow, uploads: dict[str, str], allowed: Path) -> None:
    guest, _ = make_tables()
    info = flow.ok("/table/table_info", namespace="experiment", table_name=GUEST)
    assert (info["count"], info["partition"], info["schema"]) == (ROWS, 4, {"header": "y,x0,x1,x2", "sid": "id"})
    target = allowed / "out" / "guest.csv"
    saved = flow.ok("/data/download", namespace="experiment", table_name=GUEST, output_path=str(target))
    assert {row["f_status"] for row in flow.wait(saved["job_id"])} == {"success"}
    sent, read = (
        np.loadtxt(text.splitlines(), delimiter=",", skiprows=1) for text in (guest.decode(), target.read_text())
    )
    np.testing.assert_array_equal(sent, read)
    body = json.dumps({"namespace": "experiment", "name": "there"}).encode()
    status, raw = flow.send("/table/download", body, method="GET")
    assert (status, len(unpack(raw)["table.csv"].splitlines())) == (200, ROWS + 1)


def test_metrics_and_summaries_say_how_good_the_model_is(flow: Flow, job: str) -> None:
    loss = flow.ok("/tracking/component/metric/all", **at(job, LR))["train"]["loss"]
    assert [round_ for round_, _ in loss["data"]] == list(range(len(loss["data"])))
    assert loss["data"][-1][1] < loss["data"][0][1]
    figures = flow.ok("/tracking/component/metric/all", **at(job, "evaluation_0"))["train"]
    auc = dict(figures[LR]["data"])["auc"]
    assert auc > 0.9
    assert figures[f"{LR}_roc"]["data"][-1] == [1.0, 1.0]
    confusion = figures[f"{LR}_confusion_mat"]["meta"]
    assert sum(confusion[name][0] for name in ("tp", "fp", "tn", "fn")) == ROWS
    assert flow.ok("/tracking/component/summary/download", **at(job, "evaluation_0"))[LR]["train"]["auc"] == auc
    assert flow.ok("/tracking/component/summary/download", **at(job, LR))["loss_history"] == [
        v for _, v in loss["data"]
    ]
    assert flow.ok("/tracking/component/parameters", **at(job, LR))["ComponentParam"]["max_iter"] == 5


def test_models_lie_in_parts_at_their_parties(flow: Flow, job: str) -> None:
    guest = flow.ok("/tracking/component/output/model", **at(job, LR))
    host = flow.ok("/tracking/component/output/model", **at(job, LR, role="host", party_id=10000))
    assert (guest["header"], len(host["weight"])) == (["x0", "x1", "x2"], 3)
    assert guest["weight"]["x0"] > 0 > guest["weight"]["x1"]
    assert host["intercept"] == 0
    arbiter = flow.post("/tracking/component/output/model", **at(job, LR, role="arbiter", party_id=10000))
    assert (arbiter["retcode"], arbiter["retmsg"]) == (0, "no data")


def test_scores_are_shown_downloaded_and_traced_to_their_table(flow: Flow, job: str, allowed: Path) -> None:
    shown = flow.post("/tracking/component/output/data", **at(job, LR))
    assert (shown["meta"]["total"], shown["meta"]["names"], len(shown["data"][0])) == ([ROWS], ["scores"], 100)
    body = json.dumps(at(job, LR)).encode()
    status, raw = flow.send("/tracking/component/output/data/download", body, method="GET")
    files = unpack(raw)
    assert (status, sorted(files), len(files["scores.csv"].splitlines())) == (
        200,
        ["scores.csv", "scores.meta"],
        ROWS + 1,
    )
    assert json.loads(files["scores.meta"])["header"] == files["scores.csv"].splitlines()[0].split(",")
    (address,) = flow.ok("/tracking/component/output/data/table", **at(job, LR))
    name = {"namespace": address["table_namespace"], "table_name": address["table_name"]}
    (source,) = flow.ok("/table/tracking/source", **name)
    assert source["source_table_name"] == GUEST
    assert job in flow.ok("/table/tracking/job", namespace="experiment", table_name=GUEST)["job"]


def test_a_disabled_table_keeps_new_jobs_away(flow: Flow, job: str) -> None:
    flow.ok("/table/disable", namespace="experiment", table_name=HOST)
    conf = flow.ok("/job/config", job_id=job, role="guest", party_id=9999)
    again = flow.post("/job/submit", job_dsl=conf["dsl"], job_runtime_conf=conf["runtime_conf"])
    assert (again["retcode"], "disabled" in again["retmsg"]) == (103, True), again
    flow.ok("/table/enable", namespace="experiment", table_name=HOST)


def test_only_the_parties_folders_are_opened(flow: Flow) -> None:
    given = {"namespace": "experiment", "table_name": "x", "head": 1, "partition": 1, "party_id": 9999}
    for path in ("/etc/passwd", "/proc/self/environ"):
        assert flow.post("/data/upload", **given, use_local_data=0, file=path)["retcode"] == 108
    found = flow.post("/data/download", namespace="experiment", table_name=GUEST, output_path="/etc/x.csv")
    assert found["retcode"] == 108
