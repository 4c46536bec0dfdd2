import numpy as np
import pytest

from fedrota.component import InvalidInputError, component
from fedrota.simulate import simulate
from workers.components.bin_columns import ColumnBins, Fitted, fit_columns, keep_ends, list_replaced
from workers.components.bin_params import CATEGORIES, SHARED
from workers.components.frames import read_frame

TABLE = {"id": ["a", "b", "c", "d"], "p": [1.0, 2.0, 3.0, 4.0], "q": [5.0, 5.0, 6.0, None]}


def fit(**params):
    found = []

    @component("fits", params={**SHARED, **CATEGORIES}, inputs={"data": "table"})
    def fits(context):
        """Fit columns."""
        frame = read_frame(context, "data")
        columns, values = fit_columns(context, frame, method="quantile", bins=context.params["bins"])
        found.append((columns, values, list_replaced(context, frame, columns)))

    simulate(fits, {"guest": ["1"]}, params=params, inputs={"guest": {"data": TABLE}})
    return found[0]


def test_named_columns_categories_and_given_points_are_fitted():
    columns, values, replaced = fit(bins=2)
    assert [(each.name, each.position, each.points) for each in columns] == [("p", 0, [2.0, 4.0]), ("q", 1, [5.0, 6.0])]
    assert np.isnan(values["q"][3])
    assert replaced == ["p", "q"]
    columns, _, _ = fit(columns=["q"], category_positions=[0])
    assert [(each.name, each.is_fixed) for each in columns] == [("p", True), ("q", False)]
    assert columns[0].points == [1.0, 2.0, 3.0, 4.0]
    columns, _, replaced = fit(split_points_by_position={"1": [9, 3]}, transform_columns=["q"])
    assert columns[1].points == [3.0, 9.0]
    assert replaced == ["q"]


@pytest.mark.parametrize("place", ["2", "7"])
def test_a_position_that_does_not_exist_is_named(place):
    with pytest.raises(InvalidInputError, match=f"has no feature position {place}.* correct `split_points`"):
        fit(split_points_by_position={place: [1]})
    columns, _, _ = fit(
        split_points_by_position={place: [1]}, split_points={"r": [1], "q": [6, 1]}, unknown_columns="ignore"
    )
    assert [(each.name, each.is_fixed) for each in columns] == [("p", False), ("q", True)]
    assert columns[1].points == [1.0, 6.0]


@pytest.mark.parametrize("key", ["p", "-1", "²", ""])
def test_a_place_that_is_no_number_is_named(key):
    with pytest.raises(InvalidInputError, match="has the key"):
        fit(split_points_by_position={key: [1]})


def test_a_column_that_is_to_be_replaced_needs_bins():
    with pytest.raises(InvalidInputError, match="column 'q' of party 1 is to be replaced but has no bins"):
        fit(columns=["p"], transform_columns=["q"])


def test_joined_bins_keep_their_ends():
    assert keep_ends(ColumnBins(name="p", position=0, points=[1.0, 2.0, 3.0]), [0, 2]).points == [1.0, 3.0]


def test_what_was_fitted_survives_its_file():
    fitted = Fitted(
        columns=[ColumnBins(name="p", position=0, points=[1.0], is_fixed=True, results=[{"woe": [1.0]}])],
        transform="bins",
        replaced=["p"],
    )
    assert Fitted.parse(fitted.to_json() | {"hosts": {}}) == fitted
