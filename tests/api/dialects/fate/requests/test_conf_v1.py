import pytest

from api.dialects.fate.errors import FateError
from api.dialects.fate.requests.conf_v1 import convert_conf, convert_dsl, is_version_1

DSL = {
    "components": {
        "dataio_0": {
            "module": "DataIO",
            "input": {"data": {"data": ["args.train_data"]}},
            "output": {"data": ["train"], "model": ["dataio"]},
        },
        "dataio_1": {"module": "DataIO", "input": {"data": {"data": ["args.eval_data"]}, "model": ["dataio_0.dataio"]}},
        "lr_0": {"module": "HeteroLR", "input": {"data": {"train_data": ["dataio_0.train"]}}},
    }
}
CONF = {
    "initiator": {"role": "guest", "party_id": 1},
    "job_parameters": {"work_mode": 0, "job_type": "train"},
    "role": {"guest": [1], "host": [2, 3]},
    "role_parameters": {
        "guest": {"args": {"data": {"train_data": [{"name": "g", "namespace": "n"}], "unused": [1]}}},
        "host": {
            "args": {"data": {"train_data": [{"name": "h0", "namespace": "n"}, {"name": "h1", "namespace": "n"}]}},
            "dataio_0": {"with_label": [False, True], "nested": {"names": [["a"], ["b"]]}},
        },
    },
    "algorithm_parameters": {"lr_0": {"alpha": 0.5}},
}


def test_tables_named_as_args_become_readers():
    dsl, readers = convert_dsl(DSL)
    assert readers == {"train_data": "reader_0", "eval_data": "reader_1"}
    assert list(dsl["components"]) == ["reader_0", "reader_1", "dataio_0", "dataio_1", "lr_0"]
    assert dsl["components"]["reader_0"] == {"module": "Reader", "output": {"data": ["train_data"]}}
    assert dsl["components"]["dataio_1"]["input"] == {
        "data": {"data": ["reader_1.eval_data"]},
        "model": ["dataio_0.dataio"],
    }
    assert DSL["components"]["dataio_0"]["input"]["data"]["data"] == ["args.train_data"]


def test_a_reader_takes_a_name_that_is_free():
    _, readers = convert_dsl({"components": {**DSL["components"], "reader_0": {"module": "Reader"}}})
    assert readers == {"train_data": "reader_1", "eval_data": "reader_2"}


def test_lists_are_given_out_party_by_party():
    conf = convert_conf(CONF, {"train_data": "reader_0"})
    assert conf["dsl_version"] == 2
    assert conf["job_parameters"] == {"common": {"work_mode": 0, "job_type": "train"}}
    assert conf["component_parameters"]["common"] == {"lr_0": {"alpha": 0.5}}
    assert conf["component_parameters"]["role"] == {
        "guest": {"0": {"reader_0": {"table": {"name": "g", "namespace": "n"}}}},
        "host": {
            "0": {
                "dataio_0": {"with_label": False, "nested": {"names": ["a"]}},
                "reader_0": {"table": {"name": "h0", "namespace": "n"}},
            },
            "1": {
                "dataio_0": {"with_label": True, "nested": {"names": ["b"]}},
                "reader_0": {"table": {"name": "h1", "namespace": "n"}},
            },
        },
    }


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([False], "host.dataio_0.with_label has 1 values, but the role has 2 parties"),
        (False, "host.dataio_0.with_label should be a list"),
    ],
)
def test_a_list_of_the_wrong_length_or_no_list_is_refused(given, said):
    conf = {**CONF, "role_parameters": {"host": {"dataio_0": {"with_label": given}}}}
    with pytest.raises(FateError, match=said):
        convert_conf(conf, {})


def test_the_version_is_said_or_follows_from_the_members():
    assert is_version_1({})
    assert is_version_1({"dsl_version": "1"})
    assert not is_version_1({"dsl_version": "2"})
    assert not is_version_1({"component_parameters": {}})
    with pytest.raises(FateError, match="dsl_version should be 1 or 2"):
        is_version_1({"dsl_version": 3})
