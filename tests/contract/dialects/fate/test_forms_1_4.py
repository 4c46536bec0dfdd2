"""The request forms of FATE 1.4's script: each verb and what came back."""

import pytest

from tests.contract.dialects.fate.conftest import FORMS
from tests.contract.dialects.fate.named import VERBS

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1200)]


@pytest.fixture
def label():
    return FORMS


def test_every_verb_is_served(calls):
    assert set(VERBS) <= set(calls)
    refused = {name: answer["retcode"] for name, answer in calls.items() if answer.get("retcode", 0) != 0}
    assert refused == {"upload again": 100, "no transfer": 100}
    files = {name: answer["status"] for name, answer in calls.items() if "retcode" not in answer}
    assert files == {"job_log": 200, "component_output_data": 200, "export": 200}


def test_a_literal_zero_of_a_form_appends_and_one_replaces(calls, facts):
    assert (facts["appended"], calls["appended"]["data"]["count"]) == ("success", 160)
    assert (facts["replaced"], calls["table_info"]["data"]["count"]) == ("success", 80)
    assert (facts["download"], facts["downloaded"]) == ("success", 81)


def test_a_job_in_the_old_form_runs_and_is_read(calls, facts):
    assert facts["train"] == "success"
    assert "work_mode" in calls["submit_job"]["retmsg"]
    (row,) = calls["query_job by party"]["data"]
    assert (row["f_role"], row["f_party_id"], row["f_status"]) == ("host", "10000", "success")
    assert {"dsl", "runtime_conf"} <= set(calls["job_config"]["data"])
    assert "guest/9999/INFO.log" in facts["log files"]
    assert facts["data files"] == ["data.csv", "data.meta"]
    assert [row["f_component_name"] for row in calls["query_task"]["data"]] == ["homo_lr_0"]


def test_what_no_client_has_a_function_for_is_served_too(calls):
    assert len(calls["output data"]["data"][0]) == 80
    assert calls["output data"]["meta"]["header"][0][:2] == ["id", "label"]
    assert [point[0] for point in calls["metric data"]["data"]] == [1, 2, 3]
    assert calls["metric data"]["meta"]["name"] == "loss"
    order = calls["dag dependency"]["data"]["component_list"]
    assert order.index("data_transform_0") < order.index("scale_0") < order.index("homo_lr_0")
    assert calls["job data view"]["data"]
    assert calls["transfer"]["data"]


def test_models_go_out_and_come_back(calls, facts):
    assert calls["load"]["data"]["host"] == {"10000": 0}
    assert calls["bind"]["retmsg"] == "service id is forms_1_4"
    assert "parts/host/10000/homo_lr_0/model" in facts["archive"]
    assert (facts["store"], facts["restore"]) == ("success", "success")


def test_privileges_and_cleaning(calls, facts):
    assert calls["query_privilege"]["data"]["privilege_role"] == ["all"]
    assert calls["query_privilege"]["data"]["privilege_component"] == ["dataio"]
    assert facts["stopped"] == "canceled"
    assert (facts["in the queue"], facts["cleaned"]) == ("waiting", "canceled")
