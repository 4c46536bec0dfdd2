import pytest

from api.dialects.fate.errors import FateError
from api.dialects.fate.v2.vocabulary.settings import render_settings


def test_a_conf_becomes_the_job_s_parameters():
    conf = {"cores": 4, "auto_retries": 2, "priority": 3, "task": {"timeout": 60}, "sync_type": "poll"}
    assert render_settings(conf, None) == {"task_cores": 4, "auto_retries": 2, "priority": 3, "timeout": 60}
    found = render_settings({"inheritance": {"job_id": "1", "task_list": ["a"]}}, ("m", "v"))
    assert found["inheritance_info"] == {"job_id": "1", "component_list": ["a"]}
    assert (found["job_type"], found["model_id"], found["model_version"]) == ("predict", "m", "v")


def test_half_an_inheritance_is_refused():
    with pytest.raises(FateError, match="job_id and task_list"):
        render_settings({"inheritance": {"job_id": "1"}}, None)
