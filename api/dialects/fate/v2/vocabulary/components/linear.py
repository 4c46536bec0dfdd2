"""FATE 2.x's linear models."""

from collections.abc import Mapping
from typing import Any, Final

from api.dialects.fate.errors import FateParamError
from api.dialects.fate.v2.vocabulary.component_ref import TRAINED, ComponentRef
from api.dialects.fate.v2.vocabulary.learning import CV, ENCRYPTION, INPUTS, translate_encryption, translate_folds
from api.dialects.fate.vocabulary.param_values import choose, get_flag, get_number, get_value, refuse_unless
from scheduler.domain.model import JsonObject

STARTS: Final = {
    "random": "random_uniform",
    "random_uniform": "random_uniform",
    "random_normal": "random_normal",
    "zeros": "zeros",
    "ones": "ones",
    "consts": "const",
    "const": "const",
}
OPTIMIZERS: Final = {name: name for name in ("sgd", "adam", "rmsprop", "adagrad", "nesterov_momentum_sgd")}
OPTIMIZER: Final[Mapping[str, Any]] = {
    "method": "sgd",
    "penalty": "l2",
    "alpha": 1.0,
    "optimizer_params": {"lr": 0.01, "weight_decay": 0},
}
START: Final[Mapping[str, Any]] = {
    "method": "random_uniform",
    "fill_val": 0.0,
    "fit_intercept": True,
    "random_state": None,
}
SHARED: Final[Mapping[str, Any]] = {
    "epochs": 20,
    "batch_size": None,
    "tol": 1e-4,
    "early_stop": "diff",
    "init_param": START,
    "cv_param": CV,
    "metrics": None,
    "output_cv_data": True,
}
COORDINATED: Final[Mapping[str, Any]] = {
    **SHARED,
    "learning_rate_scheduler": {},
    "optimizer": OPTIMIZER,
    "he_param": ENCRYPTION,
    "floating_point_precision": 23,
}
SSHE: Final[Mapping[str, Any]] = {
    **SHARED,
    "learning_rate": 0.05,
    "reveal_every_epoch": False,
    "reveal_loss_freq": 1,
    "threshold": 0.5,
}
HOMO: Final[Mapping[str, Any]] = {
    "epochs": 20,
    "batch_size": 100,
    "learning_rate_scheduler": {},
    "optimizer": OPTIMIZER,
    "init_param": {**START, "method": "random"},
    "threshold": 0.5,
    "ovr": False,
    "label_num": None,
}


def translate_coordinated(params: JsonObject, stage: str) -> dict[str, Any]:
    """For HeteroLR."""
    return {
        **translate_coordinated_numbers(params, stage),
        "predict_param": {"threshold": get_number(params, "threshold")},
    }


def translate_coordinated_numbers(params: JsonObject, stage: str) -> dict[str, Any]:
    """For HeteroLinR; FATE's limit of precision is kept, and its measures of folds are all taken here."""
    return {
        **_translate_shared(params, stage),
        **_translate_optimizer(params),
        "early_stop": choose(params, "early_stop", {"diff": "diff", "weight_diff": "weight_diff"}),
        "encrypt_param": translate_encryption(params),
        "floating_point_precision": params["floating_point_precision"],
    }


def translate_sshe(params: JsonObject, stage: str) -> dict[str, Any]:
    """For HeteroSSHELR and HeteroSSHELinR, whose weights are shares to the end."""
    return {
        **_translate_shared(params, stage),
        "learning_rate": get_number(params, "learning_rate"),
        "early_stop": choose(params, "early_stop", {"diff": "diff"}),
        "penalty": None,
        "decay": 0,
        "predict_param": {"threshold": get_number(params, "threshold")},
        "reveal_every_iter": get_flag(params, "reveal_every_epoch"),
    }


