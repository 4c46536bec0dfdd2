import pytest

from api.dialects.fate.errors import FateParamError
from api.dialects.fate.v2.vocabulary.catalogue import get_ref
from api.dialects.fate.vocabulary.catalogue import get_module
from api.dialects.fate.vocabulary.params import translate_params


def run(name, /, stage="train", role="guest", **given):
    ref = get_ref(name, "x")
    made = ref.translate(ref.fill(given), stage)
    return translate_params(get_module(ref.module, "x"), made, role)


OPTIMIZER = {"method": "adam", "penalty": "l1", "alpha": 0.5, "optimizer_params": {"lr": 0.15}}


def test_a_coordinated_model_keeps_its_learning_rate_and_has_no_ceremony():
    found = run("coordinated_lr", epochs=7, batch_size=None, optimizer=OPTIMIZER, init_param={"method": "zeros"})
    assert found.items() >= {
        "epochs": 7, "batch_size": 0, "optimizer": "adam", "penalty": "l1", "alpha": 0.5, "learning_rate": 0.15,
        "decay": 0, "init": "zeros", "early_stop": "loss", "cv_folds": 0, "threshold": 0.5,
    }.items()  # fmt: skip
    assert run("coordinated_lr", "cross_validation", cv_param={"n_splits": 4})["cv_folds"] == 4


def test_models_of_numbers_and_shares_are_the_vertical_ones():
    assert run("coordinated_linr")["epochs"] == 20
    found = run("sshe_lr", learning_rate=0.2, batch_size=64)
    assert (found["learning_rate"], found["batch_size"], found["penalty"]) == (0.2, 64, "none")
    assert run("sshe_linr", tol=0.5)["tol"] == 0.5


def test_the_horizontal_model_runs_all_its_epochs():
    found = run("homo_lr", epochs=4, optimizer={"penalty": "l2", "alpha": 0.1})
    assert (found["rounds"], found["tol"], found["l2"], found["batch_size"]) == (4, 0, 0.1, 100)


@pytest.mark.parametrize(
    ("name", "given", "where"),
    [
        (
            "coordinated_lr",
            {"learning_rate_scheduler": {"method": "linear", "scheduler_params": {"start_factor": 0.7}}},
            "start_factor",
        ),
        ("coordinated_lr", {"learning_rate_scheduler": {"method": "step"}}, r"learning_rate_scheduler\.method"),
        ("coordinated_lr", {"optimizer": {"optimizer_params": {"weight_decay": 0.1}}}, "weight_decay"),
        ("coordinated_lr", {"early_stop": "abs"}, "early_stop"),
        ("coordinated_lr", {"epochs": 1.5}, "epochs"),
        ("coordinated_lr", {"init_param": {"fit_intercept": 1}}, "fit_intercept"),
        ("homo_lr", {"ovr": True}, "ovr"),
        ("homo_lr", {"label_num": 3}, "label_num"),
        ("sshe_lr", {"early_stop": "weight_diff"}, "early_stop"),
    ],
)
def test_what_is_not_done_here_is_named(name, given, where):
    with pytest.raises(FateParamError, match=where):
        run(name, **given)
