from workers.components.selection_filters import MEASURES
from workers.components.selection_params import FILTER, THRESHOLDS


def test_every_kind_has_a_threshold_and_a_measure():
    assert set(FILTER["properties"]["kind"]["enum"]) == set(THRESHOLDS) == {*MEASURES, "manual"}
