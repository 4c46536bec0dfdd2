"""Every function of FATE 2.x's SDK: what each was answered, and what it left behind."""

import pytest

from tests.contract.dialects.fate.conftest import FLOW

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1200)]

EXPECTED_REFUSALS = {
    # Asked for on purpose: what there is twice, not at all, or not in this way.
    "upload again": 7002, "no table": 7001, "deleted table": 7001, "no job": 1001, "no task": 2000, "no such task": 2000,
    "deleted site": 5001, "unknown parameter": 1002, "unknown component": 1002,
    # The client's functions name no model.
    "model.load": 5001, "model.store": 5001, "model.restore": 5001,
    # Needs what is not here: servers that call each other, providers beside the workers', one site alone.
    "client_.create_partner": 6001, "client_.delete_partner": 6001, "provider.register": 4000, "provider.delete": 4000,
    "site.info": 3000,
}  # fmt: skip


@pytest.fixture
def label():
    return FLOW


def test_every_function_was_called_and_none_refused_but_those_that_must_be(result, calls):
    assert (result["uncalled"], result["functions"]) == ([], 63)
    assert {name: answer.get("code") for name, answer in calls.items() if answer.get("code") != 0} == EXPECTED_REFUSALS


def test_tables_are_what_was_uploaded(calls, facts):
    assert [facts[f"{what} {party}"] for what in ("upload", "transform") for party in ("9999", "10000")] == [
        "success"
    ] * 4
    table = calls["table.query"]["data"]
    assert (table["count"], table["schema"]["sid"], table["parties"]) == (428, "id", ["9999"])
    assert table["display"]["header"][:3] == ["id", "y", "x0"]
    assert (facts["local"], facts["table files"]) == ("success", ["data.csv", "data.meta"])
    assert facts["saved"] == ["success", 429]
    assert calls["bound table"]["data"]["count"] == 80


def test_a_training_is_found_by_every_question(calls, facts):
    submitted = calls["job.submit"]
    job = submitted["job_id"]
    assert submitted["data"] == {"model_id": "arbiter-10000#guest-9999#host-10000#model", "model_version": job}
    assert facts["train"] == "success"
    assert set(facts["statuses"]) <= {"waiting", "running", "success", "canceled"}
    rows = calls["job.query"]["data"]
    assert {(row["role"], row["party_id"], row["status"], row["progress"]) for row in rows} == {
        ("guest", "9999", "success", 100), ("host", "10000", "success", 100), ("arbiter", "10000", "success", 100),
    }  # fmt: skip
    assert {row["user_name"] for row in rows} == {FLOW}
    assert list(rows[0]["dag"]["dag"]["tasks"]) == ["reader_0", "psi_0", "scale_0", "lr_0", "evaluation_0"]
    assert [(row["role"], row["job_id"]) for row in calls["query by filters"]["data"]] == [("host", job)]
    assert len(calls["job.query_job_list"]["data"]["data"]) == 2
    assert [row["job_id"] for row in calls["list by filters"]["data"]["data"]] == [job]
    assert {row["description"] for row in calls["noted"]["data"]} == {"a note of mine"}
    assert calls["job.dag_dependency"]["data"]["component_list"][0] == "reader_0"
    assert {(row["task_name"], row["component"], row["status"]) for row in calls["task.query"]["data"]} == {
        ("reader_0", "reader", "success"), ("psi_0", "psi", "success"), ("scale_0", "feature_scale", "success"),
        ("lr_0", "coordinated_lr", "success"), ("evaluation_0", "evaluation", "success"),
    }  # fmt: skip
    listed = calls["task.query_task_list"]["data"]
    assert (len(listed["data"]), listed["count"]) == (3, 11)
    assert calls["log.count"]["data"]["size"] > 10
    assert [line["line_num"] for line in calls["log.query"]["data"]] == [1, 2]
    assert {f"{place}/INFO.log" for place in ("guest/9999", "host/10000", "guest/9999/lr_0")} <= set(facts["log files"])


