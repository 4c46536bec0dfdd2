import json

import pytest

from api.dialects.fate.errors import FateError
from api.dialects.fate.requests.submission import find_readers, parse_json_member, parse_submission

CONF_1 = {
    "initiator": {"role": "guest", "party_id": 1},
    "role": {"guest": [1]},
    "role_parameters": {"guest": {"args": {"data": {"eval_data": [{"name": "t", "namespace": "n"}]}}}},
}
STORED = {
    "components": {
        "reader_0": {"module": "Reader", "output": {"data": ["train_data"]}},
        "dataio_0": {"module": "DataIO", "input": {"data": {"data": ["reader_0.train_data"]}}},
    }
}


def test_both_names_of_the_members_and_texts_of_json_are_taken():
    sent = parse_submission({"runtime_conf": json.dumps({**CONF_1, "dsl_version": 2}), "dsl": STORED})
    assert not sent.is_first
    assert sent.dsl == STORED
    assert sent.convert({}).conf.roles == {"guest": ("1",)}


def test_nothing_is_no_conf():
    with pytest.raises(FateError, match="no parameters") as refused:
        parse_submission({"job_dsl": STORED})
    assert refused.value.retcode == 103


def test_what_a_first_version_gives_to_evaluate_goes_to_the_reader_of_the_training_data():
    found = parse_submission({"job_runtime_conf": CONF_1}).convert(STORED)
    assert found.dsl == STORED
    assert found.conf.get_params("reader_0", "guest", 0) == {"table": {"name": "t", "namespace": "n"}}


@pytest.mark.parametrize(
    ("version", "given", "said"),
    [
        (
            1,
            {"component_parameters": {"common": {}}},
            "component_parameters does not take effect: the conf is of version 1",
        ),
        (2, {"algorithm_parameters": {"a": {}}}, "algorithm_parameters does not take effect: the conf is of version 2"),
        (2, {"role_parameters": {}}, ""),
    ],
)
def test_parameters_in_the_form_of_the_other_version_are_said(version, given, said):
    conf = {**CONF_1, "role_parameters": {}, "dsl_version": version, **given}
    warnings = parse_submission({"job_runtime_conf": conf}).convert(STORED).conf.warnings
    assert [said in each for each in warnings] == ([True] if said else [])


def test_a_reader_of_the_same_name_goes_first():
    two = {"components": {**STORED["components"], "reader_1": {"module": "Reader", "output": {"data": ["eval_data"]}}}}
    assert find_readers(two)["eval_data"] == "reader_1"
    assert find_readers({}) == {}


def test_a_text_that_is_no_json_is_refused():
    with pytest.raises(FateError, match="job_dsl: is not JSON"):
        parse_json_member("{", "job_dsl")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "conf: is not JSON"),
        ('{"a": 1, "a": 2}', "stands twice"),
        ('{"a": {"b": "x\\u0000"}}', "conf: a.b: a text holds a NUL character"),
        ("[" * 40 + "]" * 40, "deeper than 32 levels"),
    ],
)
def test_a_text_of_json_is_looked_through_as_a_body_is(text, message):
    with pytest.raises(FateError, match=message) as refused:
        parse_json_member(text, "conf")
    assert refused.value.retcode == 103
