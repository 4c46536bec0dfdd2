import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fedrota.component import InvalidInputError
from fedrota.simulate import simulate
from tests.workers.components.tabular import ONE, make_empty, read_marks
from workers.components.union import PORTS, union

FIRST = {"id": ["a", "ß"], "y": [0, 1], "x": [1.0, 2.0], "z": ["p", "q"]}
SECOND = {"id": ["ß", "c"], "y": [1, 0], "z": ["r", "s"], "x": [3, 4]}


def unite(*tables, **params):
    inputs = dict(zip(PORTS, tables, strict=False))
    return simulate(union, ONE, params=params, inputs={"guest": inputs})["guest"]


def refuse(*tables, **params):
    with pytest.raises(InvalidInputError) as caught:
        unite(*tables, **params)
    return str(caught.value)


def test_the_first_row_of_an_id_is_kept_in_the_first_tables_columns():
    result = unite(FIRST, SECOND)
    assert result.read_table("data") == {
        "id": ["a", "ß", "c"],
        "y": [0, 1, 0],
        "x": [1.0, 2.0, 4.0],
        "z": ["p", "q", "s"],
    }
    assert result.summary == {"tables": {"data": 2, "data_2": 2}, "rows": 3}
    assert read_marks(result) == {"id": "id", "label": "y"}


def test_all_rows_are_kept_with_the_input_in_their_ids_when_told():
    found = unite(FIRST, SECOND, keep_duplicate=True).read_table("data")
    assert found["id"] == ["a_data", "ß_data", "ß_data_2", "c_data_2"]
    assert found["x"] == [1.0, 2.0, 3.0, 4.0]


ids = st.lists(st.sampled_from("abcdef"), max_size=6)


@given(st.lists(ids, min_size=2, max_size=8))
@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
def test_rows_are_those_of_a_dictionary_that_keeps_the_first(parts):
    numbered = [[(name, f"{place}/{row}") for row, name in enumerate(part)] for place, part in enumerate(parts)]
    wanted: dict[str, str] = {}
    for part in numbered:
        for name, value in part:
            wanted.setdefault(name, value)
    tables = [
        {"id": pa.array([row[0] for row in part], pa.string()), "v": pa.array([row[1] for row in part], pa.string())}
        for part in numbered
    ]
    found = unite(*tables).read_table("data")
    assert dict(zip(found["id"], found["v"], strict=True)) == wanted
    assert len(found["id"]) == len(wanted)


def test_empty_tables_are_passed_over_even_with_other_columns():
    assert unite(make_empty("q"), FIRST).read_table("data") == FIRST
    assert unite(make_empty("q"), make_empty("r")).read_table("data") == {"id": [], "q": []}


def test_a_party_left_out_has_its_first_table():
    assert unite(FIRST, SECOND, run=False).read_table("data") == FIRST


@pytest.mark.parametrize(
    ("tables", "texts"),
    [
        ([FIRST], ["step 'union' needs at least two tables at party 9999", "`data_2`"]),
        ([FIRST, {"id": ["q"], "y": [1], "x": [1.0]}], ["party 9999", "'data' and 'data_2' differ in the features z"]),
        ([FIRST, {"id": ["q"], "x": [1.0], "z": ["t"]}], ["'y' and no column as label", "data_transform"]),
        ([FIRST, {**SECOND, "z": [1, 2]}], ["party 9999 hold different types of values in 'z' (int64 and string)"]),
    ],
)
def test_what_cannot_work_is_named_with_party_column_and_remedy(tables, texts):
    text = refuse(*tables)
    assert all(each in text for each in texts), text