def translate_homo(params: JsonObject, _stage: str) -> dict[str, Any]:
    """For HomoLR, which runs all its epochs: 2.x has no early stop here."""
    refuse_unless(params, "ovr", (False,), "labels are 0 and 1")
    refuse_unless(params, "label_num", (None, 2), "labels are 0 and 1")
    return {
        "max_iter": get_number(params, "epochs", whole=True),
        "batch_size": _read_batch(params),
        "tol": 0,
        "init_param": _translate_start(params),
        "predict_param": {"threshold": get_number(params, "threshold")},
        **_translate_optimizer(params),
    }


def _translate_shared(params: JsonObject, stage: str) -> dict[str, Any]:
    return {
        "max_iter": get_number(params, "epochs", whole=True),
        "batch_size": _read_batch(params),
        "tol": get_number(params, "tol"),
        "init_param": _translate_start(params),
        "cv_param": translate_folds(params, stage),
    }


def _read_batch(params: JsonObject) -> int:
    """Null stands for all samples at once."""
    if params["batch_size"] is None:
        return -1
    size: int = get_number(params, "batch_size", whole=True)
    return size


def _translate_start(params: JsonObject) -> dict[str, Any]:
    return {
        "init_method": choose(params, "init_param.method", STARTS),
        "init_const": get_number(params, "init_param.fill_val"),
        "fit_intercept": get_flag(params, "init_param.fit_intercept"),
        "random_seed": get_value(params, "init_param.random_state"),
    }


def _translate_optimizer(params: JsonObject) -> dict[str, Any]:
    """The optimizer, with a learning rate that stays as it is."""
    why = "weights shrink by penalty and alpha only"
    refuse_unless(params, "optimizer.optimizer_params.weight_decay", (0, None), why)
    _check_scheduler(params)
    return {
        "optimizer": choose(params, "optimizer.method", OPTIMIZERS),
        "penalty": choose(params, "optimizer.penalty", {"l1": "L1", "l2": "L2", "none": None}),
        "alpha": get_number(params, "optimizer.alpha"),
        "learning_rate": get_number(params, "optimizer.optimizer_params.lr"),
        "decay": 0,
    }


def _check_scheduler(params: JsonObject) -> None:
    """FateParamError where the learning rate would change on the way."""
    where = "learning_rate_scheduler"
    choose({where: params[where] or {"method": "constant"}}, f"{where}.method", {"constant": "", "linear": ""})
    given = get_value(params, f"{where}.scheduler_params") or {}
    changing = {name: given[name] for name in ("factor", "start_factor", "end_factor") if given.get(name, 1) != 1}
    if changing:
        name, value = next(iter(changing.items()))
        raise FateParamError(
            f"{where}.scheduler_params.{name}",
            f"{value!r} is not supported here: the learning rate stays the same, so the factor is 1.0",
        )


COMPONENTS: Final = (
    ComponentRef(
        name="coordinated_lr",
        module="HeteroLR",
        translate=translate_coordinated,
        params={**COORDINATED, "threshold": 0.5},
        inputs=INPUTS,
        outputs=TRAINED,
    ),
    ComponentRef(
        name="coordinated_linr",
        module="HeteroLinR",
        translate=translate_coordinated_numbers,
        params=COORDINATED,
        inputs=INPUTS,
        outputs=TRAINED,
    ),
    ComponentRef(
        name="sshe_lr",
        module="HeteroSSHELR",
        translate=translate_sshe,
        params=SSHE,
        inputs=INPUTS,
        outputs=TRAINED,
    ),
    ComponentRef(
        name="sshe_linr",
        module="HeteroSSHELinR",
        translate=translate_sshe,
        params=SSHE,
        inputs=INPUTS,
        outputs=TRAINED,
    ),
    ComponentRef(
        name="homo_lr",
        module="HomoLR",
        translate=translate_homo,
        params=HOMO,
        inputs={key: value for key, value in INPUTS.items() if key != "cv_data"},
        outputs=TRAINED,
    ),
)
