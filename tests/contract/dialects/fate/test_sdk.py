"""Every function of every published SDK: what each was answered, and what it left behind."""

import pytest

from tests.contract.dialects.fate.conftest import SDKS, SIGNING
from tests.contract.dialects.fate.named import FROM_1_6, SDK

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1200)]

EXPECTED_REFUSALS = {
    # Asked for on purpose: what there is twice, or not at all.
    "upload again": 100, "no task": 101, "import again": 409, "no tag": 100,
    # Needs what is not here: checkpoints that no step left, other formats of models.
    "checkpoint.get_checkpoint": 404, "model.homo_convert": 103, "model.homo_deploy": 103,
    "component.hetero_model_merge": 103, "component.woe_array_extract": 103, "component.woe_array_merge": 103,
}  # fmt: skip


@pytest.fixture(params=SDKS)
def version(request):
    return request.param


@pytest.fixture
def label(version):
    return f"SDK {version}"


@pytest.fixture
def mine(version):
    return f"sdk_{version.replace('.', '_')}"


def test_every_function_was_called_and_none_refused_but_those_that_must_be(result, calls, version):
    assert result["uncalled"] == []
    allowed = dict(EXPECTED_REFUSALS)
    if version == "1.5.0":
        allowed["model.import_model"] = 409  # it loses the fields of its form, so it cannot ask for an update
    answers = {name: answer for name, answer in calls.items() if not name.startswith("remote_version.")}
    refused = {name: answer.get("retcode") for name, answer in answers.items() if answer.get("retcode") != 0}
    assert refused == {name: code for name, code in allowed.items() if name in calls}
    assert set(SDK) - (FROM_1_6 if version == "1.5.0" else set()) <= set(calls)


def test_only_those_that_can_sign_were_signed_in_under_their_own_name(calls, version):
    owner = {row["f_user_id"] for row in calls["job.query"]["data"]}
    assert owner == {f"SDK {version}" if version in SIGNING else "legacy"}


def test_tables_are_what_was_uploaded(calls, facts, mine):
    assert (facts["upload 9999"], facts["upload 10000"], facts["replaced"]) == ("success",) * 3
    table = calls["table.info"]["data"]
    assert (table["table_name"], table["namespace"], table["exist"], table["count"]) == (f"{mine}_9999", "exp", 1, 80)
    assert "already exists" in calls["upload again"]["retmsg"]
    assert (calls["no table"]["data"]["exist"], calls["no table"]["data"]["count"]) == (0, 0)
    assert calls["deleted table"]["data"]["exist"] == 0
    (entry,) = calls["one upload"]["data"]
    assert entry[calls["data.upload"]["jobId"]]["upload_info"]["upload_count"] == 80
    assert len(calls["data.upload_history"]["data"]) == 5 or len(calls["data.upload_history"]["data"]) >= 3
    assert (facts["download"], facts["downloaded"]) == ("success", 81)


def test_a_training_is_found_by_every_question(calls, facts):
    submitted = calls["job.submit"]
    job = calls["job.query"]["data"][0]["f_job_id"]
    assert facts["train"] == "success"
    assert {(row["f_role"], row["f_party_id"]) for row in calls["job.query"]["data"]} == {
        ("guest", "9999"), ("host", "10000"), ("arbiter", "10000"),
    }  # fmt: skip
    assert [row["f_progress"] for row in calls["job.query"]["data"]] == [100, 100, 100]
    assert [(row["f_role"], row["f_job_id"]) for row in calls["query by filters"]["data"]] == [("host", job)]
    assert calls["no job"]["data"] == []
    assert len(calls["job.list"]["data"]["jobs"]) == 3
    assert {row["f_job_id"] for row in calls["job.view"]["data"]} == {job}
    assert submitted["data"]["model_info"]["model_id"]
    assert "ready" not in facts["statuses"]
    assert {row["f_component_name"] for row in calls["task.query"]["data"]} == {
        "reader_0", "data_transform_0", "scale_0", "homo_lr_0", "evaluation_0",
    }  # fmt: skip
    assert {row["f_status"] for row in calls["task.query"]["data"]} <= {"success", "pass"}
    assert set(calls["component.list"]["data"]["components"]) >= {"data_transform_0", "scale_0", "homo_lr_0"}


