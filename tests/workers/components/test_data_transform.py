import datetime
import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fedrota.component import InvalidInputError
from fedrota.simulate import simulate
from tests.workers.components.tabular import ONE, read_marks, read_model, refuse_one, run_one
from workers.components.data_statistics import data_statistics
from workers.components.data_transform import data_transform

TABLE = {"id": ["a", "b", "c"], "y": [1, 0, 1], "x0": [1, 2, 3], "x1": [0.5, 1.5, 2.5]}


def transform(table, *, model=None, **params):
    """The output's columns and the whole result; `model` is an earlier result."""
    result = run_one(data_transform, table, model=model, **params)
    return result.read_table("data"), result


def refuse(table, **params) -> str:
    return refuse_one(data_transform, table, **params)


def test_a_clean_table_becomes_numeric_with_id_and_label_first():
    found, result = transform(TABLE)
    assert found == {"id": ["a", "b", "c"], "y": [1, 0, 1], "x0": [1.0, 2.0, 3.0], "x1": [0.5, 1.5, 2.5]}
    assert result.summary == {"rows": 3, "features": 2, "filled": 0, "labels": {"0": 1, "1": 2}}
    assert result.outputs["data"].facts == {"rows": 3, "columns": 4}
    assert result.log == ["3 rows, 2 features"]


def test_numbers_in_text_booleans_and_odd_names_are_read():
    columns = {"名": [7, 8], "ziel": ["ja", "nein"], "größe": ["1.5", " 2 "], "flag": [True, False]}
    found, _ = transform(columns, id_column="名", label_column="ziel", label_map={"ja": 1, "nein": 0})
    assert found == {"名": ["7", "8"], "ziel": [1, 0], "größe": [1.5, 2.0], "flag": [1.0, 0.0]}


def test_a_party_without_labels_goes_on_unless_it_must_have_them():
    columns = {name: values for name, values in TABLE.items() if name != "y"}
    found, result = transform(columns)
    assert list(found) == ["id", "x0", "x1"]
    assert "no column 'y': going on without labels" in result.log
    assert "party 9999 has no label column 'y'; it has id, x0, x1" in refuse(columns, label_required=True)


def test_columns_and_drop_choose_the_features_in_order():
    assert list(transform(TABLE, columns=["x1", "x0"])[0]) == ["id", "y", "x1", "x0"]
    assert list(transform(TABLE, drop=["x0"])[0]) == ["id", "y", "x1"]
    assert "party 9999 has no column 'x9'; it has id, y, x0, x1: correct `columns` or `drop`" in refuse(
        TABLE, columns=["x0", "x9"]
    )


@pytest.mark.parametrize(
    ("fill", "wanted"),
    [("mean", 2.0), ("min", 1.0), ("max", 3.0), ("value", -1.0)],
)
def test_gaps_are_filled_as_told_and_counted(fill, wanted):
    columns = {**TABLE, "x0": [1.0, None, 3.0]}
    found, result = transform(columns, fill=fill, fill_value=-1)
    assert found["x0"] == [1.0, wanted, 3.0]
    assert result.summary["filled"] == 1
    assert f"filled 1 missing values of 'x0' with {fill}" in result.log


def test_gaps_without_fill_are_refused_with_a_remedy():
    text = refuse({**TABLE, "x0": ["1", "NA", ""]})
    assert "column 'x0' of party 9999 is missing in 2 of 3 rows: set `fill` to mean, min, max, value or keep" in text


def test_an_empty_column_has_no_mean():
    columns = {**TABLE, "x0": [None, None, None]}
    assert "column 'x0' of party 9999 is empty, so it has no mean" in refuse(columns, fill="mean")
    assert transform(columns, fill="value")[0]["x0"] == [0.0, 0.0, 0.0]


