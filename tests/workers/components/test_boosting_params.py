from workers.components.boosting_params import GROWTH, HETERO_PARAMS, PARAMS


def test_what_parties_agree_on_are_parameters():
    assert set(GROWTH) <= set(PARAMS) <= set(HETERO_PARAMS)


def test_what_only_shows_or_measures_may_differ():
    assert {"metrics", "validate_every", "threshold", "importance"}.isdisjoint(GROWTH)
