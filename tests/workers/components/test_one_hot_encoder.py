import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.preprocessing import OneHotEncoder

from tests.workers.components.tabular import make_empty, read_marks, refuse_one, run_one
from workers.components.one_hot_encoder import one_hot_encoder

TABLE = {"id": ["a", "b", "b"], "y": [0, 1, 1], "farbe": ["rot", "grün", "rot"], "n": [2.0, 10.0, 2.0], "x": [1, 1, 1]}


@given(st.lists(st.tuples(st.text(max_size=3), st.integers(-3, 3)), min_size=1, max_size=12))
@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
def test_the_columns_are_scikit_learns(rows):
    table = {"id": [str(n) for n in range(len(rows))], "t": [row[0] for row in rows], "n": [row[1] for row in rows]}
    found = run_one(one_hot_encoder, table).read_table("data")
    for name, place in (("t", 0), ("n", 1)):
        plain = OneHotEncoder(sparse_output=False)
        wanted = plain.fit_transform(np.array([[row[place]] for row in rows], dtype=object if name == "t" else int))
        assert [f"{name}_{value}" for value in plain.categories_[0]] == [
            each for each in found if each.startswith(f"{name}_")
        ]
        for column, value in enumerate(plain.categories_[0]):
            assert found[f"{name}_{value}"] == wanted[:, column].tolist()


def test_new_columns_stand_where_the_old_one_stood():
    result = run_one(one_hot_encoder, TABLE, columns=["farbe", "n"])
    assert list(result.read_table("data")) == ["id", "y", "farbe_grün", "farbe_rot", "n_2", "n_10", "x"]
    assert result.summary == {"rows": 3, "features_before": 3, "features": 5}
    assert read_marks(result) == {"id": "id", "label": "y"}


def test_later_tables_get_the_same_columns_and_zeros_for_what_was_not_known():
    learned = run_one(one_hot_encoder, TABLE, columns=["farbe"])
    later = {"id": ["z", "w"], "farbe": ["blau", "rot"], "n": [0.5, 1.5], "x": [0, 0]}
    found = run_one(one_hot_encoder, later, model=learned).read_table("data")
    assert (found["farbe_grün"], found["farbe_rot"], found["n"]) == ([0, 0], [0, 1], [0.5, 1.5])


def test_texts_where_the_model_knows_numbers_are_refused_rather_than_all_unknown():
    numbers = {"id": ["a", "b"], "n": [1, 2]}
    texts = {"id": ["a", "b"], "n": ["1", "2"]}
    floats = {"id": ["a", "b"], "n": [2.0, 1.0]}
    learned = run_one(one_hot_encoder, numbers)
    assert run_one(one_hot_encoder, floats, model=learned).read_table("data")["n_1"] == [0, 1]
    assert "column 'n' of party 9999 holds texts, but the model knows it by whole numbers" in refuse_one(
        one_hot_encoder, texts, model=learned
    )
    assert "holds whole numbers, but the model knows it by texts" in refuse_one(
        one_hot_encoder, numbers, model=run_one(one_hot_encoder, texts)
    )


@pytest.mark.parametrize(
    ("table", "params", "texts"),
    [
        ({**TABLE, "n": [1.5, 2, 3]}, {}, ["column 'n' of party 9999 holds 1 values that are neither whole numbers"]),
        (
            {**TABLE, "n": [1, None, 3]},
            {},
            ["column 'n' of party 9999 is missing in 1 of 3 rows", "feature_imputation"],
        ),
        ({**TABLE, "n_2": [1, 1, 1]}, {"columns": ["n"]}, ["gives party 9999 two columns 'n_2'"]),
        ({"id": list(range(1025)), "n": list(range(1025))}, {}, ["column 'n' of party 9999 has 1025 different values"]),
        (TABLE, {"columns": ["nix"]}, ["party 9999 has no feature 'nix'"]),
        (make_empty("n"), {}, ["party 9999 has no rows"]),
    ],
)
def test_what_cannot_work_is_named_with_party_column_and_remedy(table, params, texts):
    text = refuse_one(one_hot_encoder, table, **params)
    assert all(each in text for each in texts), text
