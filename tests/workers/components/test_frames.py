import numpy as np
import pyarrow as pa
import pytest

from fedrota.component import InvalidInputError, component
from fedrota.simulate import simulate
from tests.workers.components.tabular import ONE, read_marks
from workers.components.frames import (
    SELECTION,
    Frame,
    change_features,
    count_classes,
    read_frame,
    read_labels,
    read_numbers,
    render_label,
    select_features,
    write_frame,
)
from workers.components.tables import WEIGHT_KEY

TABLE = pa.table({"id": [1, 2], "y": ["no", "yes"], "größe": [1.5, None], "x1": ["a", "b"], "x2": [True, False]})


def visit(table, use, **params):
    """What `use` finds in the frame of the table."""
    found = []

    @component("visits", params=SELECTION, inputs={"data": "table"}, outputs={"data": "table"})
    def visits(context):
        """Visit."""
        frame = read_frame(context, "data")
        found.append(use(context, frame))
        write_frame(context, "data", frame)

    if isinstance(table, pa.Table):
        table = dict(zip(table.column_names, table.columns, strict=True))
    result = simulate(visits, ONE, params=params, inputs={"guest": {"data": table}})["guest"]
    return found[0], result


def test_columns_that_are_not_marked_are_features_of_any_type():
    frame, result = visit(TABLE, lambda _context, frame: frame)
    assert frame.features == ["größe", "x1", "x2"]
    assert (frame.id_name, frame.label_name, frame.weight_name, len(frame)) == ("id", "y", "", 2)
    assert frame.ids == ["1", "2"]
    assert read_marks(result) == {"id": "id", "label": "y"}


@pytest.mark.parametrize("ids", [["a", None], ["a", ""], [1.0, float("nan")]])
def test_a_row_without_an_id_is_refused_and_never_called_none(ids):
    with pytest.raises(InvalidInputError, match="id column 'id' of party 9999 is empty in 1 of 2 rows: give each row"):
        visit(TABLE.set_column(0, "id", pa.array(ids)), lambda _context, frame: frame.ids)


def test_a_weight_column_is_no_feature_and_stays_marked(tmp_path):
    import pyarrow.parquet

    file = tmp_path / "weighted"
    pyarrow.parquet.write_table(TABLE.replace_schema_metadata({WEIGHT_KEY: b"x2"}), file)
    frame, result = visit(file, lambda _context, frame: frame)
    assert frame.features == ["größe", "x1"]
    assert read_marks(result) == {"id": "id", "label": "y", "weight": "x2"}


@pytest.mark.parametrize(
    ("params", "wanted"),
    [
        ({}, ["größe", "x1", "x2"]),
        ({"columns": ["x2", "größe"]}, ["größe", "x2"]),
        ({"positions": [1], "columns": ["x1"]}, ["x1"]),
        ({"positions": [7, 0], "columns": ["nix"], "unknown_columns": "ignore"}, ["größe"]),
    ],
)
def test_features_are_chosen_by_name_and_place_in_the_tables_order(params, wanted):
    assert visit(TABLE, select_features, **params)[0] == wanted


def test_unknown_features_are_refused_with_those_that_there_are():
    with pytest.raises(InvalidInputError, match="no feature 'nix', position 3; its 3 features are größe, x1, x2"):
        visit(TABLE, select_features, columns=["nix"], positions=[3])


def test_numbers_come_with_nan_for_gaps_and_text_is_refused():
    numbers, _ = visit(TABLE, lambda context, frame: read_numbers(context, frame, "größe"))
    assert numbers[0] == 1.5
    assert np.isnan(numbers[1])
    with pytest.raises(InvalidInputError, match="column 'x1' of party 9999 holds text such as 'a'"):
        visit(TABLE, lambda context, frame: read_numbers(context, frame, "x1"))


@pytest.mark.parametrize("labels", [None, [1, None], [1.0, float("nan")]])
def test_labels_that_are_missing_are_refused_with_the_purpose(labels):
    table = TABLE.drop_columns(["y"]) if labels is None else TABLE.set_column(1, "y", pa.array(labels))
    with pytest.raises(
        InvalidInputError, match=r"label column of party 9999 is (missing|empty in 1 of 2 rows), but a test"
    ):
        visit(table, lambda context, frame: read_labels(context, frame, "a test"))


def test_labels_are_named_as_parameters_name_them():
    assert [render_label(label) for label in (1, 1.0, 0.25, "ja", 12345678.0)] == ["1", "1", "0.25", "ja", "12345678"]
    assert count_classes([1, 1.0, "a"]) == {"1": 2, "a": 1}


def test_rows_and_columns_can_be_taken_and_changed():
    frame = Frame(table=TABLE, id_name="id", label_name="y", weight_name="")
    assert frame.take([1, 1]).table.column("x1").to_pylist() == ["b", "b"]
    changed = change_features(frame, ["x1"], lambda name, column: [f"{name}{cell}" for cell in column.to_pylist()])
    assert changed.table.column("x1").to_pylist() == ["x1a", "x1b"]
    assert changed.table.column_names == TABLE.column_names
