import pytest

from tests.workers.components.tabular import read_marks, refuse_one, run_one
from workers.components.column_expand import column_expand

TABLE = {"id": ["a", "b"], "y": [0, 1], "x": [1.5, 2.5]}


@pytest.mark.parametrize(
    ("params", "new"),
    [
        ({}, {}),
        ({"names": ["a", "größe"]}, {"a": [1e-8] * 2, "größe": [1e-8] * 2}),
        ({"names": ["a", "b"], "values": [3, "x"]}, {"a": [3.0] * 2, "b": ["x"] * 2}),
    ],
)
def test_columns_come_at_the_end(params, new):
    result = run_one(column_expand, TABLE, **params)
    assert result.read_table("data") == {**TABLE, **new}
    assert list(result.read_table("data")) == ["id", "y", "x", *new]
    assert read_marks(result) == {"id": "id", "label": "y"}


def test_later_tables_get_the_same_columns():
    learned = run_one(column_expand, TABLE, names=["q"], values=[2])
    assert run_one(column_expand, {"id": ["z"], "x": [0]}, model=learned).read_table("data")["q"] == [2.0]


@pytest.mark.parametrize(
    ("params", "texts"),
    [
        ({"names": ["x"]}, ["party 9999 already has 'x'", "`names`"]),
        ({"names": ["a", "b", "c"], "values": [1, 2]}, ["`values` has 2 values and `names` has 3 names at party 9999"]),
        ({"names": ["a"], "values": []}, ["values must have at least 1 items"]),
        ({"names": ["a", "a"]}, ["names repeats an item"]),
    ],
)
def test_what_cannot_work_is_named_with_party_column_and_remedy(params, texts):
    text = refuse_one(column_expand, TABLE, **params)
    assert all(each in text for each in texts), text
