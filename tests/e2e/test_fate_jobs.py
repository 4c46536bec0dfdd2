"""FATE's own examples, sent as its clients send them, run by real workers on real data."""

import json
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import System

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]
ENDED = {"success", "failed", "canceled", "timeout"}
SHOWN = {"waiting", "running", *ENDED}
FILES = {"homo": "breast_train", "hetero": "breast_vertical_train"}
RUN_S = 120.0
QUICK = {"max_iter": 3, "encrypt_param": {"key_length": 1024}}
LEARNED = 0.85
"""An AUC that three epochs reach on features that nobody has scaled."""


@dataclass
class Fate:
    """FATE's interface of a running system."""

    url: str
    examples: Path

    def call(self, path: str, **body: Any) -> Any:
        """The whole answer."""
        request = urllib.request.Request(
            f"{self.url}/v1/{path}", json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def ok(self, path: str, **body: Any) -> Any:
        """The `data` of a success."""
        found = self.call(path, **body)
        assert found["retcode"] == 0, found
        return found.get("data")

    def load(self, name: str, kind: str) -> Any:
        """A conf or a DSL of the examples."""
        return json.loads((self.examples / f"{name}_{kind}.json").read_text())

    def run(self, conf: Any, dsl: Any) -> str:
        """Submit and wait as FATE's clients do; the id of the job, which must succeed."""
        submitted = self.call("job/submit", job_runtime_conf=conf, job_dsl=dsl)
        assert submitted["retcode"] == 0, submitted
        job, deadline = submitted["jobId"], time.monotonic() + RUN_S
        while True:
            rows = self.ok("job/query", job_id=job)
            (status,) = {row["f_status"] for row in rows}
            assert status in SHOWN
            if status in ENDED:
                break
            assert time.monotonic() < deadline, rows
            time.sleep(0.1)
        reports = [row["f_error_report"] for row in self.ok("job/task/query", job_id=job)]
        assert (status, rows[0]["f_progress"]) == ("success", 100), reports
        return str(job)

    def columns(self, job: str, role: str, party: int, component: str) -> list[str]:
        """The features in a component's data output at a party."""
        found = self.call(
            "tracking/component/output/data", job_id=job, role=role, party_id=party, component_name=component
        )
        assert found["retcode"] == 0, found
        (header,) = found["meta"]["header"]
        return [name for name in header if name not in {"id", "y", "label", "sid"}]

    def auc(self, job: str, party: int, split: str = "train") -> float:
        """The AUC that the job's evaluation found at the guest."""
        found = self.ok(
            "tracking/component/metric/all", job_id=job, role="guest", party_id=party, component_name="evaluation_0"
        )
        points = [
            dict(metric["data"])
            for metric in found[split].values()
            if metric["meta"]["metric_type"].endswith("SUMMARY")
        ]
        return float(points[0]["auc"])


@pytest.fixture(scope="module")
def fate(repository: Path, fate_system: System) -> Fate:
    """Two parties with the tables that FATE's examples read."""
    with fate_system.client() as client:
        for party, role in (("9999", "guest"), ("10000", "host")):
            for kind, file in FILES.items():
                path = repository / "examples" / "data" / party / f"{file}.csv"
                client.upload(party, f"breast_{kind}_{role}", path, namespace="experiment")
        guest = repository / "examples" / "data" / "9999" / "breast_vertical_train.csv"
        client.upload("10000", "breast_hetero_guest", guest, namespace="experiment")
    return Fate(fate_system.record()["url"], repository / "examples" / "fate")


def run_example(fate: Fate, name: str) -> str:
    return fate.run(fate.load(name, "conf"), fate.load(name, "dsl"))


def test_the_toy_of_version_1_runs_with_one_party_in_both_roles(fate):
    run_example(fate, "toy_v1")


def test_a_homogeneous_model_is_trained_deployed_and_predicts_the_same(fate):
    job = run_example(fate, "homo_lr_train")
    trained = fate.auc(job, 9999)
    assert trained > 0.99
    statuses = {
        (row["f_component_name"], row["f_role"]): row["f_party_status"] for row in fate.ok("job/task/query", job_id=job)
    }
    assert statuses["evaluation_0", "host"] == "pass"
    model = fate.ok("job/config", job_id=job, role="guest", party_id=9999)["model_info"]
    assert model["model_version"] == job
    predict = fate.load("homo_lr_train", "conf")
    predict["component_parameters"].pop("common")
    predict["job_parameters"] = {"common": {"job_type": "predict", **model}}
    refused = fate.call("job/submit", job_runtime_conf=predict, job_dsl={})
    assert (refused["retcode"], "has not been deployed yet" in refused["retmsg"]) == (103, True)
    version = fate.ok("model/deploy", **model)["model_version"]
    predict["job_parameters"]["common"]["model_version"] = version
    assert fate.auc(fate.run(predict, {}), 9999, "predict") == pytest.approx(trained, abs=1e-6)


def test_validation_data_are_transformed_with_what_training_data_taught(fate):
    job = run_example(fate, "homo_lr_train_eval")
    assert fate.auc(job, 9999, "validate") == pytest.approx(fate.auc(job, 9999, "train"), abs=1e-9)


def test_a_vertical_model_is_trained_and_a_second_job_inherits_the_preparation(fate):
    conf, dsl = fate.load("hetero_lr_normal", "conf"), fate.load("hetero_lr_normal", "dsl")
    conf["component_parameters"]["common"]["hetero_lr_0"] |= QUICK
    first = fate.run(conf, dsl)
    assert fate.auc(first, 9999) > LEARNED
    wish = {"job_id": first, "component_list": ["reader_0", "data_transform_0", "intersection_0"]}
    conf["job_parameters"] = {"common": {"inheritance_info": wish}}
    second = fate.run(conf, dsl)
    assert fate.auc(second, 9999) == pytest.approx(fate.auc(first, 9999), abs=1e-6)


def test_version_1_trains_and_predicts_without_being_deployed(fate):
    conf = fate.load("hetero_lr_v1", "conf")
    conf["algorithm_parameters"]["hetero_lr_0"] |= QUICK
    job = fate.run(conf, fate.load("hetero_lr_v1", "dsl"))
    assert fate.auc(job, 10000) > LEARNED
    model = fate.ok("job/config", job_id=job, role="guest", party_id=10000)["model_info"]
    conf["job_parameters"] |= {"job_type": "predict", **model}
    conf["algorithm_parameters"] = {}
    for params in conf["role_parameters"].values():
        params["args"]["data"].pop("train_data")
    predicted = fate.run(conf, None)
    rows = fate.ok("job/task/query", job_id=predicted, role="guest")
    assert [row["f_component_name"] for row in rows] == ["reader_0", "dataio_0", "intersection_0", "hetero_lr_0"]


def test_columns_are_judged_and_chosen_before_a_model_is_trained(fate):
    job = run_example(fate, "hetero_selection")
    assert fate.auc(job, 9999) > 0.95
    kept = {
        (role, party): fate.columns(job, role, party, "hetero_feature_selection_0")
        for role, party in (("guest", 9999), ("host", 10000))
    }
    assert 2 <= sum(map(len, kept.values())) <= 12
    assert not {"x0", "x10"} & {name for names in kept.values() for name in names}


def test_trees_are_grown_over_tables_of_which_the_second_is_prepared_as_the_first(fate):
    job = run_example(fate, "hetero_secureboost")
    assert fate.auc(job, 9999) > 0.97
    assert fate.auc(job, 9999, "validate") == pytest.approx(fate.auc(job, 9999), abs=1e-9)


def test_an_intersection_that_says_raw_is_done_safely(fate):
    conf = fate.load("intersect_raw", "conf")
    conf["role"] = {"guest": [9999], "host": [10000]}
    conf["initiator"]["party_id"] = 9999
    fate.run(conf, fate.load("intersect_raw", "dsl"))
