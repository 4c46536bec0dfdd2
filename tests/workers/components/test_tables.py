import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fedrota.component import InvalidInputError, component
from fedrota.simulate import simulate
from workers.components.tables import (
    WEIGHT_KEY,
    Samples,
    get_input,
    read_samples,
    read_table,
    refuse_weights,
    render_names,
    write_samples,
)

ONE = {"guest": ["9999"]}


def read_back(source) -> Samples:
    """What `read_samples` makes of an input."""
    found: list[Samples] = []

    @component("reads", inputs={"data": "table"})
    def reads(context):
        """Read samples."""
        found.append(read_samples(context, "data"))

    simulate(reads, ONE, inputs={"guest": {"data": source}})
    return found[0]


def test_samples_survive_the_way_through_a_file():
    samples = Samples(
        ids=["ä", "名"],
        features=np.array([[1.0, 2.0], [3.0, 4.0]]),
        names=("a", "b"),
        labels=np.array([0.0, 1.0]),
        id_name="patient",
        label_name="ill",
    )

    @component("writes", outputs={"data": "table"})
    def writes(context):
        """Write samples."""
        write_samples(context, "data", samples)

    run = simulate(writes, ONE)
    assert run["guest"].outputs["data"].facts == {"rows": 2, "columns": 4}
    assert run["guest"].outputs["data"].kind == "table"
    assert run["guest"].read_table("data") == {"patient": ["ä", "名"], "ill": [0, 1], "a": [1, 3], "b": [2, 4]}
    found = read_back(run["guest"].output("data"))
    assert (list(found.ids), found.names, found.id_name, found.label_name) == (
        ["ä", "名"],
        ("a", "b"),
        "patient",
        "ill",
    )
    assert found.features.tolist() == samples.features.tolist()
    assert found.labels is not None
    assert found.labels.tolist() == [0, 1]


def test_a_table_without_marks_is_read_by_the_usual_names():
    found = read_back({"id": ["a"], "x": [1], "y": [1]})
    assert (found.names, found.labels.tolist()) == (("x",), [1])
    assert read_back({"id": ["a"], "x": [1]}).labels is None
    assert read_back({"id": [1, 2], "x": [1, 1]}).ids == ["1", "2"]


@pytest.mark.parametrize(
    ("columns", "text"),
    [
        ({"key": ["a"], "x": [1]}, "has no column 'id' .it has key, x.: name the column .* put a data_transform step"),
        (
            {"id": ["a", None, ""], "x": [1, 2, 3]},
            "id column 'id' of party 9999 is empty in 2 of 3 rows: give each row",
        ),
        ({"id": [1.5, float("nan")], "x": [1, 2]}, "id column 'id' of party 9999 is empty in 1 of 2 rows"),
        ({"id": ["a"], "x": ["1"]}, "column 'x' of party 9999 is of type string, not a number"),
        ({"id": ["a", "b"], "x": [1.0, None]}, "column 'x' of party 9999 has 1 missing or infinite values"),
        (
            {"id": ["a", "b"], "x": [1, 2], "y": [1, None]},
            "label column 'y' of party 9999 is missing or infinite in 1 of 2 rows: correct the table",
        ),
        ({"id": ["a"], "y": [float("inf")]}, "label column 'y' of party 9999 is missing or infinite in 1 of 1 rows"),
        (
            {"id": ["a", "b"], "y": [2**62, 2**62 + 1]},
            r"label column 'y' of party 9999 goes up to 4.61169e\+18, where whole numbers are not exact any more: divide",
        ),
        ({"id": ["a"], "x": [float("inf")]}, "has 1 missing or infinite values: set `fill`"),
    ],
)
def test_what_is_no_sample_is_named_with_party_and_column(columns, text):
    with pytest.raises(InvalidInputError, match=text):
        read_back(columns)


def test_a_table_without_features_or_rows_is_still_read():
    found = read_back(pa.table({"id": pa.array([], pa.string())}).to_pydict() | {"id": ["a"]})
    assert found.features.shape == (1, 0)


def test_a_file_that_is_no_table_is_named(tmp_path):
    (tmp_path / "x.parquet").write_text("not a table")
    with pytest.raises(InvalidInputError, match=r"x\.parquet is no Parquet table"):
        read_table(tmp_path / "x.parquet")


def test_a_table_with_two_columns_of_one_name_is_refused(tmp_path):
    pq.write_table(pa.table([[1], [2], [3]], names=["a", "größe", "größe"]), tmp_path / "x.parquet")
    with pytest.raises(InvalidInputError, match=r"x\.parquet has more than one column 'größe': give each"):
        read_table(tmp_path / "x.parquet")


def test_a_table_is_read_whole(tmp_path):
    pq.write_table(pa.table({"a": [1]}), tmp_path / "x.parquet")
    assert read_table(tmp_path / "x.parquet").to_pydict() == {"a": [1]}


def test_a_missing_input_says_how_to_connect_it():
    @component("needs", inputs={"train": "table"})
    def needs(context):
        """Need an input."""
        get_input(context, "train")

    with pytest.raises(
        InvalidInputError, match=r"needs the input 'train' at party 9999: connect it .*`inputs: \{train"
    ):
        simulate(needs, ONE)


def test_many_names_are_cut_short():
    assert render_names(["a", "b"]) == "a, b"
    assert render_names([]) == "no columns"
    assert render_names([f"x{number}" for number in range(30)]).endswith("x11 and 18 more")


def test_weights_survive_the_way_through_a_file_and_are_no_features():
    weighted = Samples(
        ids=["a", "b"], features=np.ones((2, 1)), names=("x",), weights=np.array([0.5, 2.0]), weight_name="w"
    )
    found = []

    @component("weighs", outputs={"data": "table"})
    def weighs(context):
        """Write."""
        write_samples(context, "data", weighted)

    @component("reads_weights", inputs={"data": "table"})
    def reads_weights(context):
        """Read."""
        found.append(read_samples(context, "data"))
        refuse_weights(context, found[0])

    written = simulate(weighs, {"guest": ["7"]})["guest"]
    with pytest.raises(
        InvalidInputError, match="samples of party 7 have weights in column 'w', but step 'reads_weights'"
    ):
        simulate(reads_weights, {"guest": ["7"]}, inputs={"guest": {"data": written.output("data")}})
    assert found[0].names == ("x",)
    assert found[0].weights.tolist() == [0.5, 2.0]


def test_a_weight_too_large_to_add_up_is_named(tmp_path):
    table = pa.table({"id": ["a", "b"], "x": [1.0, 2.0], "w": [1.0, 1e200]})
    pq.write_table(table.replace_schema_metadata({WEIGHT_KEY: b"w"}), tmp_path / "weighted")
    with pytest.raises(
        InvalidInputError, match=r"weight column 'w' of party 9999 goes up to 1e\+200, and a weight may be 1e"
    ):
        read_back(tmp_path / "weighted")
