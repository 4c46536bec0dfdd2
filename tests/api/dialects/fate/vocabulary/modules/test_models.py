import pytest

from api.dialects.fate.errors import FateParamError
from api.dialects.fate.vocabulary.catalogue import get_module
from api.dialects.fate.vocabulary.modules.models import MODULES
from api.dialects.fate.vocabulary.params import translate_params
from workers.components.catalog import list_builtin

COMPONENTS = {info.name: info for info in list_builtin()}
VERTICAL = ("HeteroLR", "HeteroLinR", "HeteroPoisson", "HeteroSSHELR", "HeteroSSHELinR")


def translate(name, **params):
    """The component's parameters as its body gets them."""
    module = get_module(name, "test")
    return COMPONENTS[module.component].read_params(translate_params(module, params, "guest"))


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_defaults_translate_and_features_are_taken_as_they_are(module):
    found = translate(module.name)
    assert found["scale"] is False
    assert found["learning_rate"] == 0.01


def test_a_homogeneous_model_is_averaged_over_rounds():
    found = translate(
        "HomoLR", max_iter=30, aggregate_iters=2, penalty="L2", alpha=0.5, early_stop="weight_diff", optimizer="adam",
        batch_size=320, init_param={"random_seed": 4}, predict_param={"threshold": 0.3},
    )  # fmt: skip
    expected = {
        "rounds": 30, "epochs": 2, "l2": 0.5, "early_stop": "weights", "optimizer": "adam", "batch_size": 320, "seed": 4,
        "threshold": 0.3,
    }  # fmt: skip
    assert expected.items() <= found.items()
    assert translate("HomoLR", penalty=None)["l2"] == 0


@pytest.mark.parametrize("name", ["HomoLR", "HeteroSSHELR", "HeteroSSHELinR"])
def test_what_fate_has_at_all_linear_models_is_known_at_each(name):
    usual = {"shuffle": True, "batch_strategy": "full", "masked_rate": 5, "stepwise_param": {"need_stepwise": False}}
    assert translate(name, **usual) == translate(name)
    with pytest.raises(FateParamError, match="stepwise selection is not done"):
        translate(name, stepwise_param={"need_stepwise": True})


@pytest.mark.parametrize("name", VERTICAL)
def test_keys_are_safe_unless_the_job_says_otherwise(name):
    assert translate(name)["key_bits"] == 2048
    assert translate(name, encrypt_param={"key_length": 1024})["key_bits"] == 1024


def test_a_vertical_model_starts_and_steps_as_asked():
    found = translate(
        "HeteroLR", penalty="l1", optimizer="nesterov_momentum_sgd", decay=0.5, batch_size=-1, max_iter=7,
        init_param={"init_method": "const", "init_const": 0, "fit_intercept": False},
    )  # fmt: skip
    expected = {
        "penalty": "l1", "optimizer": "nesterov", "decay": 0.5, "batch_size": 0, "epochs": 7, "init": "zeros",
        "fit_intercept": False, "early_stop": "loss",
    }  # fmt: skip
    assert expected.items() <= found.items()


@pytest.mark.parametrize(
    ("name", "given", "where"),
    [
        *[
            (name, given, where)
            for name in ("HomoLR", "HeteroLR", "HeteroSSHELinR")
            for given, where in (
                ({"cv_param": {"need_cv": True, "n_splits": 1}}, r"cv_param\.n_splits"),
                ({"early_stopping_rounds": 0}, "early_stopping_rounds"),
                ({"callback_param": {"early_stopping_rounds": 3}}, r"callback_param\.early_stopping_rounds"),
                ({"callback_param": {"callbacks": ["ModelCheckpoint"]}}, r"callback_param\.callbacks"),
                ({"early_stop": "abs"}, "early_stop"),
                ({"optimizer": "sqn"}, "optimizer"),
                ({"batch_size": 0}, "batch_size"),
                ({"max_iter": 1.5}, "max_iter"),
                ({"encrypt_param": {"method": "rot13"}}, r"encrypt_param\.method"),
                ({"unheard_of": 1}, "unheard_of"),
            )
        ],
        ("HomoLR", {"penalty": "L1"}, "penalty"),
        ("HomoLR", {"use_proximal": True}, "use_proximal"),
        ("HomoLR", {"init_param": {"fit_intercept": False}}, r"init_param\.fit_intercept"),
        ("HeteroLR", {"decay_sqrt": False}, "decay_sqrt"),
        ("HeteroLR", {"stepwise_param": {"need_stepwise": True}}, r"stepwise_param\.need_stepwise"),
        ("HeteroLR", {"batch_strategy": "random"}, "batch_strategy"),
        ("HeteroLR", {"init_param": {"init_method": "const", "init_const": 0.5}}, r"init_param\.init_const"),
        ("HeteroPoisson", {"exposure_colname": "days"}, "exposure_colname"),
        ("HeteroSSHELR", {"reveal_strategy": "encrypted_reveal_in_host"}, "reveal_strategy"),
        ("HeteroSSHELR", {"penalty": "L1"}, "penalty"),
        ("HeteroSSHELR", {"encrypt_param": {"method": None}}, r"encrypt_param\.method"),
    ],
)
def test_what_is_not_done_is_refused_by_name(name, given, where):
    with pytest.raises(FateParamError, match=f"parameter {where}: "):
        translate(name, **given)


def test_a_decay_of_nothing_needs_no_root():
    assert translate("HeteroLR", decay=0, decay_sqrt=False)["decay"] == 0
