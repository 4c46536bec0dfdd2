"""Every command of every published `flow`: what it printed, and what it wrote."""

import pytest

from tests.contract.dialects.fate.conftest import CLIS

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1200)]

EXPECTED_REFUSALS = {
    "upload again": 100, "checkpoint get": 404, "provider register": 103, "server reload": 103, "key save": 103,
    "key query": 103, "key delete": 103, "model homo-convert": 103, "model homo-deploy": 103,
    "component hetero-model-merge": 103, "component woe-array-extract": 103, "component woe-array-merge": 103,
}  # fmt: skip
COMPONENTS = ["reader_0", "data_transform_0", "scale_0", "homo_lr_0"]


@pytest.fixture(params=CLIS)
def version(request):
    return request.param


@pytest.fixture
def label(version):
    return f"CLI {version}"


def test_every_command_was_typed_and_none_refused_but_those_that_must_be(result, calls, version):
    # `test min` trains for minutes on FATE's own data; the same calls are made by the pipeline's test.
    assert result["uncalled"] == (["test min"] if version == "1.11.3.post1" else [])
    allowed = {name: code for name, code in EXPECTED_REFUSALS.items() if name in calls}
    if version == "1.5.0":
        allowed["queue clean"] = 100  # the client raises before it sends anything
    refused = {name: answer.get("retcode") for name, answer in calls.items() if answer.get("retcode") != 0}
    assert refused.pop("test toy", None) is None
    assert refused == allowed


def test_a_day_s_work_succeeds(facts, version):
    ended = ("upload 9999", "upload 10000", "train", "download", "store", "restore")
    assert {name: facts[name] for name in ended} == dict.fromkeys(ended, "success")
    assert facts["downloaded"] == 81
    assert facts.get("predict", "success" if version == "1.5.0" else None) == "success"
    assert (facts["stopped"], facts["in the queue"]) == ("canceled", "waiting")
    assert facts["cleaned"] == ("waiting" if version == "1.5.0" else "canceled")


def test_files_are_what_they_should_be(facts, version):
    assert list(facts["dsl file"]["components"]) == COMPONENTS
    assert facts["component summary file"]
    assert facts["component data files"] == ["data.csv", "data.meta"]
    assert "runtime_conf.json" in facts["config files"]
    assert "guest/9999/INFO.log" in facts["log files"]
    assert "parts/guest/9999/homo_lr_0/model" in facts["archive"]
    if version != "1.5.0":
        assert "pipeline.homo_lr_0.model" in str(facts["predict-dsl"])
        assert facts["predict-conf"]["job_parameters"]["common"]["job_type"] == "predict"


def test_reads_answer_with_the_job_s_own(calls):
    job = calls["job submit"]["jobId"]
    assert {row["f_job_id"] for row in calls["task query"]["data"]} == {job}
    assert "loss" in calls["component metrics"]["data"]["train"]
    assert calls["component parameters"]["data"]["ComponentParam"]["max_iter"] == 3
    assert calls["component get-summary"]["data"]
    assert calls["deleted table"]["data"]["exist"] == 0


def test_what_only_the_last_version_can(results):
    found = results["CLI 1.11.3.post1"]
    calls, facts = found["calls"], found["facts"]
    assert (facts["writer"], facts["rerun"]) == ("success", "success")
    assert {row["f_task_version"] for row in calls["rerun task"]["data"]} == {1}
    assert calls["rerun parameters"]["data"]["ComponentParam"]["max_iter"] == 2
    assert calls["resource query"]["data"]["computing_engine_resource"]["f_cores"] == 32
    assert calls["server versions"]["data"]["API"] == "v1"
    granted = {"component": ["reader"], "dataset": [{"name": "cli_1_11_3_post1", "namespace": "exp"}]}
    assert calls["privilege query"]["data"] == granted
    assert calls["privileges after"]["data"] == {"component": [], "dataset": []}
    assert {"fate/homo_lr_conf.json", "fate/homo_lr_dsl.json", "data/9999/breast_train.csv"} <= set(facts["template"])
    assert "is success" in calls["test toy"]["said"]
    assert calls["provider list"]["data"]
    assert calls["provider list-components"]["data"]
