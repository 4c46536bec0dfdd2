import json

import numpy as np
import pytest

from fedrota.component import InvalidInputError, component
from fedrota.simulate import simulate
from workers.components.glm_family import LINEAR, LOGISTIC
from workers.components.glm_model import ModelPart, parse_model, write_model, write_predictions
from workers.components.model_files import read_model_file
from workers.components.tables import Samples
from workers.components.vertical_data import ColumnScale


def make_part(family=LOGISTIC) -> ModelPart:
    return ModelPart(
        family=family,
        features=("a", "b"),
        coefficients=np.array([2.0, -1.0]),
        intercept=0.5,
        scale=ColumnScale(mean=np.array([1.0, 0.0]), deviation=np.array([2.0, 1.0])),
        threshold=0.5,
    )


def run_at_guest(body):
    @component("writes")
    def writes(context):
        """Write."""
        body(context)

    return simulate(writes, {"guest": ["9"]})["guest"]


def test_a_part_survives_its_file():
    found = []

    def body(context):
        write_model(context, make_part(), {"epochs": 3})
        found.append(parse_model(context, read_model_file(context, context.result.output("model"))))

    result = run_at_guest(body)
    (part,) = found
    scaled = part.scale.apply(np.array([[3.0, 1.0]]))
    assert part.score(scaled).tolist() == [2.0 * 1 - 1.0 + 0.5]
    model = json.loads(result.output("model").read_text())
    assert model["training"] == {"job": "simulation", "step": "writes", "attempt": 1, "epochs": 3}
    assert result.outputs["model"].facts == {"format": "fedrota.vertical_glm/1", "family": "logistic", "features": 2}


@pytest.mark.parametrize(
    ("family", "scores", "means", "results"),
    [(LOGISTIC, [0.0, -1.0], [0.5, 1 / (1 + np.e)], [1, 0]), (LINEAR, [3.0, -1.0], [3.0, -1.0], [3.0, -1.0])],
)
def test_predictions_mean_what_the_family_says(family, scores, means, results):
    samples = Samples(ids=["p", "q"], features=np.zeros((2, 2)), names=("a", "b"), labels=np.array([1.0, 0.0]))
    splits = [("train", samples, np.array(scores))]
    table = run_at_guest(lambda context: write_predictions(context, make_part(family), splits)).read_table("data")
    assert np.allclose(table["predict_score"], means)
    assert table["predict_result"] == results
    assert table["label"] == [1, 0]


def test_a_model_with_wrong_figures_is_named():
    def body(context):
        write_model(context, make_part(), {})
        model = json.loads(context.result.output("model").read_text())
        parse_model(context, {**model, "coefficients": ["x"]})

    with pytest.raises(InvalidInputError, match="model of party 9 lacks or garbles could not convert"):
        run_at_guest(body)