def test_what_a_training_left_is_read_by_component(calls, facts):
    metrics = calls["component.metrics"]["data"]
    assert "loss" in metrics["train"]
    assert set(calls["component.metric_all"]["data"]["train"]) == set(metrics["train"])
    loss = calls["component.metric_all"]["data"]["train"]["loss"]["data"]
    assert [point[0] for point in loss] == [1, 2, 3]
    assert loss[2][1] < loss[0][1]
    assert dict(calls["evaluation"]["data"]["train"]["homo_lr_0"]["data"])["auc"] > 0.9
    params = calls["component.parameters"]["data"]["ComponentParam"]
    assert (params["max_iter"], params["learning_rate"], params["penalty"]) == (3, 0.15, "L2")
    assert calls["component.output_model"]["data"]
    assert calls["component.get_summary"]["data"]
    (table,) = calls["component.output_data_table"]["data"]
    assert set(table) >= {"table_name", "table_namespace", "data_name"}
    assert facts["data files"] == ["data.csv", "data.meta"]
    assert facts["data rows"] == {"data.csv": 8}
    assert calls["deleted metrics"]["data"] == {}


def test_files_lie_where_the_client_writes_them(facts):
    assert set(facts["config files"]) == {"dsl.json", "model_info.json", "runtime_conf.json", "train_runtime_conf.json"}
    assert {f"{place}/INFO.log" for place in ("guest/9999", "host/10000", "guest/9999/homo_lr_0")} <= set(
        facts["log files"]
    )


def test_a_predict_dsl_keeps_the_chosen_and_reads_their_models(calls):
    components = calls["job.generate_dsl"]["data"]["components"]
    assert list(components) == ["reader_0", "data_transform_0", "scale_0", "homo_lr_0"]
    assert components["homo_lr_0"]["input"] == {
        "data": {"test_data": ["scale_0.data"]},
        "model": ["pipeline.homo_lr_0.model"],
    }


def test_a_deployed_model_predicts(calls, facts, version):
    if version == "1.5.0":
        assert "model.deploy" not in calls
        return
    trained = calls["job.submit"]["data"]["model_info"] if "predict" not in calls else None
    deployed = calls["model.deploy"]["data"]
    assert trained is None or deployed["model_version"] != trained["model_version"]
    assert deployed["detail"]["guest"]["9999"]["retcode"] == 0
    assert "pipeline.homo_lr_0.model" in str(calls["model.get_predict_dsl"]["data"])
    assert calls["model.get_predict_conf"]["data"]["job_parameters"]["common"]["job_type"] == "predict"
    assert {(row["f_role"], row["f_party_id"]) for row in calls["model.get_model_info"]["data"]} >= {("guest", "9999")}
    assert facts["predict"] == "success"
    assert calls["predicted"]["data"][0]["table_name"]


def test_models_are_published_moved_and_tagged(calls, facts, mine):
    assert calls["model.load"]["data"]["guest"] == {"9999": 0}
    assert calls["model.bind"]["retmsg"] == f"service id is {mine}"
    assert "parts/guest/9999/homo_lr_0/model" in facts["archive"]
    assert (facts["store"], facts["restore"]) == ("success", "success")
    assert calls["model.migrate"]["data"]["model_id"] == "arbiter-9999#guest-10000#host-9999#model"
    assert [tag["name"] for tag in calls["model.tag_list"]["data"]["tags"]] == [f"{mine}_tag"]
    assert calls["no tags"]["data"]["tags"] == []
    assert calls["tag.query"]["data"]["tags"][0]["name"] == mine
    assert f"{mine}2" in {tag["name"] for tag in calls["tag.list"]["data"]["tags"]}


def test_a_stopped_job_is_canceled_and_so_is_a_cleaned_queue(facts):
    assert facts["stopped"] == "canceled"
    assert (facts["in the queue"], facts["cleaned"]) == ("waiting", "canceled")


def test_versions_are_told(calls, version):
    if version in SIGNING:
        found = {name: calls[f"remote_version.{name}"] for name in ("api", "fate", "fate_flow", "eggroll")}
        assert found == {"api": "v1", "fate": "1.11.2", "fate_flow": "1.11.2", "eggroll": None}
        assert calls["remote_version.python"].startswith("3.")


def test_the_first_steps_of_the_documentation_run(results):
    facts = results["SDK 1.11.3.post1"]["facts"]
    assert facts["first steps"] == "success"
    assert facts["first summary"]["homo_lr_0"]["train"]["auc"] > 0.95


def test_the_toy_runs_as_the_sdk_sends_it(facts, version):
    assert facts.get("toy") == ("success" if version in SIGNING else None)
