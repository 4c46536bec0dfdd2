import numpy as np
import pytest

from fedrota.component import InvalidInputError, component
from fedrota.simulate import simulate
from tests.workers.components.vertical import FAST, TWO, make_inputs
from workers.components.glm_family import LINEAR, POISSON
from workers.components.glm_training import Fit
from workers.components.vertical_glm import say_how_it_went, train_vertical_glm
from workers.components.vertical_params import PARAMS


def test_the_end_is_told_in_log_summary_and_progress():
    @component("tells")
    def tells(context):
        """Tell."""
        fit = Fit(weights=np.zeros(1), epochs=4, stopped_by="metrics", losses=[0.7, 0.5], best_epoch=3)
        say_how_it_went(context, fit, rows=9)

    result = simulate(tells, {"guest": ["9"]})["guest"]
    assert result.summary == {"epochs": 4, "stopped_by": "metrics", "loss": 0.5, "rows": 9, "best_epoch": 3}
    assert result.progress == [1.0]
    assert result.log[1] == "kept the weights of epoch 3, the best by the first metric"


def train(family, parties, inputs):
    @component("trains", params=PARAMS, inputs={"train": "table"}, exchange=True)
    def trains(context):
        """Train."""
        train_vertical_glm(context, family)

    return simulate(trains, parties, params={**FAST, "epochs": 1}, inputs=inputs)


def test_every_party_leaves_its_part_and_the_guest_the_predictions():
    found = train(LINEAR, {**TWO, "arbiter": ["1"]}, make_inputs((1, 2), kind="linear"))
    assert {address: set(result.outputs) for address, result in found.items()} == {
        "guest.0": {"model", "data"}, "host.0": {"model"}, "arbiter.0": set(),
    }  # fmt: skip
    assert len({result.summary["loss"] for result in found.values()}) == 1


def test_rates_are_shared_by_two_parties_only():
    parties = {"guest": ["1"], "host": ["2", "3"]}
    with pytest.raises(InvalidInputError, match="needs exactly 1 guest, exactly 1 host"):
        train(POISSON, parties, make_inputs((1, 1, 1), kind="poisson"))
