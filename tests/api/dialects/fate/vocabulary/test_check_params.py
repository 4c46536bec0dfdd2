import pytest

from api.dialects.fate.errors import FateParamError
from api.dialects.fate.vocabulary.catalogue import get_module
from api.dialects.fate.vocabulary.params import translate_params
from workers.components.catalog import list_builtin

COMPONENTS = {info.name: info for info in list_builtin()}
MODELS = ("HomoLR", "HeteroLR", "HeteroLinR", "HeteroPoisson", "HeteroSSHELR", "HeteroSSHELinR")


def translate(name, **params):
    module = get_module(name, "test")
    given = {"encrypt_param": {"method": "Paillier"}, **params} if "SSHE" in name else params
    if "SSHE" in name:
        given["init_param"] = {"init_method": "zeros"}
    return COMPONENTS[module.component].read_params(translate_params(module, given, "guest"))


@pytest.mark.parametrize("name", MODELS)
def test_nothing_is_measured_and_no_folds_are_made_unless_asked_for(name):
    found = translate(name)
    assert (found["validate_every"], found["early_stopping_rounds"]) == (int(name == "HomoLR"), 0)
    assert found["cv_folds"] == 0
    assert found["metrics"] == (["auc", "ks"] if name.endswith("LR") else [])


@pytest.mark.parametrize("name", MODELS)
def test_cross_validation(name):
    found = translate(name, cv_param={"n_splits": 3, "shuffle": False, "random_seed": 103, "need_cv": True})
    assert (found["cv_folds"], found["cv_shuffle"], found["cv_seed"]) == (3, False, 103)
    for history in ({"output_fold_history": True, "history_value_type": "score"}, {"output_fold_history": False}):
        assert translate(name, cv_param={"need_cv": True, **history})["cv_folds"] == 5


def test_an_early_stop_by_callbacks_or_by_the_older_parameters():
    metrics = {"metrics": ["ks", "F1_Score"], "use_first_metric_only": True}
    wanted = {
        "validate_every": 2, "early_stopping_rounds": 3, "metrics": ["ks", "f1"], "use_first_metric_only": True,
    }  # fmt: skip
    given = {"validation_freqs": 2, "early_stopping_rounds": 3, **metrics}
    for params in (given, {"callback_param": {"callbacks": ["EarlyStopping"], **given}}):
        assert wanted.items() <= translate("HeteroLR", **params).items()
    only = {"callbacks": ["PerformanceEvaluate"], "validation_freqs": 1, "early_stopping_rounds": 5}
    assert translate("HeteroLR", callback_param=only)["early_stopping_rounds"] == 0
    assert translate("HeteroLR", callback_param={"callbacks": ["EarlyStopping"]})["early_stopping_rounds"] == 0
    found = translate("HeteroLinR", metrics=["mean_absolute_error"], validation_freqs=1)
    assert found["metrics"] == ["mae"]


@pytest.mark.parametrize(
    ("name", "params", "text"),
    [
        ("HeteroLR", {"metrics": ["root_mean_squared_error"]}, "use auc, ks"),
        ("HeteroLinR", {"metrics": ["auc"]}, "use root_mean_squared_error"),
        ("HeteroLR", {"validation_freqs": [1, 5]}, "validation_freqs"),
        ("HeteroLR", {"early_stopping_rounds": 0}, "should be null or a number from 1"),
        ("HeteroLR", {"callback_param": {"callbacks": ["ModelCheckpoint"]}}, "ModelCheckpoint is not supported"),
        (
            "HeteroLR",
            {"callback_param": {"early_stopping_rounds": 3}},
            "with EarlyStopping among the callbacks: add it",
        ),
        ("HeteroLR", {"cv_param": {"need_cv": True, "n_splits": 1}}, "should be 2 or more"),
        ("HeteroLR", {"cv_param": {"need_cv": True, "history_value_type": "instance"}}, "comes out with its score"),
        ("HeteroLR", {"cv_param": {"need_cv": True, "history_with_value": True}}, "comes out with its score"),
    ],
)
def test_what_is_not_done_is_refused_by_name(name, params, text):
    with pytest.raises(FateParamError, match=text):
        translate(name, **params)
