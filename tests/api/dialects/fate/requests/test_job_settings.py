import pytest

from api.dialects.fate.errors import FateError
from api.dialects.fate.requests.job_settings import TIMEOUT_S, JobSettings, parse_settings


def test_without_anything_a_job_trains_for_three_days_at_most():
    found = parse_settings({})
    assert (found.job_type, found.cores, found.retries, found.timeout_s) == ("train", None, None, TIMEOUT_S)
    assert found == JobSettings()


def test_numbers_may_be_texts_and_unknown_members_are_dropped():
    found = parse_settings({
        "task_cores": "2", "auto_retries": 3, "auto_retry_delay": 4, "timeout": 60, "priority": 5, "nonsense": {},
        "inheritance_info": {"job_id": 2026, "component_list": ["reader_0"]},
    })  # fmt: skip
    assert (found.cores, found.retries, found.retry_delay_s, found.timeout_s, found.priority) == (2, 3, 4.0, 60.0, 5)
    assert (found.inherits_from, found.inherited) == ("2026", ("reader_0",))
    assert found.warnings == ()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"job_type": "download"}, "job_type should be train or predict"),
        ({"task_cores": 0}, "task_cores should be a whole number from 1"),
        ({"task_cores": True}, "task_cores should be a whole number"),
        ({"auto_retries": 1000}, "auto_retries should be a whole number from 0 to 99"),
        ({"timeout": "soon"}, "timeout should be a whole number"),
        ({"auto_retries": "--5"}, "auto_retries should be a whole number from 0 to 99"),
        ({"task_cores": "1" * 5000}, "task_cores should be a whole number"),
        ({"priority": 11}, "priority should be a whole number from -10 to 10"),
        ({"inheritance_info": {"job_id": "1"}}, "inheritance_info should have job_id and component_list"),
        ({"inheritance_info": [1]}, "inheritance_info should be an object"),
    ],
)
def test_what_is_wrong_is_refused(given, said):
    with pytest.raises(FateError, match=said):
        parse_settings(given)


def test_what_asks_for_something_else_than_happens_is_said():
    found = parse_settings({"task_parallelism": 4, "computing_partitions": 1, "federated_mode": "MULTIPLE"})
    assert found.warnings == ("[WARN]task_parallelism does not take effect: tasks run as the parties' slots allow",)
