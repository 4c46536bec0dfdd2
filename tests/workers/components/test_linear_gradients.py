import pytest

from tests.workers.components.gradients import assert_pooled
from workers.components.glm_family import LINEAR, LOGISTIC


@pytest.mark.parametrize("family", [LOGISTIC, LINEAR], ids=lambda each: each.name)
def test_each_party_gets_its_own_part_of_the_pooled_gradient(family):
    assert_pooled(family)
