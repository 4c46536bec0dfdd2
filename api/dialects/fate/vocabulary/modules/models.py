"""FATE's linear models."""

from collections.abc import Mapping
from typing import Any, Final

from api.dialects.fate.errors import FateParamError
from api.dialects.fate.vocabulary.check_params import translate_checks
from api.dialects.fate.vocabulary.glm_params import (
    DEFAULTS,
    EARLY_STOP,
    INIT,
    OPTIMIZERS,
    PENALTY,
    check_extras,
    read_batch_size,
    translate_glm,
)
from api.dialects.fate.vocabulary.module import Module
from api.dialects.fate.vocabulary.param_values import choose, get_number, get_value, refuse_unless
from scheduler.domain.model import JsonObject

INPUTS: Final[Mapping[str, str]] = {
    "train_data": "train",
    "validate_data": "validate",
    "data": "train",
    "eval_data": "validate",
}
ALL: Final = ("guest", "host", "arbiter")
VALIDATE: Final = "validate_every"
PAIR: Final = ("guest", "host")
HOMO_OPTIMIZERS: Final = {name: OPTIMIZERS[name] for name in ("sgd", "rmsprop", "adam")}
HOMO_DEFAULTS: Final = {
    **{name: DEFAULTS[name] for name in DEFAULTS if name != "sqn_param"},
    "encrypt_param": {"method": None, "key_length": 1024},
    "re_encrypt_batches": 2,
    "aggregate_iters": 1,
    "use_proximal": False,
    "mu": 0.1,
}
SHARED_DEFAULTS: Final = {
    **{name: DEFAULTS[name] for name in DEFAULTS if name != "sqn_param"},
    "optimizer": "sgd",
    "use_mix_rand": True,
    "reveal_strategy": "respectively",
    "reveal_every_iter": True,
}


def translate_homo(params: JsonObject, _role: str) -> dict[str, Any]:
    """For `homo_lr`, which starts at zero and keeps its learning rate: FATE's `init_method` and `decay` change nothing."""
    check_extras(params)
    # Measuring costs and tells nothing here, so null leaves it at every round.
    checks = {
        name: value for name, value in translate_checks(params, classes=True).items() if name != VALIDATE or value
    }
    refuse_unless(params, "use_proximal", (False,), "plain federated averaging only; leave use_proximal and mu out")
    refuse_unless(params, "init_param.fit_intercept", (True,), "the model always has an intercept")
    choose(params, "init_param.init_method", INIT)
    choose(params, "encrypt_param.method", {"none": "", "paillier": ""})
    penalty = choose(params, "penalty", {"none": "none", "l2": "l2"})
    seed = get_value(params, "init_param.random_seed")
    return {
        "rounds": get_number(params, "max_iter", whole=True),
        "epochs": get_number(params, "aggregate_iters", whole=True),
        "batch_size": read_batch_size(params),
        "learning_rate": get_number(params, "learning_rate"),
        "l2": get_number(params, "alpha") if penalty == "l2" else 0,
        "optimizer": choose(params, "optimizer", HOMO_OPTIMIZERS),
        "early_stop": choose(params, "early_stop", EARLY_STOP),
        "tol": get_number(params, "tol"),
        "scale": False,
        "threshold": get_number(params, "predict_param.threshold"),
        **checks,
        **({} if seed is None else {"seed": get_number(params, "init_param.random_seed", whole=True)}),
    }


def translate_hetero(params: JsonObject, _role: str) -> dict[str, Any]:
    """For the vertical model of classes."""
    return _translate_vertical(params, classes=True)


def translate_numbers(params: JsonObject, _role: str) -> dict[str, Any]:
    """For the vertical models of numbers."""
    return _translate_vertical(params, classes=False)


def _translate_vertical(params: JsonObject, *, classes: bool) -> dict[str, Any]:
    return {
        **translate_glm(params, classes=classes),
        "optimizer": choose(params, "optimizer", OPTIMIZERS),
        "penalty": choose(params, "penalty", PENALTY),
        "early_stop": choose(params, "early_stop", EARLY_STOP),
        "threshold": get_number(params, "predict_param.threshold"),
    }


def translate_poisson(params: JsonObject, role: str) -> dict[str, Any]:
    """As `translate_numbers`, without exposure."""
    refuse_unless(params, "exposure_colname", (None,), "rows have no exposure; leave it out")
    return translate_numbers(params, role)


def translate_shared(params: JsonObject, _role: str) -> dict[str, Any]:
    """For the model of classes that keeps its weights as shares until the end."""
    return _translate_shared(params, classes=True)


def translate_shared_numbers(params: JsonObject, _role: str) -> dict[str, Any]:
    """For the model of numbers that keeps its weights as shares until the end."""
    return _translate_shared(params, classes=False)


def _translate_shared(params: JsonObject, *, classes: bool) -> dict[str, Any]:
    why = "each party gets its own weights in the end: use respectively"
    refuse_unless(params, "reveal_strategy", ("respectively",), why)
    if get_value(params, "encrypt_param.method") is None:
        raise FateParamError("encrypt_param.method", "shares need encryption: use Paillier")
    choose(params, "optimizer", {"sgd": "sgd"})
    return {
        **translate_glm(params, classes=classes),
        "penalty": choose(params, "penalty", {"none": "none", "l2": "l2"}),
        "early_stop": choose(params, "early_stop", {"diff": "loss"}),
        "threshold": get_number(params, "predict_param.threshold"),
    }


MODULES: Final = (
    Module(
        name="HomoLR",
        component="homo_lr",
        translate=translate_homo,
        aliases=("HomoLogisticRegression",),
        roles=ALL,
        params=HOMO_DEFAULTS,
        inputs=INPUTS,
        data=("data",),
        models=("model",),
        predictor="predict",
    ),
    Module(
        name="HeteroLR",
        component="hetero_lr",
        translate=translate_hetero,
        aliases=("HeteroLogisticRegression",),
        roles=ALL,
        params=DEFAULTS,
        inputs=INPUTS,
        data=("data",),
        models=("model",),
        predictor="predict",
    ),
    Module(
        name="HeteroLinR",
        component="hetero_linr",
        translate=translate_numbers,
        aliases=("HeteroLinearRegression",),
        roles=ALL,
        params={**DEFAULTS, "optimizer": "sgd", "max_iter": 20},
        inputs=INPUTS,
        data=("data",),
        models=("model",),
        predictor="predict",
    ),
    Module(
        name="HeteroPoisson",
        component="hetero_poisson",
        translate=translate_poisson,
        aliases=("HeteroPoissonRegression",),
        roles=ALL,
        params={**DEFAULTS, "max_iter": 20, "exposure_colname": None},
        inputs=INPUTS,
        data=("data",),
        models=("model",),
        predictor="predict",
    ),
    Module(
        name="HeteroSSHELR",
        component="hetero_sshe_lr",
        translate=translate_shared,
        roles=PAIR,
        params={**SHARED_DEFAULTS, "penalty": None},
        inputs=INPUTS,
        data=("data",),
        models=("model",),
        predictor="predict",
    ),
    Module(
        name="HeteroSSHELinR",
        component="hetero_sshe_linr",
        translate=translate_shared_numbers,
        roles=PAIR,
        params={**SHARED_DEFAULTS, "max_iter": 20, "reveal_every_iter": False},
        inputs=INPUTS,
        data=("data",),
        models=("model",),
        predictor="predict",
    ),
)
