import numpy as np
import pytest

from fedrota.component import InvalidInputError, component
from tests.workers.components.tabular import run_one
from workers.components.encoding import Encoding
from workers.components.raw_table import RawTable

PARAMS = {
    "label_column": "y",
    "label_type": "int",
    "label_map": {},
    "columns": [],
    "drop": [],
    "missing": ["", "-9"],
    "fill": "mean",
    "fill_value": 7,
}
TABLE = {"id": ["a", "b", "c"], "y": [1, 0, 1], "x": ["1", "-9", "3"], "e": ["", "", ""]}


def look(body, table=TABLE):
    """What `body` finds with the table."""
    found = []

    @component("looks", inputs={"data": "table"})
    def looks(context):
        """Look."""
        found.append(body(RawTable.open(context, id_names=("id",))))

    run_one(looks, table)
    return found[0]


@pytest.mark.parametrize(
    ("fill", "values"),
    [("mean", {"x": 2.0}), ("max", {"x": 3.0}), ("value", {"x": 7, "e": 7}), ("none", {}), ("keep", {})],
)
def test_what_fills_gaps_is_learned_once(fill, values):
    assert look(lambda raw: Encoding.learn(raw, {**PARAMS, "fill": fill})).values == values


def test_an_encoding_survives_its_file():
    encoding = look(lambda raw: Encoding.learn(raw, PARAMS))
    assert Encoding.parse(encoding.to_json()) == encoding
    with pytest.raises(KeyError, match="values"):
        Encoding.parse({name: value for name, value in encoding.to_json().items() if name != "values"})


def test_gaps_are_counted_and_filled_with_what_was_learned():
    encoding, filled = look(lambda raw: Encoding.learn(raw, PARAMS)), {}
    later = {"id": ["d", "e"], "x": [None, 5]}
    assert look(lambda raw: encoding.read_feature(raw, "x", filled), later).tolist() == [2.0, 5.0]
    assert filled == {"x": 1}
    with pytest.raises(InvalidInputError, match="column 'e' of party 9999 is empty, so it has no mean"):
        look(lambda raw: encoding.read_feature(raw, "e", filled))


def test_without_a_label_column_there_are_no_labels():
    encoding = look(lambda raw: Encoding.learn(raw, {**PARAMS, "label_column": ""}))
    assert encoding.features == ["y", "x", "e"]
    assert look(lambda raw: encoding.read_labels(raw, required=True)) is None


def test_kept_gaps_stay():
    encoding = look(lambda raw: Encoding.learn(raw, {**PARAMS, "fill": "keep"}))
    found = look(lambda raw: encoding.read_feature(raw, "x", {}))
    assert np.isnan(found).tolist() == [False, True, False]
