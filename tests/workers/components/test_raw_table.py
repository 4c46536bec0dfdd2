import pytest

from fedrota.component import InvalidInputError, component
from tests.workers.components.tabular import run_one
from workers.components.raw_table import RawTable

TABLE = {"key": ["a", "b", "a"], "y": [1, 0, 1], "x": ["1", "", "3"], "z": [1, 2, 3]}


def look(body, table=TABLE, *, names=("key",)):
    """What `body` finds in the table."""
    found = []

    @component("looks", inputs={"data": "table"})
    def looks(context):
        """Look."""
        found.append(body(RawTable.open(context, id_names=names)))

    run_one(looks, table)
    return found[0]


def test_the_first_known_name_is_the_id_column():
    assert look(lambda raw: raw.id_name, names=("id", "key")) == "key"
    assert look(lambda raw: raw.id_name, names=("id", "")) == "key"
    assert look(lambda raw: raw.read_ids(), {"n": [1, 2]}, names=("",)) == ["1", "2"]
    with pytest.raises(InvalidInputError, match="no id column 'id'; it has key, y, x, z: set `id_column`"):
        look(lambda raw: raw, names=("id",))


def test_repeats_are_dropped_kept_or_refused():
    assert look(lambda raw: raw.without_repeats("first").read_ids()) == ["a", "b"]
    assert look(lambda raw: raw.without_repeats("keep").read_ids()) == ["a", "b", "a"]
    with pytest.raises(InvalidInputError, match="column 'key' of party 9999 holds 1 ids more than once"):
        look(lambda raw: raw.without_repeats("error"))


def test_features_are_what_is_neither_id_nor_label_nor_dropped():
    asked = {"columns": [], "drop": ["z"], "label_column": "y"}
    assert look(lambda raw: raw.list_features(asked)) == ["x"]
    assert look(lambda raw: raw.list_features({**asked, "columns": ["z", "y", "x"], "drop": []})) == ["z", "x"]
    with pytest.raises(InvalidInputError, match="has no column 'w'; it has key, y, x, z: correct"):
        look(lambda raw: raw.list_features({**asked, "drop": ["w"]}))


def test_labels_may_be_missing_only_where_none_are_required():
    asked = {"missing": [""], "known": {}, "whole": True}
    assert look(lambda raw: raw.read_labels("y", **asked, required=True)).tolist() == [1, 0, 1]
    assert look(lambda raw: raw.read_labels("w", **asked, required=False)) is None
    with pytest.raises(InvalidInputError, match="no label column 'w'"):
        look(lambda raw: raw.read_labels("w", **asked, required=True))
    with pytest.raises(InvalidInputError, match="label column 'x' of party 9999 is empty in 1 of 3 rows"):
        look(lambda raw: raw.read_labels("x", **asked, required=True))
