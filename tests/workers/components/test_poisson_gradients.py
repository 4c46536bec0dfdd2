import numpy as np
import pytest

from fedrota.component import InvalidInputError
from tests.workers.components.gradients import assert_pooled, find_gradients
from workers.components.glm_family import POISSON


def test_each_party_gets_its_own_part_of_the_pooled_gradient():
    assert_pooled(POISSON)


def test_rates_out_of_range_are_a_divergence():
    with pytest.raises(InvalidInputError, match="training at party . has diverged .its share of the rate leaves"):
        find_gradients(POISSON, weights=[np.array([100.0, 0.0]), np.array([0.0, 0.0])])
