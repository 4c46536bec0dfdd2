import pytest

from tests.workers.components.tabular import make_empty, read_marks, read_model, refuse_one, run_one
from workers.components.data_statistics import data_statistics

TABLE = {"id": ["ä", "b", "b"], "y": [1, 0, 1], "age": [1.0, None, 4.0], "code": [9, 9, 9]}


def test_the_table_passes_on_and_the_figures_are_in_summary_and_model():
    result = run_one(data_statistics, TABLE)
    assert result.read_table("data") == TABLE
    assert read_marks(result) == {"id": "id", "label": "y"}
    figures = result.summary["features"]
    assert figures == read_model(result)["statistics"]
    assert set(figures) == {"age", "code"}
    assert (figures["age"]["mean"], figures["age"]["missing_count"]) == (2.5, 1)
    assert figures["age"]["missing_ratio"] == pytest.approx(1 / 3)
    assert (figures["code"]["stddev"], figures["code"]["max"]) == (0, 9)


def test_only_what_is_asked_for_is_computed():
    result = run_one(data_statistics, TABLE, statistics=["mean", "50%"], positions=[0], columns=["age"])
    assert result.summary["features"] == {"age": {"mean": 2.5, "50%": 2.5}}
    ignored = run_one(data_statistics, TABLE, statistics=["count", "mean"], ignore_values=[9, 4])
    assert ignored.summary["features"] == {"age": {"count": 1, "mean": 1}, "code": {"count": 0, "mean": None}}


def test_a_party_without_features_or_left_out_has_no_figures():
    assert run_one(data_statistics, {"id": ["a"], "y": [1]}).summary == {"rows": 1, "features": {}}
    left_out = run_one(data_statistics, TABLE, run=False)
    assert left_out.read_table("data") == TABLE
    assert read_model(left_out)["statistics"] == {}


@pytest.mark.parametrize(
    ("table", "params", "texts"),
    [
        (TABLE, {"statistics": ["mode"]}, ["no statistic 'mode' (party 9999)", "summary, sum, mean"]),
        (TABLE, {"columns": ["nix"]}, ["party 9999 has no feature 'nix'; its 2 features are age, code", "`columns`"]),
        (TABLE, {"positions": [2]}, ["party 9999 has no feature position 2", "`positions`"]),
        ({**TABLE, "age": ["x", "2", "3"]}, {}, ["column 'age' of party 9999 holds text such as 'x' (1 of 3 rows)"]),
        (make_empty("age"), {}, ["table of party 9999 has no rows"]),
        ({"name": ["a"], "age": [1]}, {}, ["input 'data' of party 9999 has no column 'id' (it has name, age)"]),
    ],
)
def test_what_cannot_work_is_named_with_party_column_and_remedy(table, params, texts):
    text = refuse_one(data_statistics, table, **params)
    assert all(each in text for each in texts), text