def test_what_a_training_left_is_read_by_task(calls, facts):
    (key,) = calls["output.query_metric_key"]["data"]
    (loss,) = calls["output.query_metric"]["data"]
    assert (key["name"], loss["name"], len(loss["data"])) == ("loss", "loss", 3)
    values = [point["metric"] for point in loss["data"]]
    assert values == sorted(values, reverse=True)
    figures = {point["step"]: point["metric"] for point in calls["evaluation"]["data"][0]["data"]}
    assert figures["auc"] > 0.98
    model = calls["output.query_model"]["data"]["output_model"]
    assert list(model["data"]["weight"]) == [f"x{number}" for number in range(10)]
    assert model["meta"]["component"] == "coordinated_lr"
    assert facts["model files"] == ["output_model/model", "output_model/model.meta"]
    (table,) = calls["output.data_table"]["data"]["train_output_data"]
    assert set(table) == {"namespace", "name"}
    (shown,) = calls["output.data_display"]["data"]["train_output_data"]
    assert (shown["total"], shown["header"][1]) == (401, "label")
    folder = "train_output_data/train_output_data"
    assert facts["data files"] == [f"{folder}.csv", f"{folder}.meta"]
    assert facts["data rows"] == {f"{folder}.csv": 402}


def test_the_model_predicts_and_what_it_says_is_what_training_said(calls, facts):
    assert facts["predict"] == "success"
    (said,) = calls["predicted"]["data"]["test_output_data"]
    (trained,) = calls["output.data_display"]["data"]["train_output_data"]
    assert said["total"] == 401
    scores = [{row[0]: row[2] for row in each["data"]} for each in (said, trained)]
    assert scores[0] == pytest.approx(scores[1])


def test_the_pipeline_of_the_package_trains_and_predicts_too(calls, facts):
    assert calls["piped table"]["data"]["count"] == 428
    assert isinstance(facts["pipeline"], dict), facts["pipeline"]
    assert facts["pipeline"]["auc"] > 0.98
    assert (facts["pipeline"]["rows"], facts["pipeline"]["columns"]) == (401, 10)


def test_models_go_out_and_come_in_again(calls, facts):
    assert facts["archive"] is True
    assert [name.endswith(".zip") for name in facts["moved"]] == [True]
    assert calls["model.delete_model"]["data"] == {"count": 3}
    assert calls["delete again"]["data"] == {"count": 0}
    assert calls["model.import_model"]["data"]["model_version"] == calls["job.submit"]["job_id"]


def test_who_may_what(calls):
    assert len(calls["client_.create_client"]["data"]["app_token"]) == 32
    assert calls["permission.query"]["data"]["roles"] == ["super_client"]
    assert calls["permission left"]["data"]["roles"] == ["site"]
    assert calls["deleted client"]["data"] == []
    assert calls["client_.create_site"]["data"]["app_token"].startswith("frt_")
    assert calls["client_.query_site"]["data"][0]["online"] is False
    assert [each["party_id"] for each in calls["client_.query_partner"]["data"]] == ["10001"]
    assert calls["permission.query_resource"]["data"]["component"] == ["coordinated_lr", "psi"]
    assert calls["resources left"]["data"]["component"] == []
    assert "coordinated_lr" in calls["provider.query"]["data"][0]["components"]
    assert calls["service.get_fateflow_info"]["data"][0]["name"] == "fateflow"


def test_a_wrong_dag_is_told_what_to_change(calls):
    assert "Did you mean 'epochs'?" in calls["unknown parameter"]["message"]
    assert "Did you mean 'coordinated_lr'?" in calls["unknown component"]["message"]


def test_jobs_are_stopped_run_again_cleaned(calls, facts):
    assert (facts["toy"], facts["stopped"], facts["rerun"]) == ("success", "canceled", "success")
    assert (facts["in the queue"], facts["cleaned"]) == ("waiting", "canceled")
    assert (calls["deleted metrics"]["data"], calls["deleted model"]["data"], calls["cleaned job"]["data"]) == (
        [],
        {},
        {},
    )
