"""Every command of the `flow` of FATE 2.x: what it printed, and what it wrote."""

import pytest

from tests.contract.dialects.fate.conftest import TYPED

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1200)]

EXPECTED_REFUSALS = {
    # Asked for on purpose: what there is not, not for everybody, or not in this way.
    "a file of nobody's": 5005, "no table": 7001, "deleted table": 7001, "download of no table": 7001, "no job": 1001,
    "log of no job": 1001, "stop of no job": 1001, "rerun of no job": 1001, "no such log": 5001, "no task": 2000,
    "metrics of no task": 2000, "no model": 2005, "export of no model": 5001, "import of no archive": 5001,
    "no client": 5001, "deleted site": 5001, "unknown parameter": 1002, "no schema": 1002, "no tasks": 1002,
    "toy with nobody": 1002,
    "part of a model": 6001,
    # Needs what is not here: servers that call each other, providers beside the workers', one site alone.
    "client create-partner": 6001, "client delete-partner": 6001, "provider register": 4000, "provider delete": 4000,
    "site query": 3000,
}  # fmt: skip


@pytest.fixture
def label():
    return TYPED


def test_every_command_was_typed_and_none_refused_but_those_that_must_be(result, calls):
    assert (result["uncalled"], result["functions"]) == ([], 57)
    refused = {name: answer.get("code") for name, answer in calls.items() if answer.get("code") != 0}
    assert refused.pop("version", "") is refused.pop("test toy", "") is None  # they print no JSON
    assert refused == EXPECTED_REFUSALS
    assert all(calls[name]["message"] for name in EXPECTED_REFUSALS)
    assert calls["version"]["said"] == "2.2.0\n"
    assert "Did you mean 'epochs'?" in calls["unknown parameter"]["message"]


def test_a_day_s_work_succeeds(calls, facts):
    ended = ("upload 9999", "upload 10000", "transform 9999", "transform 10000", "train", "rerun")
    assert {name: facts[name] for name in ended} == dict.fromkeys(ended, "success")
    assert (facts["saved"], facts["stopped"]) == (["success", 81], "canceled")
    assert calls["test toy"]["said"].endswith("is success\n")
    assert (facts["in the queue"], facts["cleaned"]) == ("waiting", "canceled")


def test_files_are_what_they_should_be(facts):
    assert facts["table files"] == ["data.csv", "data.meta"]
    assert facts["model files"] == ["output_model/model", "output_model/model.meta"]
    assert facts["data files"] == [f"train_output_data/train_output_data.{kind}" for kind in ("csv", "meta")]
    assert {f"{place}/INFO.log" for place in ("guest/9999", "host/10000", "guest/9999/homo_lr_0")} <= set(
        facts["log files"]
    )


def test_reads_answer_with_the_job_s_own(calls):
    job = calls["job submit"]["job_id"]
    for rows in (calls["job query"]["data"], calls["job list"]["data"]["data"]):
        assert [(row["job_id"], row["role"], row["status"]) for row in rows] == [(job, "guest", "success")]
    for rows in (calls["task query"]["data"], calls["task list"]["data"]["data"]):
        assert [(row["task_name"], row["party_id"], row["task_version"]) for row in rows] == [("homo_lr_0", "9999", 0)]
    assert calls["job dependency"]["data"]["component_list"] == ["reader_0", "homo_lr_0"]
    assert calls["log count"]["data"]["size"] == len(calls["log query"]["data"]) > 10
    assert calls["log of a task"]["data"]
    points = {each["name"]: len(each["data"]) for each in calls["output query-metric"]["data"]}
    assert points["loss"] == 2
    assert set(points) == {each["name"] for each in calls["output query-metric-key"]["data"]}
    assert len(calls["output query-model"]["data"]["output_model"]["data"]["weight"]) == 30
    assert set(calls["output query-data-table"]["data"]["train_output_data"][0]) == {"namespace", "name"}
    assert calls["output display-data"]["data"]["train_output_data"][0]["total"] == 80
    assert len(calls["table query"]["data"]["display"]["data"]) == 80


def test_what_is_taken_away_is_gone(calls, facts):
    assert facts["archive"] is True
    assert calls["model delete"]["data"] == {"count": 3}
    assert calls["model import"]["data"]["model_version"] == calls["job submit"]["job_id"]
    assert (calls["deleted metrics"]["data"], calls["cleaned job"]["data"]) == ([], {})


def test_who_may_what(calls):
    assert [each["app_name"] for each in calls["client query-client"]["data"]] == ["typed"]
    assert calls["permission query"]["data"]["roles"] == ["super_client"]
    assert calls["permission left"]["data"]["roles"] == ["site"]
    assert [each["party_id"] for each in calls["client query-partner"]["data"]] == ["10003"]
    granted = {"component": ["psi"], "dataset": [{"name": "breast_9999", "namespace": "cli"}]}
    assert calls["permission query-resource"]["data"] == granted
    assert calls["resources left"]["data"] == {"component": [], "dataset": []}
    assert calls["provider query"]["data"][0]["provider_name"].startswith("fedrota:")
    assert calls["no provider"]["data"] == []