@pytest.mark.parametrize(
    ("changes", "params", "texts"),
    [
        ({"x0": ["1", "abc", "x"]}, {}, ["column 'x0' of party 9999 holds text such as 'abc' (2 of 3 rows)", "`drop`"]),
        ({"x0": [1.0, float("inf"), 0.0]}, {}, ["column 'x0' of party 9999 holds infinite values (1 of 3 rows)"]),
        ({"x0": [datetime.date(2020, 1, 1)] * 3}, {}, ["column 'x0' of party 9999 is of type date32"]),
        ({"y": ["M", "B", "M"]}, {}, ["column 'y' of party 9999 holds text such as 'M'", "`label_map`"]),
        ({"y": ["M", "B", "X"]}, {"label_map": {"M": 1, "B": 0}}, ["holds 'X', which the given map lacks"]),
        ({"y": [1, None, 0]}, {}, ["label column 'y' of party 9999 is empty in 1 of 3 rows"]),
        ({"y": [1, 0.5, 0]}, {}, ["label column 'y' of party 9999 holds 0.5, which is no whole number"]),
        ({"y": [1e19, 0, 1]}, {}, ["label column 'y' of party 9999 goes up to 1e+19", "`label_type: float`"]),
        ({"id": ["a", None, "c"]}, {}, ["id column 'id' of party 9999 is empty in 1 of 3 rows"]),
        ({"id": [1, 2, 3]}, {"label_column": "id"}, ["column 'id' of party 9999 is both the ids and the label"]),
        ({}, {"id_column": "key"}, ["has no id column 'key'; it has id, y, x0, x1: set `id_column`"]),
    ],
)
def test_what_cannot_work_is_named_with_party_column_and_remedy(changes, params, texts):
    text = refuse({**TABLE, **changes}, **params)
    assert all(each in text for each in texts), text


def test_real_labels_are_kept_when_asked_for():
    found, _ = transform({**TABLE, "y": [0.5, 1.25, -3]}, label_type="float")
    assert found["y"] == [0.5, 1.25, -3.0]


def test_repeated_ids_are_refused_without_naming_anybody_in_the_reason():
    text = refuse({**TABLE, "id": ["anna", "b", "anna"]})
    assert "column 'id' of party 9999 holds 1 ids more than once" in text
    assert "anna" not in text


@pytest.mark.parametrize(("how", "ids"), [("first", ["a", "b"]), ("keep", ["a", "b", "a"])])
def test_repeated_ids_are_dropped_or_kept_when_told(how, ids):
    found, _ = transform({**TABLE, "id": ["a", "b", "a"]}, duplicate_ids=how)
    assert found["id"] == ids
    assert found["x0"] == [1.0, 2.0, 3.0][: len(ids)]


def test_an_empty_table_is_refused_and_one_row_is_enough():
    import pyarrow as pa

    empty = {"id": pa.array([], pa.string()), "x": pa.array([], pa.float64())}
    assert "table of party 9999 has no rows" in refuse(empty)
    assert transform({"id": [1], "x": [5]})[0] == {"id": ["1"], "x": [5.0]}


def test_without_an_input_it_says_what_to_connect():
    with pytest.raises(InvalidInputError, match="needs the input 'data' at party 9999"):
        simulate(data_transform, ONE)


def test_a_later_table_is_filled_and_ordered_as_the_first_one_was():
    first = {"id": ["a", "b"], "y": ["no", "yes"], "x0": [1.0, None], "x1": [4.0, 8.0], "note": ["p", "q"]}
    _, trained = transform(first, fill="mean", label_map={"no": 0, "yes": 1}, drop=["note"])
    later = {"id": ["c", "d"], "x1": [None, 0.0], "x0": [50.0, None], "y": ["yes", "no"], "more": ["r", "s"]}
    found, result = transform(later, model=trained)
    assert found == {"id": ["c", "d"], "y": [1, 0], "x0": [50.0, 1.0], "x1": [6.0, 0.0]}
    assert read_model(result) == read_model(trained)
    assert read_model(trained)["values"] == {"x0": 1.0, "x1": 6.0}
    unlabelled, _ = transform({name: later[name] for name in ("id", "x0", "x1")}, model=trained)
    assert list(unlabelled) == ["id", "x0", "x1"]


