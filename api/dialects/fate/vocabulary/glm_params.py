"""Parameters that FATE's linear models have in common, with FATE 1.11's defaults, and what is done with them here."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from api.dialects.fate.errors import FateParamError
from api.dialects.fate.vocabulary.check_params import CALLBACK, CV, translate_checks
from api.dialects.fate.vocabulary.param_values import choose, get_flag, get_number, get_value, refuse_unless
from api.dialects.fate.vocabulary.params import ENCRYPTION
from scheduler.domain.model import JsonObject

EARLY_STOP: Final = MappingProxyType({"diff": "loss", "weight_diff": "weights"})
PENALTY: Final = MappingProxyType({"none": "none", "l1": "l1", "l2": "l2"})
OPTIMIZERS: Final = MappingProxyType(
    {
        "sgd": "sgd",
        "rmsprop": "rmsprop",
        "adam": "adam",
        "adagrad": "adagrad",
        "nesterov_momentum_sgd": "nesterov",
    }
)
INIT: Final = MappingProxyType(
    {each: each for each in ("random_uniform", "random_normal", "ones", "zeros")} | {"const": "const"}
)
DEFAULTS: Final[Mapping[str, Any]] = MappingProxyType(
    {
        "penalty": "L2",
        "tol": 1e-4,
        "alpha": 1.0,
        "optimizer": "rmsprop",
        "batch_size": -1,
        "shuffle": True,
        "batch_strategy": "full",
        "masked_rate": 5,
        "learning_rate": 0.01,
        "init_param": {"init_method": "random_uniform", "init_const": 1, "fit_intercept": True, "random_seed": None},
        "max_iter": 100,
        "early_stop": "diff",
        "encrypt_param": ENCRYPTION,
        "encrypted_mode_calculator_param": {},
        "predict_param": {"threshold": 0.5},
        "cv_param": CV,
        "decay": 1,
        "decay_sqrt": True,
        "sqn_param": {},
        "multi_class": "ovr",
        "validation_freqs": None,
        "early_stopping_rounds": None,
        "metrics": ["auc", "ks"],
        "use_first_metric_only": False,
        "floating_point_precision": 23,
        "stepwise_param": {
            "score_name": "AIC", "mode": "hetero", "role": "guest", "direction": "both", "max_step": 10, "nvmin": 2,
            "nvmax": None, "need_stepwise": False,
        },
        "callback_param": CALLBACK,
    }
)  # fmt: skip


def check_extras(params: JsonObject) -> None:
    """FateParamError where the job asks for what no linear model does here."""
    refuse_unless(params, "stepwise_param.need_stepwise", (None, False), "stepwise selection is not done; leave it out")
    refuse_unless(params, "multi_class", ("ovr", None), "only ovr, with labels 0 and 1")
    refuse_unless(params, "batch_strategy", ("full", None), "only full: every sample once in an epoch")


def translate_glm(params: JsonObject, *, classes: bool) -> dict[str, Any]:
    """The parameters of the vertical components but for the optimizer, penalty and early stop."""
    check_extras(params)
    why = "the learning rate follows the root; set decay to 0, or decay_sqrt to true"
    if get_number(params, "decay") != 0:
        refuse_unless(params, "decay_sqrt", (True,), why)
    choose(
        params, "encrypt_param.method", {"paillier": "", "none": "", "iterativeaffine": "", "randomiterativeaffine": ""}
    )
    seed = get_value(params, "init_param.random_seed")
    return {
        "epochs": get_number(params, "max_iter", whole=True),
        "batch_size": read_batch_size(params),
        "learning_rate": get_number(params, "learning_rate"),
        "decay": get_number(params, "decay"),
        "alpha": get_number(params, "alpha"),
        "fit_intercept": get_flag(params, "init_param.fit_intercept"),
        "init": _read_start(params),
        "tol": get_number(params, "tol"),
        # FATE's models take features as they are; FeatureScale is a component of its own.
        "scale": False,
        "key_bits": get_number(params, "encrypt_param.key_length", whole=True),
        **translate_checks(params, classes=classes),
        **({} if seed is None else {"seed": get_number(params, "init_param.random_seed", whole=True)}),
    }


def read_batch_size(params: JsonObject) -> int:
    """Samples per step, 0 for all of them (FATE's -1)."""
    size: int = get_number(params, "batch_size", whole=True)
    if size == -1:
        return 0
    if size < 1:
        raise FateParamError("batch_size", f"should be a positive number, or -1 for all samples, not {size}")
    return size


def _read_start(params: JsonObject) -> str:
    method = choose(params, "init_param.init_method", INIT)
    if method != "const":
        return method
    refuse_unless(params, "init_param.init_const", (0, 1), "a constant start is 0 or 1")
    return "ones" if get_value(params, "init_param.init_const") else "zeros"
