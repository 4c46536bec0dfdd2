import json

import numpy as np
import pytest

from fedrota.component import component
from fedrota.simulate import simulate
from workers.components.homo_lr_data import PartyData
from workers.components.homo_lr_results import Fit, log_round, write_model, write_predictions
from workers.components.tables import Samples

PARTY = PartyData(
    train=Samples(ids=["a", "b"], features=np.array([[-1.0], [1.0]]), names=("größe",), labels=np.array([0.0, 1.0])),
    train_labels=np.array([0.0, 1.0]),
    validate=Samples(ids=["c"], features=np.array([[0.0]]), names=("größe",)),
    validate_labels=None,
)
WEIGHTS = np.array([1.0, 0.0])


def test_results_are_written_as_described():
    @component("writes", params={"threshold": {"type": "number", "default": 0.5}})
    def writes(context):
        """Write results."""
        fit = Fit(weights=WEIGHTS, rounds=3, stopped_by="loss", loss=0.5, rows=2)
        write_model(context, fit, features=["größe"], scale=None)
        write_predictions(context, PARTY, WEIGHTS)

    result = simulate(writes, {"guest": ["9999"]})["guest"]
    model = json.loads(result.output("model").read_text(encoding="utf-8"))
    assert (model["features"], model["coefficients"], model["intercept"]) == (["größe"], [1.0], 0.0)
    assert model["training"]["parties"] == {"guest.0": "9999"}
    assert result.outputs["model"].kind == "model"
    table = result.read_table("data")
    assert table["label"] == [0, 1, None]
    assert table["predict_result"] == [0, 1, 1]
    assert table["predict_score"][2] == 0.5


def test_a_round_is_logged_by_what_there_is():
    @component("logs")
    def logs(context):
        """Log one round with and without data."""
        context.params = {"rounds": 4, "l2": 0.0}
        log_round(context, None, WEIGHTS, 1)
        log_round(context, PARTY, WEIGHTS, 2)

    result = simulate(logs, {"guest": ["9999"]})["guest"]
    assert result.progress == [0.25, 0.5]
    assert list(result.metrics) == ["loss"]
    assert result.metrics["loss"][0][1] == pytest.approx(np.log1p(np.exp(-1)))
