import pytest

from api.dialects.fate.errors import FateError
from api.dialects.fate.v2.vocabulary.settings import render_settings, warn_of_settings


def test_a_conf_becomes_the_job_s_parameters():
    conf = {"cores": 4, "auto_retries": 2, "priority": 3, "task": {"timeout": 60}, "sync_type": "poll"}
    assert render_settings(conf, None) == {"task_cores": 4, "auto_retries": 2, "priority": 3, "timeout": 60}
    found = render_settings({"inheritance": {"job_id": "1", "task_list": ["a"]}}, ("m", "v"))
    assert found["inheritance_info"] == {"job_id": "1", "component_list": ["a"]}
    assert (found["job_type"], found["model_id"], found["model_version"]) == ("predict", "m", "v")


def test_half_an_inheritance_is_refused():
    with pytest.raises(FateError, match="job_id and task_list"):
        render_settings({"inheritance": {"job_id": "1"}}, None)


def test_what_a_dag_asks_for_and_does_not_get_is_said():
    tasks = {
        "a": {"conf": {"provider": "fate:2.2.0@local"}},
        "b": {"conf": {"provider": "other", "timeout": 5}},
        "c": {"conf": None},
    }
    assert list(warn_of_settings({"tasks": tasks})) == [
        "[WARN]tasks.b.conf.provider other does not take effect: tasks run what the parties' workers offer",
        "[WARN]tasks.b.conf.timeout does not take effect: the DAG's own conf counts for all tasks",
    ]
    conf = {"core": 4, "cores": 2, "sync_type": "poll", "task": {"provider": "unionpay:1@local", "timeout": 3}}
    assert [each.partition(" does")[0] for each in warn_of_settings({"tasks": {}, "conf": conf})] == [
        "[WARN]conf.core",
        "[WARN]conf.task.provider unionpay:1@local",
    ]
    with pytest.raises(FateError, match="task a: conf should be an object"):
        list(warn_of_settings({"tasks": {"a": {"conf": []}}}))
