import pytest

from fedrota.params import ParamsError, object_schema, read_values
from workers.components.bin_params import CATEGORIES, SHARED


def test_defaults_bin_all_columns_and_given_points_must_be_numbers():
    schema = object_schema({**SHARED, **CATEGORIES})
    values = read_values(schema, {"split_points": {"x": [1, 2.5]}})
    assert values["columns"] == values["positions"] == values["category_columns"] == []
    assert values["bins"] == 10
    for wrong in (
        {"split_points": {"x": []}},
        {"split_points": {"x": ["a"]}},
        {"bins": 0},
        {"category_positions": [-1]},
    ):
        with pytest.raises(ParamsError):
            read_values(schema, wrong)
