import numpy as np

from fedrota.component import component
from fedrota.simulate import simulate
from tests.workers.components.vertical import TWO, make_inputs
from workers.components.glm_family import LOGISTIC
from workers.components.step_roles import find_roles
from workers.components.vertical_party import read_party


def test_a_guest_brings_labels_and_their_targets_and_a_host_columns_only():
    found = {}

    @component(
        "reads", params={"scale": {"type": "boolean", "default": True}}, inputs={"train": "table"}, exchange=True
    )
    def reads(context):
        """Read."""
        found[context.me.role] = read_party(context, find_roles(context), LOGISTIC)

    inputs = make_inputs((1, 2))
    simulate(reads, TWO, inputs=inputs)
    labels = np.array(inputs["guest.0"]["train"]["y"])
    assert (found["guest"].target == 0.5 - labels).all()
    assert found["guest"].make_columns().width == 2  # with the intercept
    assert found["host"].labels is None
    assert found["host"].make_columns().width == 2
    assert found["host"].scaled
