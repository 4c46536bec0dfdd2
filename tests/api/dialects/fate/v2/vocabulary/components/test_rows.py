import pytest

from api.dialects.fate.errors import FateParamError
from tests.api.dialects.fate.v2.vocabulary.components.test_linear import run


def test_rows_are_read_matched_and_measured():
    assert run("reader", name="t", namespace="n") == {"table": "t", "namespace": "n"}
    assert run("psi")["method"] == "ecdh"
    assert run("evaluation", default_eval_setting="multi")["eval_type"] == "multi"
    assert run("toy_example", data_num=9) == {"length": 9}
    assert run("dataframe_transformer")["label_column"] == "y"


def test_rows_are_chosen():
    found = run("data_split", train_size=0.5, random_state=3)
    assert (found["train_size"], found["test_size"], found["validate_size"], found["seed"]) == (0.5, -1, 0, 3)
    found = run("sample", frac=0.5, replace=True)
    assert (found["mode"], found["method"], found["fraction"]) == ("random", "upsample", 0.5)
    found = run("sample", frac={0: 0.5, 1: 1.0}, hetero_sync=False)
    assert (found["fractions"], found["aligned"]) == ({"0": 0.5, "1": 1.0}, False)


@pytest.mark.parametrize(
    ("name", "given", "where"),
    [
        ("reader", {"name": "t"}, "namespace"),
        ("psi", {"protocol": "other"}, "protocol"),
        ("sample", {"n": 5}, "n"),
        ("evaluation", {"label_column_name": "y"}, "label_column_name"),
        ("dataframe_transformer", {"name": "t"}, "name"),
        ("data_split", {"hetero_sync": 1}, "hetero_sync"),
    ],
)
def test_what_is_not_done_here_is_named(name, given, where):
    with pytest.raises(FateParamError, match=where):
        run(name, **given)