def test_a_later_table_needs_the_models_features_but_may_name_its_ids_otherwise():
    _, trained = transform(TABLE)
    assert "party 9999 has no column 'x1'; it has id, x0: give it the features" in refuse(
        {"id": ["a"], "x0": [1]}, model=trained
    )
    assert (
        "column 'x0' of party 9999 is missing in 1 of 1 rows: set `fill` to mean, min, max, value or keep where the"
        in (refuse({"id": ["a"], "x0": [None], "x1": [1]}, model=trained))
    )
    assert transform({"key": [7], "x0": [1], "x1": [2]}, model=trained, id_column="key")[0]["key"] == ["7"]


def test_a_column_that_was_empty_in_training_cannot_be_filled_later():
    _, trained = transform({**TABLE, "x1": [1, 1, 1]}, fill="mean")
    model = trained.output("model")
    model.write_text(model.read_text().replace('"x1": 1.0', '"x2": 1.0'))
    text = refuse({**TABLE, "x1": [None, 1, 2]}, model=trained)
    assert "column 'x1' of party 9999 is missing in 1 of 3 rows, and was empty where the model was made" in text


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (("/1", "/9"), "has the format 'fedrota.data_transform/9'"),
        (("none", "guess"), "lacks or garbles fill: 'guess'"),
    ],
)
def test_a_strange_model_is_refused(change, text):
    _, trained = transform(TABLE)
    model = trained.output("model")
    model.write_text(model.read_text().replace(*change))
    assert text in refuse(TABLE, model=trained)


def test_without_a_label_a_column_y_is_a_feature_for_later_steps_too():
    found, result = transform(TABLE, label_column="")
    assert found["y"] == [1.0, 0.0, 1.0]
    assert result.log == ["3 rows, 3 features"]
    assert read_marks(result) == {"id": "id", "label": ""}
    assert run_one(data_statistics, result.output("data")).summary["features"].keys() == {"y", "x0", "x1"}


def test_an_unnamed_id_is_the_marked_or_the_first_column():
    columns = {"who": ["a", "b"], "x": [1, 2], "id": [5, 6]}
    found, result = transform(columns, id_column="")
    assert found == {"who": ["a", "b"], "x": [1.0, 2.0], "id": [5.0, 6.0]}
    _, turned = transform({name: columns[name] for name in ("x", "who", "id")}, id_column="who")
    assert transform(turned.output("data"), id_column="")[1].summary["features"] == 2
    assert read_marks(result)["id"] == "who"


MISSING = (None, "", "NA")
cells = st.none() | st.floats(allow_nan=False, allow_infinity=False, width=32) | st.sampled_from(["", "NA", "x", "7"])


@given(
    rows=st.lists(st.tuples(st.text(min_size=1, max_size=4), st.integers(0, 1), cells, cells), min_size=1, max_size=8),
    fill=st.sampled_from(["none", "mean", "min", "max", "value"]),
    duplicate_ids=st.sampled_from(["error", "first", "keep"]),
)
@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
def test_any_table_becomes_finite_numbers_or_is_refused_with_the_party(rows, fill, duplicate_ids):
    ids = [row[0] for row in rows]
    columns = {"id": ids, "y": [row[1] for row in rows]} | {
        name: [None if row[place] is None else str(row[place]) for row in rows] for name, place in (("a", 2), ("b", 3))
    }
    kept = [row for place, row in enumerate(rows) if duplicate_ids != "first" or row[0] not in ids[:place]]
    is_refused = (
        (duplicate_ids == "error" and len(set(ids)) < len(ids))
        or any("x" in row[2:] for row in kept)
        or any(fill == "none" and row[place] in MISSING for row in kept for place in (2, 3))
        or any(fill != "value" and all(row[place] in MISSING for row in kept) for place in (2, 3))
    )
    if is_refused:
        assert "party 9999" in refuse(columns, fill=fill, duplicate_ids=duplicate_ids)
        return
    found, _ = transform(columns, fill=fill, duplicate_ids=duplicate_ids)
    assert found["id"] == [row[0] for row in kept]
    for name, place in (("a", 2), ("b", 3)):
        assert all(math.isfinite(value) for value in found[name])
        for value, row in zip(found[name], kept, strict=True):
            assert row[place] in MISSING or value == float(row[place])
