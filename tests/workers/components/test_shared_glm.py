import pytest

from fedrota.component import InvalidInputError, component
from fedrota.simulate import simulate
from workers.components.glm_family import LOGISTIC
from workers.components.shared_glm import PARAMS, SETTINGS, train_shared_glm


def test_what_steers_shared_numbers_must_be_the_same_at_both_parties():
    assert set(SETTINGS) <= set(PARAMS)
    assert {"learning_rate", "alpha", "penalty", "fit_intercept"} <= set(SETTINGS)
    assert "optimizer" not in PARAMS


@pytest.mark.parametrize(
    "parties", [{"guest": ["1"], "host": ["2", "3"]}, {"guest": ["1"], "host": ["2"], "arbiter": ["3"]}]
)
def test_shares_are_for_two_parties_and_nobody_else(parties):
    @component("trains", params=PARAMS, exchange=True)
    def trains(context):
        """Train."""
        train_shared_glm(context, LOGISTIC)

    with pytest.raises(InvalidInputError, match="exactly 1 host and no arbiter"):
        simulate(trains, parties)
