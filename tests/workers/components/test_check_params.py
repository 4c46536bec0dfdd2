import pytest

from fedrota.component import InvalidInputError, component
from fedrota.simulate import simulate
from workers.components.check_params import CHECK_PARAMS, choose_metrics, list_metrics


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
