import pytest

from workers.components.catalog import list_builtin
from workers.components.encoding import FILLS
from workers.components.transform_params import PARAMS


def test_every_way_of_filling_is_offered_and_done():
    assert PARAMS["fill"]["enum"] == list(FILLS)


@pytest.mark.parametrize("name", ["id_column", "label_column"])
def test_a_column_may_be_left_unnamed(name):
    (transform,) = (info for info in list_builtin() if info.name == "data_transform")
    assert transform.read_params({name: ""})[name] == ""
