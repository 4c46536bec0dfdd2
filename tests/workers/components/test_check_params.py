import pytest

from fedrota.component import InvalidInputError, component
from fedrota.simulate import simulate
from tests.workers.components.vertical import FAST, TWO, make_inputs
from workers.components.check_params import CHECK_PARAMS, choose_metrics, list_metrics
from workers.components.hetero_lr import hetero_lr
from workers.components.hetero_sshe_lr import hetero_sshe_lr


def call(work, **params):
    found = []

    @component("calls", params=CHECK_PARAMS)
    def calls(context):
        """Call it."""
        found.append(work(context))

    simulate(calls, {"guest": ["9"]}, params=params)
    return found[0]


def test_metrics_are_those_of_the_kind_of_model():
    assert call(lambda c: list_metrics(c, classes=True)) == ("auc", "ks")
    assert call(lambda c: list_metrics(c, classes=False)) == ("rmse", "mae")
    assert call(lambda c: list_metrics(c, classes=True), metrics=["f1", "auc"]) == ("f1", "auc")
    with pytest.raises(InvalidInputError, match="`metrics` holds 'rmse', which step .* cannot measure here: use auc"):
        call(lambda c: list_metrics(c, classes=True), metrics=["rmse"])
    with pytest.raises(InvalidInputError, match="`cv_folds` is 1, which leaves nothing to train with"):
        call(lambda c: list_metrics(c, classes=True), cv_folds=1)


def test_any_kind_of_model_may_offer_its_own_metrics():
    assert call(lambda c: choose_metrics(c, ("f1", "r2"), usual=("r2",))) == ("r2",)
    assert call(lambda c: choose_metrics(c, ("f1", "r2"), usual=("r2",)), metrics=["f1"]) == ("f1",)


@pytest.mark.parametrize("body", [hetero_lr, hetero_sshe_lr])
def test_nothing_is_measured_where_no_measurement_is_asked_for(body):
    assert "0: never, unless an early stop by metrics needs it" in CHECK_PARAMS["validate_every"]["description"]
    inputs = make_inputs((1, 1))
    found = simulate(body, TWO, params={**FAST, "epochs": 2}, inputs=inputs)
    assert set(found["guest"].metrics) == {"loss"}
    asked = simulate(body, TWO, params={**FAST, "epochs": 2, "early_stopping_rounds": 1}, inputs=inputs)
    assert {"train_auc", "train_ks"} <= set(asked["guest"].metrics)
